// When an attempt began and ended, epoch ms; both spellings are in the field (SPEC §11). Where an attempt has both, the
// one counts that counts for the receiver whose formulas ours are.

import type { Attempt } from '../events/snapshot-schema'

export const startOf = (attempt: Attempt): number | undefined =>
  asTime(attempt['started_at'] ?? attempt['starting_at'])

export const endOf = (attempt: Attempt): number | undefined =>
  asTime(attempt['ended_at'] ?? attempt['ending_at'])

const asTime = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)

/** When an attempt ended, epoch ms, or when it began if that is all it tells. */
export function doneAt(attempt: Attempt): number | undefined {
  const end = endOf(attempt) ?? startOf(attempt)
  return Number.isSafeInteger(end) ? end : undefined
}
