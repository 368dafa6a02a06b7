// From a button to an event's content: what is accepted, and why something is not (SPEC §3, last rule).

import { isStepEventType, STEP_EVENT_TYPES, type CourseStepInput, type StepEventType } from './events'
import { brief } from './describe'

export type Data = Readonly<Record<string, unknown>>

/** What a button gives, before it is looked at. */
export interface StepCall {
  readonly position: unknown
  readonly type: unknown
  readonly data: unknown
}

export type Prepared =
  | { ok: true; type: StepEventType; step: { slug: string; position: number }; data: Data }
  | { ok: false; reason: string }

export function prepare({ position, type, data }: StepCall, steps: readonly CourseStepInput[]): Prepared {
  if (!isStepEventType(type)) {
    return { ok: false, reason: `unknown event type ${brief(type)}: expected ${STEP_EVENT_TYPES.join(', ')}` }
  }
  const index = asPosition(position)
  const step = steps.find((candidate) => candidate.position === index)
  if (step === undefined) {
    return { ok: false, reason: `unknown step ${brief(position)}: no step of the course has that position` }
  }
  const given = data === undefined && type === 'open_step' ? {} : data
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    return { ok: false, reason: `data of ${type} is no object (found ${brief(given)})` }
  }
  return {
    ok: true,
    type,
    step: { slug: step.slug, position: step.position },
    data: withExitCode(type, given as Data),
  }
}

/** A position is an integer or, as some hosts pass it, a string of digits. */
function asPosition(position: unknown): number | undefined {
  if (typeof position === 'number') return position
  return typeof position === 'string' && /^\d+$/.test(position) ? Number(position) : undefined
}

/** Plugins say `exitCode`; a test without either has an unknown one, which receivers need to see (SPEC §4). */
function withExitCode(type: StepEventType, data: Data): Data {
  if (type !== 'compile' && type !== 'test') return data
  if (Object.hasOwn(data, 'exit_code')) return data
  if (Object.hasOwn(data, 'exitCode')) {
    return Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key === 'exitCode' ? 'exit_code' : key, value]),
    )
  }
  return type === 'test' ? { ...data, exit_code: null } : data
}
