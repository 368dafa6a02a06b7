// What a course says about a learner, distilled from the snapshot alone (SPEC §11): the formulas of the receiver
// that teachers' dashboards read. Times are in seconds. Nothing is rounded here but at the end.

import { endOf, startOf } from '../fold/attempt-times'
import { exitCodeOf } from '../fold/exit-code'
import type { Attempt, ImportedSnapshot, ImportedStep } from '../events/snapshot-schema'
import { attemptsIn } from '../fold/unite'

const ALGO_VERSION = '1.0'

/**
 * `unread`: never opened. `skipped`: opened, and neither run nor tested. `attempted`: run or tested, and not completed
 * (SPEC §11).
 * @inline
 */
export type StepStatus = 'unread' | 'skipped' | 'attempted' | 'completed'

/**
 * What one step says about a learner (SPEC §11), rounded to two decimals, half to even.
 * @inline
 */
export interface StepMeasures {
  readonly slug: string
  readonly status: StepStatus
  /** Seconds from the first opening to completion; else to the last run or test, at most 1,800. 0 where unread. */
  readonly time_spent: number
  /** Failed compilations, those without `exit_code` left out; of a completed step those before its first success. */
  readonly comp_struggles: number
  /** Failed tests; of a completed step those before its first success. */
  readonly test_struggles: number
  /** Quizzes that were failed (SPEC §12). */
  readonly quiz_struggles: number
  readonly total_ai_interactions: number
  /** 0 to 100: the time spent, of an hour; 0 for skipped and unread. */
  readonly engagement_indicator: number
  /** 0 to 100: of a completed step its struggles, of 20; of an attempted one its time, of 1,800 s; skipped 25, unread 0. */
  readonly frustration_indicator: number
}

/**
 * What a course says about a learner (SPEC §11), rounded to two decimals, half to even. Without steps, averages are 0.
 * @inline
 */
export interface CourseMeasures {
  readonly total_steps: number
  /** Completed steps, percent of all. */
  readonly completion_rate: number
  /** Seconds from `tutorial_started_at` to `last_interaction_at`, pauses and all. */
  readonly total_time_on_platform: number
  readonly num_sessions: number
  /** Compilations and tests, whatever came of them. */
  readonly total_interactions: number
  readonly steps_not_completed: number
  /** Seconds, on attempted and skipped steps. */
  readonly time_on_incomplete: number
  /** Per step, over all steps. */
  readonly avg_comp_struggles: number
  /** Per step, over all steps. */
  readonly avg_test_struggles: number
  readonly skipped_steps: number
  /** 0 to 100: time, sessions, completion and interactions, weighted. */
  readonly engagement_indicator: number
  /** 0 to 100: steps not completed, time on them, struggles and skipped steps, weighted. */
  readonly frustration_indicator: number
}

/** The measures of one telemetry.json; `steps` in its order. */
export interface Measures {
  /** Version of the formulas of SPEC §11: numbers of another one are not comparable. */
  readonly algo_version: string
  readonly steps: readonly StepMeasures[]
  readonly course: CourseMeasures
}

/** Nobody is taken to have sat longer than this over a step they did not complete, seconds. */
const LONGEST_INCOMPLETE = 1_800

/**
 * Distils a telemetry.json to numbers (SPEC §11), by the formulas of the receiver that teachers' dashboards read. A function
 * of the file alone; differences of time are never negative.
 * @param file of ours or of stock
 */
export function measure(file: ImportedSnapshot): Measures {
  const steps = file.steps.map((step) => measureStep(step, file.last_interaction_at))
  return {
    algo_version: ALGO_VERSION,
    steps: steps.map(rounded),
    course: measureCourse(file, steps),
  }
}

/** Not rounded. */
export function measureStep(step: ImportedStep, lastInteraction: number | undefined): StepMeasures {
  const { slug, opened_at, completed_at, compilations = [], tests = [], ai_interactions = [] } = step
  const status = statusOf(step)
  const time_spent =
    opened_at === undefined
      ? 0
      : status === 'completed'
        ? seconds(opened_at, completed_at)
        : Math.min(
            seconds(opened_at, lastEnd([...compilations, ...tests]) ?? lastInteraction),
            LONGEST_INCOMPLETE,
          )
  const counts = status === 'completed' || status === 'attempted'
  const known = compilations.filter((attempt) => exitCodeOf(attempt) !== undefined)
  const comp_struggles = counts ? struggles(known, status) : 0
  const test_struggles = counts ? struggles(tests, status) : 0
  return {
    slug,
    status,
    time_spent,
    comp_struggles,
    test_struggles,
    quiz_struggles: (attemptsIn(step, 'quiz_submissions') ?? []).filter(({ status }) => status === 'ERROR')
      .length,
    total_ai_interactions: ai_interactions.length,
    engagement_indicator: counts ? share(time_spent, 3_600) * 100 : 0,
    frustration_indicator: {
      completed: share(comp_struggles + test_struggles, 20) * 100,
      attempted: share(time_spent, LONGEST_INCOMPLETE) * 100,
      skipped: 25,
      unread: 0,
    }[status],
  }
}

