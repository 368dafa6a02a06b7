// When an attempt began and ended, epoch ms; both spellings are in the field (SPEC §11).

import type { Attempt } from './snapshot-schema'

export const startOf = (attempt: Attempt): number | undefined =>
  asTime(attempt['starting_at'] ?? attempt['started_at'])

export const endOf = (attempt: Attempt): number | undefined =>
  asTime(attempt['ended_at'] ?? attempt['ending_at'])

const asTime = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)
