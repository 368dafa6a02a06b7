// The runs, tests and questions of a step, decoded and in the order they happened.

import {
  ATTEMPT_KINDS,
  decodedAttempt,
  type Attempt,
  type Snapshot,
  type TelemetryEvent,
} from '@learnpack/telemetry-core'

export type SnapshotStep = Snapshot['steps'][number]
type Kind = (typeof ATTEMPT_KINDS)[number]
export type ListName = Kind['list']

/** A file that was taken in may lack its lists (SPEC §10). */
export const listOf = (step: SnapshotStep, list: ListName): readonly Attempt[] =>
  asList((step as Partial<SnapshotStep>)[list])

const asList = (found: unknown): readonly Attempt[] => (Array.isArray(found) ? (found as Attempt[]) : [])

export interface StepAttempt {
  readonly type: Kind['type']
  /** Within its list, from 0. */
  readonly index: number
  /** Epoch ms. */
  readonly startedAt: number | undefined
  readonly endedAt: number | undefined
  /** As telemetry.json holds it. */
  readonly wire: Attempt
}

export function attemptsOf(step: SnapshotStep): StepAttempt[] {
  const all = ATTEMPT_KINDS.flatMap(({ list, type }) =>
    listOf(step, list).map((wire, index): StepAttempt => ({
      type,
      index,
      startedAt: timeOf(wire, 'starting_at', 'started_at'),
      endedAt: timeOf(wire, 'ended_at', 'ending_at'),
      wire,
    })),
  )
  const end = ({ startedAt, endedAt }: StepAttempt): number => endedAt ?? startedAt ?? 0
  return all.sort((a, b) => end(a) - end(b))
}

/** The step and attempt that an event is about, if it is about one. */
export function attemptOfEvent(event: TelemetryEvent, steps: readonly SnapshotStep[]) {
  const slug = (event as { step?: { slug?: unknown } }).step?.slug
  const step = steps.find((one) => one.slug === slug)
  if (step === undefined) return undefined
  const kind = ATTEMPT_KINDS.find(({ type }) => type === event.type)
  if (kind === undefined) return { step, attempt: undefined }
  return { step, attempt: { type: kind.type, index: listOf(step, kind.list).length - 1 } }
}

/** With its texts as texts. */
export const decoded = ({ type, wire }: StepAttempt): Attempt => decodedAttempt(type, wire)

/** The text of a field, or undefined where none was recorded. */
export function textOf(attempt: Attempt, field: string): string | undefined {
  const value = attempt[field]
  return typeof value === 'string' ? value : undefined
}

/** What was answered to each question of a quiz. */
export const answersOf = (attempt: Attempt) =>
  asList(attempt['selections']).map((selection) => ({
    question: textOf(selection, 'question') ?? '',
    answer: textOf(selection, 'answer') ?? '',
    feedback: textOf(selection, 'feedback') ?? '',
  }))

/** Both spellings are in the field (SPEC §11). */
function timeOf(attempt: Attempt, ...names: readonly string[]): number | undefined {
  return names.map((name) => attempt[name]).find((value) => typeof value === 'number')
}
