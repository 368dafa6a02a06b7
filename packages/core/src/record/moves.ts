// Work of a session in which nobody was logged in goes on in the telemetry of the student who logs in (SPEC §4 rule 5).
// The login says what it takes along. The lines stay where they are; the log they leave says which have moved, and they
// are appended to the other one.

import { encodeLine, eventsOn } from '../events/codec'
import { deterministicId } from '../events/deterministic-id'
import { EVENT_VERSION, isStepEvent, type EventOf, type TelemetryEvent } from '../events/events'
import type { Crc, EventLog, LogLine } from '../ports'

const READ_BYTES = 256 * 1024

/** Lines from an offset on, none at the end: of a log that is followed, through its follower. */
export type Lines = (from: number, maxBytes: number) => readonly LogLine[]

export const linesOf =
  (log: EventLog): Lines =>
  (from, maxBytes) =>
    log.read(from, maxBytes).lines

function* eventsFrom(lines: Lines, offset: number, crc: Crc): Generator<TelemetryEvent> {
  for (
    let from = offset, slice = lines(from, READ_BYTES);
    slice.length > 0;
    slice = lines(from, READ_BYTES)
  ) {
    for (const { text, next } of slice) {
      yield* eventsOn(text, crc).events
      from = next
    }
  }
}

/** Whether an event of that id is in a log. Only lines that have the id in their text are decoded, which is quick. */
export function isIn(lines: Lines, offset: number, id: string, crc: Crc): boolean {
  // A line that was cut short has the id, and is no event.
  const has = ({ text }: LogLine): boolean =>
    text.includes(`"id":"${id}"`) && eventsOn(text, crc).events.some((event) => event.id === id)

  for (
    let from = offset, slice = lines(from, READ_BYTES);
    slice.length > 0;
    slice = lines(from, READ_BYTES)
  ) {
    if (slice.some(has)) return true
    from = (slice.at(-1) as LogLine).next
  }
  return false
}

/**
 * Ids of what a session did from an offset on. None where another session has started or somebody has logged in or out
 * since: then whose it is has been decided.
 */
export function unclaimedIn(lines: Lines, offset: number, session: string, crc: Crc): string[] {
  const ids = new Set<string>()
  for (const event of eventsFrom(lines, offset, crc)) {
    if (['session_start', 'student_identified', 'student_cleared'].includes(event.type)) return []
    if (isStepEvent(event) && event.session === session) ids.add(event.id)
  }
  return [...ids]
}

/** The log that work leaves, from where on it is read, and the one in which it goes on. */
export interface Way {
  readonly from: { readonly log: EventLog; readonly lines: Lines; readonly offset: number }
  readonly to: { readonly id: string; readonly log: EventLog }
}

/**
 * Moves the work that a login takes along, or what is left to move of it: the log it leaves is told first.
 * @throws what the logs do
 */
export function move(login: EventOf<'student_identified'>, { from, to }: Way, crc: Crc): void {
  const { at, session, data } = login
  if (data.takes === undefined) return
  const { events } = data.takes
  // The same at every try.
  const id = deterministicId(at, `moved ${login.id}`)
  if (!isIn(from.lines, from.offset, id, crc)) {
    const moved = { telemetry_id: to.id, session, events }
    const told = { v: EVENT_VERSION, id, at, session: data.takes.session, type: 'session_moved', data: moved }
    from.log.append(encodeLine(told, crc))
  }
  const missing = new Set(events)
  for (const event of eventsFrom(linesOf(to.log), 0, crc)) missing.delete(event.id)
  if (missing.size === 0) return
  for (const event of eventsFrom(from.lines, from.offset, crc)) {
    if (missing.delete(event.id)) to.log.append(encodeLine({ ...event, session }, crc))
  }
}
