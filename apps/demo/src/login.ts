// Nothing is sent of a session without a student, so one who never logged in gets an invented one.

import { deterministicId, type StudentId, type TelemetryEvent } from '@learnpack/telemetry-core'

const INVENTED_STUDENT = 'demo-student'

export interface Login {
  readonly event: TelemetryEvent
  /** The event it comes right behind. */
  readonly behind: TelemetryEvent
  /** The session knows of no student at all. */
  readonly invented: boolean
}

/** The login a session lacks to be sent; undefined where somebody logs in by themselves. */
export function loginFor(events: readonly TelemetryEvent[]): Login | undefined {
  if (events.some(({ type }) => type === 'student_identified')) return undefined
  const behind = events.find(({ type }) => type === 'session_start') ?? events[0]
  if (behind === undefined) return undefined
  const { at, session } = behind
  const known = importedStudent(events)
  const user_id = known ?? INVENTED_STUDENT
  const id = deterministicId(at, `student ${user_id}`)
  return {
    event: { v: 1, id, at, session, type: 'student_identified', data: { user_id } },
    behind,
    invented: known === undefined,
  }
}

/** A file that knows its student is sent as theirs. */
function importedStudent(events: readonly TelemetryEvent[]): StudentId | undefined {
  for (const event of events) {
    const { snapshot } = (event.type === 'import' ? event['data'] : {}) as {
      snapshot?: { user_id?: StudentId }
    }
    if (snapshot?.user_id !== undefined) return snapshot.user_id
  }
  return undefined
}
