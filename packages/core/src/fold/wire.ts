// The bodies receivers depend on (SPEC §6) and the base64 rules they share with telemetry.json (SPEC §4).
// Text stays text in the log; it is encoded here and nowhere else.

import { decodeText, fromBase64, toBase64, type TextEncoding } from './base64'
import { byType, TEXTS_OF_RUN } from '../events/attempt-kinds'
import type { StepEvent, StepEventType } from '../events/events'
import { isRun, withExitCode } from './exit-code'
import type { Attempt } from '../events/snapshot-schema'
import type { State } from './state'

/** The fields of an event's data that are base64 on the wire; of an opened step, which has none of its own, those of a run. */
export const encodedFields: Record<StepEventType, readonly string[]> = {
  ...byType(({ encoded }) => encoded),
  open_step: TEXTS_OF_RUN,
}

/**
 * A copy of `data` as the snapshot and the stream show it: base64 in `source_code`, `stdout` and `stderr`, of an AI
 * interaction in `source_code` alone, of a quiz nowhere (SPEC §4). What is no string stays; '' is encoded as itself.
 * @param encoding what is base64: the text's UTF-8, or `encodeURIComponent` of it, as in LearnPack 5 (SPEC §12)
 */
export function toWire(type: StepEventType, data: Attempt, encoding: TextEncoding = 'utf8'): Attempt {
  return mapText(type, data, (text) => toBase64(text, encoding))
}

/** The inverse of `toWire`, of either encoding, or undefined where a field's base64 is not exactly what it would give. */
export function fromWire(type: StepEventType, data: Attempt): Attempt | undefined {
  const { wire, data: decoded } = contentOf(type, data)
  return wire === true ? undefined : decoded
}

/** What an event holds of an attempt, so that it gives exactly that attempt again. */
export type AttemptContent = Pick<StepEvent, 'data' | 'encoding' | 'wire'>

/** An attempt as an event holds it: as texts, unless their base64 is no text's, or not of one encoding. */
export function contentOf(type: StepEventType, attempt: Attempt): AttemptContent {
  const encodings = new Set<TextEncoding | 'none'>()
  const data = mapText(type, attempt, (value) => {
    const decoded = decodeText(value)
    // What both encodings write the same says nothing about the rest.
    if (decoded === undefined) encodings.add('none')
    else if (decoded.encoding === 'uri' || toBase64(decoded.text, 'uri') !== value)
      encodings.add(decoded.encoding)
    return decoded?.text ?? value
  })
  if (encodings.size > 1 || encodings.has('none')) return { data: attempt, wire: true }
  return encodings.has('uri') ? { data, encoding: 'uri' } : { data }
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
export function attemptOf({ type, wire, encoding, data }: StepEvent): Attempt {
  const attempt = wire === true ? data : toWire(type, data, encoding)
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
