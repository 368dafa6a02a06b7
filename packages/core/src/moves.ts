// Work of a session in which nobody was logged in goes on in the telemetry of the student who logs in (SPEC §4 rule 5).
// Its lines stay where they are; the log they leave says which they are, and they are appended to the other one.

import { encodeLine, eventsOn } from './codec'
import { isStepEvent, type EventOf, type TelemetryEvent } from './events'
import type { Crc, EventLog, LogLine } from './ports'

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

/** Whether an event of that id is in a log: told by its text, which costs a fraction of folding it. */
export function isIn(log: EventLog, id: string): boolean {
  for (let from = 0, slice = log.read(from, READ_BYTES); ; slice = log.read(from, READ_BYTES)) {
    if (slice.lines.some(({ text }) => text.includes(`"id":"${id}"`))) return true
    if (slice.atEnd) return false
    from = slice.next
  }
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

/** Appends to a log what is missing there of a session that moved to it. @throws what the logs do */
export function carryOver(
  { data: { events, session } }: EventOf<'session_moved'>,
  from: { readonly lines: Lines; readonly offset: number },
  to: EventLog,
  crc: Crc,
): void {
  const missing = new Set(events)
  for (const { id } of eventsFrom(linesOf(to), 0, crc)) missing.delete(id)
  if (missing.size === 0) return
  for (const event of eventsFrom(from.lines, from.offset, crc)) {
    if (missing.delete(event.id)) to.append(encodeLine({ ...event, session }, crc))
  }
}