function statusOf({ opened_at, completed_at, compilations = [], tests = [] }: ImportedStep): StepStatus {
  if (opened_at === undefined) return 'unread'
  if (completed_at !== undefined) return 'completed'
  return compilations.length + tests.length > 0 ? 'attempted' : 'skipped'
}

function struggles(attempts: readonly Attempt[], status: StepStatus): number {
  const failed = (some: readonly Attempt[]): number => some.filter((one) => !succeeded(one)).length
  if (status !== 'completed') return failed(attempts)
  const inOrder = [...attempts].sort((a, b) => (startOf(a) ?? 0) - (startOf(b) ?? 0))
  const success = inOrder.findIndex(succeeded)
  return failed(success >= 0 ? inOrder.slice(0, success) : inOrder)
}

/** The receiver compares as Python does, to which `false` is 0. */
function succeeded(attempt: Attempt): boolean {
  const exit_code = exitCodeOf(attempt)
  return exit_code === 0 || exit_code === false
}

/** What of a telemetry.json counts beside the measures of its steps. */
interface MeasuredFile extends Pick<ImportedSnapshot, 'tutorial_started_at' | 'last_interaction_at'> {
  readonly workout_session?: { readonly length: number } | undefined
  readonly steps: readonly {
    readonly compilations?: { readonly length: number } | undefined
    readonly tests?: { readonly length: number } | undefined
  }[]
}

/** @param steps of all its steps, not rounded */
export function measureCourse(file: MeasuredFile, steps: readonly StepMeasures[]): CourseMeasures {
  const total = steps.length
  const count = (status: StepStatus): number => steps.filter((step) => step.status === status).length
  const sum = (value: (step: StepMeasures) => number): number =>
    steps.reduce((soFar, step) => soFar + value(step), 0)
  const perStep = (value: number): number => (total === 0 ? 0 : value / total)
  const completion_rate = perStep(count('completed')) * 100
  const total_time_on_platform =
    file.tutorial_started_at === undefined ? 0 : seconds(file.tutorial_started_at, file.last_interaction_at)
  const num_sessions = file.workout_session?.length ?? 0
  const total_interactions = file.steps.reduce(
    (soFar, { compilations, tests }) => soFar + (compilations?.length ?? 0) + (tests?.length ?? 0),
    0,
  )
  const steps_not_completed = total - count('completed')
  const skipped_steps = count('skipped')
  const time_on_incomplete = sum(({ status, time_spent }) => (status === 'completed' ? 0 : time_spent))
  const avg_comp_struggles = perStep(sum((step) => step.comp_struggles))
  const avg_test_struggles = perStep(sum((step) => step.test_struggles))
  return rounded({
    total_steps: total,
    completion_rate,
    total_time_on_platform,
    num_sessions,
    total_interactions,
    steps_not_completed,
    time_on_incomplete,
    avg_comp_struggles,
    avg_test_struggles,
    skipped_steps,
    engagement_indicator:
      (0.3 * share(total_time_on_platform, 36_000) +
        0.2 * share(num_sessions, 5) +
        (0.3 * completion_rate) / 100 +
        0.2 * share(total_interactions, 100)) *
      100,
    frustration_indicator:
      (0.3 * perStep(steps_not_completed) +
        0.2 * share(time_on_incomplete, 18_000) +
        0.2 * share(avg_comp_struggles, 10) +
        0.2 * share(avg_test_struggles, 10) +
        0.1 * perStep(skipped_steps)) *
      100,
  })
}

/** Between two moments, epoch ms; never negative: clocks are set back. */
const seconds = (from: number, to: number | undefined): number =>
  to === undefined ? 0 : Math.max(0, (to - from) / 1_000)

/** Of a whole, at most 1. */
const share = (part: number, whole: number): number => Math.min(part / whole, 1)

/** When the last of them ended, epoch ms. */
function lastEnd(attempts: readonly Attempt[]): number | undefined {
  return attempts.reduce<number | undefined>((latest, attempt) => {
    const end = endOf(attempt)
    return end === undefined || (latest !== undefined && latest >= end) ? latest : end
  }, undefined)
}

function rounded<T extends object>(measures: T): T {
  const entries = Object.entries(measures).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === 'number' ? roundHalfEven(value) : value,
  ])
  return Object.fromEntries(entries) as T
}

/** To two decimals. A tie has to be a multiple of 1/8 to be one in binary. */
function roundHalfEven(value: number): number {
  const isTie = Number.isInteger(value * 8) && !Number.isInteger(value * 4)
  if (!isTie) return Number(value.toFixed(2))
  const lower = Math.floor(value * 100)
  return (lower % 2 === 0 ? lower : lower + 1) / 100
}
