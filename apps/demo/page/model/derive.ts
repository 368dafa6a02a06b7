// Everything the page shows of one moment, from the fold and nothing else.

import {
  measure,
  snapshot,
  type Measures,
  type Snapshot,
  type State,
  type TelemetryEvent,
} from '@learnpack/telemetry-core'
import { attemptOfEvent, attemptsOf, type SnapshotStep, type StepAttempt } from './attempts'
import { changesBetween, type Changes } from './changes'
import type { View } from './player'

export interface Moment {
  /** The event this moment is of; undefined before the first one. */
  readonly event: TelemetryEvent | undefined
  readonly state: State
  readonly snapshot: Snapshot
  readonly changes: Changes
  readonly measures: Measures
}

export function momentOf({ timeline, at }: Pick<View, 'timeline' | 'at'>): Moment {
  const before = snapshot(timeline.stateAt(Math.max(0, at - 1)))
  const state = timeline.stateAt(at)
  const after = snapshot(state)
  return {
    event: timeline.events[at - 1],
    state,
    snapshot: after,
    changes: changesBetween(before, after),
    measures: measure(after as Parameters<typeof measure>[0]),
  }
}

export interface Shown {
  readonly step: SnapshotStep
  readonly attempts: readonly StepAttempt[]
  /** Which of `attempts` is shown; -1 where there is none. */
  readonly index: number
}

/** The step and attempt in view: what was chosen, else what the event is about, else the latest before it. */
export function shownAttempt({ event, snapshot: { steps } }: Moment, view: View): Shown | undefined {
  const { selection, timeline, at } = view
  if (selection !== undefined) {
    const step = steps.find(({ slug }) => slug === selection.slug)
    return step && shown(step, selection.attempt)
  }
  const about = event && attemptOfEvent(event, steps)
  if (about !== undefined) return shown(about.step, about.attempt)
  for (let index = at - 2; index >= 0; index--) {
    const earlier = attemptOfEvent(timeline.events[index] as TelemetryEvent, steps)
    if (earlier !== undefined) return shown(earlier.step, undefined)
  }
  return steps[0] && shown(steps[0], undefined)
}

function shown(step: SnapshotStep, wanted: { type: string; index: number } | undefined): Shown {
  const attempts = attemptsOf(step)
  const found = attempts.findIndex(
    (attempt) => attempt.type === wanted?.type && attempt.index === wanted.index,
  )
  return { step, attempts, index: found >= 0 ? found : attempts.length - 1 }
}
