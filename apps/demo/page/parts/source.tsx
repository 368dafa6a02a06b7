import { diffLines, type Change } from 'diff'
import { useMemo } from 'react'

/** More lines are not laid out; the whole is in the log. */
const SHOWN = 2_000
/** Not looked for are differences of more lines, or for longer, ms: the page would stand still. */
const LIMITS = { maxEditLength: 500, timeout: 50 }

interface Line {
  readonly kind: 'same' | 'added' | 'removed'
  readonly text: string
  /** In `text`, from 1; none for a line that is gone. */
  readonly number: number | undefined
}

/** @param before the attempt before, to tell the difference from */
export function Source({ text, before }: { text: string; before: string | undefined }) {
  const parts = useMemo(
    () => (before === undefined ? undefined : diffLines(before, text, LIMITS)),
    [text, before],
  )
  const lines = useMemo(
    () => linesOf(parts ?? [{ value: text, added: false, removed: false }]),
    [text, parts],
  )
  const changed = lines.filter(({ kind }) => kind !== 'same').length
  return (
    <>
      <p className="hint">
        {before === undefined
          ? 'The first code recorded for this step.'
          : parts === undefined
            ? 'Too much differs from the attempt before to tell it line by line.'
            : changed === 0
              ? 'Unchanged since the attempt before.'
              : changed === 1
                ? '1 line differs from the attempt before.'
                : `${changed} lines differ from the attempt before.`}
      </p>
      <pre className="code" tabIndex={0} role="region" aria-label="Source code" data-scrolls>
        {lines.slice(0, SHOWN).map(({ kind, text, number }, index) => (
          <span key={index} className={`line ${kind}`}>
            <span className="number" aria-hidden="true">
              {number ?? ''}
            </span>
            <span className="sign">{{ same: ' ', added: '+', removed: '-' }[kind]}</span>
            {`${text}\n`}
          </span>
        ))}
        {lines.length > SHOWN && <em>{lines.length - SHOWN} more lines</em>}
      </pre>
    </>
  )
}

function linesOf(parts: readonly Pick<Change, 'value' | 'added' | 'removed'>[]): Line[] {
  let number = 0
  return parts.flatMap(({ value, added, removed }) =>
    value
      .replace(/\n$/, '')
      .split('\n')
      .map((line): Line => {
        const kind = added ? 'added' : removed ? 'removed' : 'same'
        return { kind, text: line, number: removed ? undefined : ++number }
      }),
  )
}
