// The attempts in telemetry.json, whose lists and texts differ by kind.

import { ATTEMPT_KINDS, decodedAttempt, type Attempt, type Snapshot } from '@learnpack/telemetry-core'

export type List = (typeof ATTEMPT_KINDS)[number]['list']

/** A course without quizzes has no list of them, and other recorders write what they like. */
export const attemptsOf = (step: { readonly [list in List]?: unknown }, list: List): readonly Attempt[] =>
  Array.isArray(step[list]) ? (step[list] as Attempt[]) : []

/** telemetry.json with every text as the learner wrote or saw it. */
export function decoded(known: Snapshot): Snapshot {
  const steps = known.steps.map((step) => ({
    ...step,
    ...Object.fromEntries(
      ATTEMPT_KINDS.flatMap(({ list, type }) =>
        list in step ? [[list, attemptsOf(step, list).map((attempt) => decodedAttempt(type, attempt))]] : [],
      ),
    ),
  }))
  return { ...known, steps }
}
