// About how much memory a state takes.

import { ATTEMPT_LISTS } from '../events/attempt-kinds'
import { toArray } from './list'
import { type State } from './state'

/** An object or an array, and each of its fields, bytes. */
const OBJECT_BYTES = 64
const FIELD_BYTES = 16
/** What lies deeper than that is not looked at. */
const DEEPEST = 16

/** About how many bytes the attempts of a state take in memory, and what of an import is kept beside them. */
export function weightOf(state: State): number {
  let bytes = weightOfValue(state.rest)
  for (const activity of state.activity.values()) {
    bytes += weightOfValue(activity.rest)
    for (const list of ATTEMPT_LISTS)
      for (const attempt of toArray(activity[list])) bytes += weightOfValue(attempt)
  }
  return bytes
}

function weightOfValue(value: unknown, depth = 0): number {
  if (typeof value === 'string') return value.length + FIELD_BYTES
  if (typeof value !== 'object' || value === null || depth > DEEPEST) return FIELD_BYTES
  let bytes = OBJECT_BYTES
  for (const one of Object.values(value)) bytes += weightOfValue(one, depth + 1)
  return bytes
}
