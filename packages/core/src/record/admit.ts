// From a button to an event's content: what is accepted, and why something is not (SPEC §3, last rule).

import { isStepEventType, STEP_EVENT_TYPES, type CourseStepInput, type StepEventType } from '../events/events'
import { isRun, withExitCode } from '../fold/exit-code'
import { brief } from '../events/describe'

export type Data = Readonly<Record<string, unknown>>

type Refused = { readonly ok: false; readonly reason: string }

/** What can be told without knowing the course. The data is as it will be written: without `toJSON`. */
export function checkCall(
  type: unknown,
  given: unknown,
): { ok: true; type: StepEventType; data: Data } | Refused {
  if (!isStepEventType(type)) {
    return { ok: false, reason: `unknown event type ${brief(type)}: expected ${STEP_EVENT_TYPES.join(', ')}` }
  }
  const data = given === undefined && type === 'open_step' ? {} : asWritten(given)
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    return { ok: false, reason: `data of ${type} is no object (found ${brief(data)})` }
  }
  return { ok: true, type, data: toldExitCode(type, data as Data) }
}

/** The step of the course that a call names. */
export function stepAt(
  position: unknown,
  steps: readonly CourseStepInput[],
): { ok: true; step: { slug: string; position: number } } | Refused {
  const index = asPosition(position)
  const step = steps.find((candidate) => candidate.position === index)
  if (step === undefined) {
    return { ok: false, reason: `unknown step ${brief(position)}: no step of the course has that position` }
  }
  return { ok: true, step: { slug: step.slug, position: step.position } }
}

/** A position is an integer or, as some hosts pass it, a string of digits. */
function asPosition(position: unknown): number | undefined {
  if (typeof position === 'number') return position
  return typeof position === 'string' && /^\d+$/.test(position) ? Number(position) : undefined
}

function asWritten(data: unknown): unknown {
  const { toJSON } = (data ?? {}) as { toJSON?: unknown }
  return typeof toJSON === 'function' ? (toJSON.call(data, '') as unknown) : data
}

/** A test that does not say how it ended has an unknown `exit_code`, which receivers need to see (SPEC §4). */
function toldExitCode(type: StepEventType, data: Data): Data {
  if (!isRun(type)) return data
  const told = withExitCode(data)
  return type === 'test' && told['exit_code'] === undefined ? { ...told, exit_code: null } : told
}
