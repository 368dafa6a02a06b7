import Anser from 'anser'
import { useMemo, type CSSProperties } from 'react'
import { Omitted } from './omitted'

/** More is not laid out; the whole is in the log, characters. */
const SHOWN = 64 * 1024

/** Output of a program as a terminal shows it, colours and all. It becomes text nodes, never markup. */
export function Terminal({ label, text }: { label: string; text: string }) {
  const pieces = useMemo(
    () => Anser.ansiToJson(text.slice(0, SHOWN), { use_classes: true, remove_empty: true }),
    [text],
  )
  return (
    <pre className="terminal" tabIndex={0} role="region" aria-label={label} data-scrolls>
      {pieces.map(({ content, fg, bg, fg_truecolor, bg_truecolor, decorations }, index) => (
        <span
          key={index}
          className={[fg, bg && `${bg}-bg`, ...decorations.map((one) => `ansi-${one}`)]
            .filter(Boolean)
            .join(' ')}
          style={colours(fg_truecolor, bg_truecolor)}
        >
          {content}
        </span>
      ))}
      <Omitted of={text} shown={SHOWN} />
    </pre>
  )
}

function colours(fg: string | null, bg: string | null): CSSProperties | undefined {
  if (!fg && !bg) return undefined
  return { ...(fg && { color: `rgb(${fg})` }), ...(bg && { backgroundColor: `rgb(${bg})` }) }
}
