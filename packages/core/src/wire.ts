// The bodies receivers depend on (SPEC §6) and the base64 rules they share with telemetry.json (SPEC §4).
// Text stays text in the log; it is encoded here and nowhere else.

import { fromBase64, toBase64 } from './base64'
import type { StepEvent, StepEventType } from './events'
import { isRun, withExitCode } from './exit-code'
import type { Attempt } from './snapshot-schema'
import type { State } from './state'

const attemptFields = ['source_code', 'stdout', 'stderr']

/** The fields of an event's data that are base64 on the wire. */
export const encodedFields: Record<StepEventType, readonly string[]> = {
  open_step: attemptFields,
  compile: attemptFields,
  test: attemptFields,
  ai_interaction: ['source_code'],
}

/**
 * A copy of `data` as the snapshot and the stream show it: base64 of UTF-8 in `source_code`, `stdout` and `stderr`, of an
 * AI interaction in `source_code` alone (SPEC §4). What is no string stays; '' is encoded as itself.
 */
export function toWire(type: StepEventType, data: Attempt): Attempt {
  return mapText(type, data, toBase64)
}

/** The inverse of `toWire`, or undefined where a field's base64 is not exactly what `toWire` would give. */
export function fromWire(type: StepEventType, data: Attempt): Attempt | undefined {
  let exact = true
  const decoded = mapText(type, data, (value) => {
    const text = fromBase64(value)
    exact &&= text !== undefined
    return text ?? value
  })
  return exact ? decoded : undefined
}

/** The same for a person to read: a field that is no base64 of a text stays as it is. */
export const decodedAttempt = (type: StepEventType, data: Attempt): Attempt =>
  mapText(type, data, (value) => fromBase64(value) ?? value)

function mapText(type: StepEventType, data: Attempt, change: (text: string) => string): Attempt {
  const changed = { ...data }
  for (const field of encodedFields[type]) {
    const value = data[field]
    if (typeof value === 'string') changed[field] = change(value)
  }
  return changed
}

/** The attempt an event adds to its step. */
export function attemptOf({ type, wire, data }: StepEvent): Attempt {
  const attempt = wire === true ? data : toWire(type, data)
  return isRun(type) ? withExitCode(attempt) : attempt
}

/**
 * Body of one streamed event, as stock sends it (SPEC §6). Its student is the telemetry's owner, also for work done
 * before login; its `slug` is the step's.
 */
export function streamBody(event: StepEvent, state: State): Record<string, unknown> {
  return {
    slug: event.step.slug,
    telemetry_id: state.telemetry_id,
    ...(state.user_id !== undefined && { user_id: state.user_id }),
    step_position: event.step.position,
    event: event.type,
    data: attemptOf(event),
  }
}
