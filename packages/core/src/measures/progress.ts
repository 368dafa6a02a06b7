// How far a learner is in a step, for people. What receivers count is the status of `measure` (SPEC §11).

import type { ImportedStep } from '../events/snapshot-schema'

/**
 * `tried`: run or tested, and not done. In words that can be shown.
 * @inline
 */
export type Progress = 'done' | 'tried' | 'opened' | 'not opened'

/** How far a learner is in a step. A step that is open at the moment is not `done`. */
export function progressOf(step: ImportedStep): Progress {
  const { opened_at, completed_at, compilations = [], tests = [] } = step
  // LearnPack 5 need not say when.
  if (completed_at !== undefined || step['is_completed'] === true) return 'done'
  if (compilations.length + tests.length > 0) return 'tried'
  return opened_at === undefined ? 'not opened' : 'opened'
}
