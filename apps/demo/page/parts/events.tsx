import { useEffect, useRef } from 'react'
import type { View } from '../model/player'
import { eventInWords, timeInWords, toneOf } from '../model/words'
import { Omitted } from './omitted'

/** Events shown on either side of the present one. */
const AROUND = 8

/** The events around the moment shown, and the present one as logged. */
export function Events({ view, seek }: { view: View; seek(count: number): void }) {
  const { timeline, at, length } = view
  const from = Math.max(0, Math.min(at - 1 - AROUND, length - 2 * AROUND - 1))
  const list = useRef<HTMLOListElement>(null)
  useEffect(() => {
    const present = list.current?.querySelector<HTMLElement>('[aria-current]')
    if (list.current && present) list.current.scrollTop = present.offsetTop - list.current.clientHeight / 2
  }, [at])
  return (
    <ol className="events" ref={list} tabIndex={0} aria-label="Events around this moment" start={from + 1}>
      {timeline.events.slice(from, Math.min(length, from + 2 * AROUND + 1)).map((event, offset) => {
        const number = from + offset + 1
        return (
          <li key={number}>
            <button
              type="button"
              className={`event ${toneOf(event.type, event['data'])}${number > at ? ' later' : ''}`}
              aria-current={number === at ? 'step' : undefined}
              onClick={() => seek(number)}
            >
              <span className="time">{timeInWords(event.at)}</span> {eventInWords(event)}
            </button>
          </li>
        )
      })}
    </ol>
  )
}

/** Characters of a line that are shown; the whole is in the log. */
const SHOWN = 20_000

export function LoggedEvent({ view: { timeline, at } }: { view: View }) {
  if (at === 0) return null
  const { number, text } = timeline.lineOf(at - 1)
  const pretty = prettied(text)
  return (
    <details className="logged" open>
      <summary>The event as logged: line {number}</summary>
      <pre className="code" tabIndex={0} role="region" aria-label="The event as logged" data-scrolls>
        {pretty.slice(0, SHOWN)}
        <Omitted of={pretty} shown={SHOWN} />
      </pre>
    </details>
  )
}

/** A damaged line that an event was recovered from is no JSON. */
function prettied(line: string): string {
  try {
    return JSON.stringify(JSON.parse(line), null, 2)
  } catch {
    return line
  }
}
