// Whose a log is and who is logged in there, from the few lines of it that decide that. Reads them without folding the
// rest, for whoever must know before anything is recorded.

import type { Crc, EventLog, LogLine, StudentId } from '../ports'
import { eventsOn } from '../events/codec'
import { isKnown, type EventOf } from '../events/events'
import { evolve } from '../fold/evolve'
import { initialState, type State } from '../fold/state'

/** What a log says of its students. */
export interface Logins {
  /** The first student identified. */
  readonly owner: StudentId | undefined
  /** The student logged in at its end. */
  readonly student: StudentId | undefined
  /** Byte offset up to which that is known. */
  readonly offset: number
  /** Whether a session started or a student logged in behind what was known before. */
  readonly hasNews: boolean
  /** Time of the last event that decided something behind what was known before, epoch ms. */
  readonly lastAt: number
  /** Logins that take work from another telemetry along, behind what was known before. */
  readonly moves: readonly EventOf<'student_identified'>[]
}

/** What was known of a log when it was read to that offset. */
export type KnownLogins = Pick<Logins, 'owner' | 'student' | 'offset'>

const nothing: KnownLogins = { owner: undefined, student: undefined, offset: 0 }

const READ_BYTES = 1024 * 1024
/** Quotes inside a text are escaped, so only a plugin's own field `type` has a line decoded for nothing. */
const DECIDES = /"type":"(?:session_start|session_moved|student_identified|student_cleared|import)"/

/** @param known begun anew where the log is another one. Default: nothing. @throws what `log.read` does */
export function readLogins(log: EventLog, crc: Crc, known: KnownLogins = nothing): Logins {
  const from = known.offset <= log.size() ? known : nothing
  return (
    read(log, crc, from) ?? read(log, crc, nothing) ?? { ...nothing, hasNews: false, lastAt: 0, moves: [] }
  )
}

/** Undefined where the log turns out to be another one. */
function read(log: EventLog, crc: Crc, { owner, student, offset: from }: KnownLogins): Logins | undefined {
  let state: State = { ...initialState, user_id: owner, student }
  let offset = from
  let hasNews = false
  let lastAt = 0
  const moves: EventOf<'student_identified'>[] = []
  const seen = new Set<string>()
  for (;;) {
    const slice = log.read(offset, READ_BYTES)
    if (slice.from !== offset) return undefined
    if (offset === from && from > 0 && !beginsAt(from, slice.lines[0], crc)) return undefined
    for (const { text } of slice.lines) {
      if (!DECIDES.test(text)) continue
      for (const event of eventsOn(text, crc).events) {
        if (seen.has(event.id)) continue
        seen.add(event.id)
        state = evolve(state, event)
        lastAt = event.at
        hasNews ||= event.type === 'session_start' || event.type === 'student_identified'
        if (isKnown(event) && event.type === 'student_identified' && event.data.takes) moves.push(event)
      }
    }
    offset = slice.next
    if (slice.atEnd) return { owner: state.user_id, student: state.student, offset, hasNews, lastAt, moves }
  }
}

/** Whether a line begins there: else that is in the middle of one of another log. */
const beginsAt = (offset: number, line: LogLine | undefined, crc: Crc): boolean =>
  line === undefined || (line.offset === offset && eventsOn(line.text, crc).events.length > 0)
