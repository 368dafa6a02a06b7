// The session that goes on: its course, its start, and from where on its work is nobody's.

import { EVENT_VERSION, type CourseInput, type TelemetryEvent } from '../events/events'
import type { Call, Open } from './recorder'
import type { Reports } from './reports'

type Envelope = Pick<TelemetryEvent, 'v' | 'id' | 'at' | 'session'>

/** What the event of a call has whatever its type; outside of any session it stands for itself. */
export const envelopeOf = ({ id, at }: Call, session = id): Envelope => ({
  v: EVENT_VERSION,
  id,
  at,
  session,
})

export interface Session {
  /** Of the latest start. */
  course: CourseInput | undefined
  /** Of the session; undefined where none goes on. */
  readonly id: string | undefined
  /** How it started, for a log that has lost it; undefined where another one, or a host, keeps that. */
  readonly start: TelemetryEvent | undefined
  /** Where in the log, bytes, and when the work begins that was done while nobody was logged in. */
  readonly unclaimed: Readonly<{ offset: number; at: number }>
  /** Of an event in this session, or outside of any while none goes on. */
  envelope(call: Call): Envelope
  /** The event that starts a session with that call. */
  startOf(call: Call, telemetry_id: string | undefined): TelemetryEvent
  /** Begins with an event that was appended. */
  begin(start: TelemetryEvent, to: Open | undefined): void
  /** From now on work is nobody's. @param at epoch ms */
  beginUnclaimed(at: number, to: Open | undefined): void
  /** Another telemetry is gone on in: how this session started is in the log that was left. */
  leaveStart(): void
  /** The session of a host goes on. */
  follow(id: string): void
  end(): void
}

export function createSession({ guarded }: Pick<Reports, 'guarded'>): Session {
  let id: string | undefined
  let start: TelemetryEvent | undefined
  let unclaimed = { offset: 0, at: 0 }

  function beginUnclaimed(at: number, to: Open | undefined): void {
    unclaimed = { offset: guarded('log', () => to?.log.size()) ?? 0, at }
  }

  const session: Session = {
    course: undefined,
    get id() {
      return id
    },
    get start() {
      return start
    },
    get unclaimed() {
      return unclaimed
    },
    envelope: (call) => envelopeOf(call, id),
    startOf: (call, telemetry_id) => ({
      ...envelopeOf(call),
      type: 'session_start',
      data: { ...session.course, telemetry_id },
    }),
    begin(event, to) {
      id = event.id
      start = event
      beginUnclaimed(event.at, to)
    },
    beginUnclaimed,
    leaveStart() {
      start = undefined
    },
    follow(hosts) {
      start = undefined
      id = hosts
    },
    end() {
      id = undefined
    },
  }
  return session
}
