// telemetry.json from the state (SPEC §4).

import { ATTEMPT_LISTS } from '../events/attempt-kinds'
import { toArray } from './list'
import { bounded, LONGEST_STRING } from './longest-string'
import type { Attempt, Snapshot, SnapshotStep, WorkoutSession } from '../events/snapshot-schema'
import { noActivity, type Activity, type CourseStep, type Session, type State } from './state'

/**
 * Renders the state as telemetry.json (SPEC §4), whole at every call. Before a session start or an import, what neither
 * told is missing.
 * @throws RangeError for a state that is `tooLarge`
 */
export function snapshot(state: State): Snapshot {
  refuseTooLarge(state)
  const shell = parts(state)
  return { ...shell, steps: shell.steps.map(renderStep) } as Snapshot
}

/** Least length of a piece of a step, characters. Longer strings than 128 KB stay until V8 collects all of the heap. */
const PIECE = 64 * 1024

/**
 * The same as JSON on one line, in pieces of at least an attempt and about 65,536 characters, so that a caller may pause
 * between them. Nothing of it is kept: texts are base64 already, so that to write them out again costs less than a second
 * copy of everything in memory.
 * @throws RangeError for a state that is `tooLarge`
 */
export function* snapshotJson(state: State): Generator<string> {
  refuseTooLarge(state)
  const shell = parts(state)
  yield* objectJson(shell, { steps: listJson(shell.steps.map(stepJson)) })
}

/**
 * The same as JSON on one line; undefined for a state that is `tooLarge`, or that takes more characters.
 * @param longest characters (UTF-16 units). Default: what the longest string of V8 has
 */
export function snapshotText(state: State, longest = LONGEST_STRING): string | undefined {
  try {
    return [...bounded(snapshotJson(state), longest)].join('')
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** Part of a telemetry must not be taken for the whole. */
export function refuseTooLarge(state: State): void {
  if (state.tooLarge)
    throw new RangeError(
      'stands still: this telemetry has become too large to be kept in memory; events are recorded and streamed all the same',
    )
}

export const stepJson = (step: ShownStep): Generator<string> => joined(stepPieces(step))

function* joined(pieces: Iterable<string>): Generator<string> {
  let waiting: string[] = []
  let length = 0
  for (const piece of pieces) {
    waiting.push(piece)
    length += piece.length
    if (length < PIECE) continue
    yield waiting.join('')
    waiting = []
    length = 0
  }
  yield waiting.join('')
}

function* stepPieces(step: ShownStep): Generator<string> {
  const rendered = renderStep(step)
  const lists = ATTEMPT_LISTS.flatMap((list) => {
    const value: unknown = rendered[list]
    return Array.isArray(value) ? [[list, listJson(value.map(attemptJson))]] : []
  })
  yield* objectJson(rendered, Object.fromEntries(lists) as Record<string, Iterable<string>>)
}

/** An object as JSON: of the fields that `inPieces` names, what is given there. */
export function* objectJson(
  object: object,
  inPieces: Readonly<Record<string, Iterable<string>>>,
): Generator<string> {
  let separator = '{'
  for (const [key, value] of Object.entries(object)) {
    yield `${separator}${JSON.stringify(key)}:`
    separator = ','
    if (Object.hasOwn(inPieces, key)) yield* inPieces[key] as Iterable<string>
    else yield JSON.stringify(value)
  }
  yield separator === '{' ? '{}' : '}'
}

function* attemptJson(attempt: Attempt): Generator<string> {
  yield JSON.stringify(attempt)
}

export function* listJson(items: Iterable<Iterable<string>>): Generator<string> {
  let separator = '['
  for (const item of items) {
    yield separator
    yield* item
    separator = ','
  }
  yield separator === '[' ? '[]' : ']'
}

/** Key order of the stock file; `steps` still to be rendered. */
export function parts(state: State) {
  const { telemetry_id, slug, agent, tutorial_started_at, last_interaction_at, user_id } = state
  return defined({
    telemetry_id,
    slug,
    agent,
    tutorial_started_at,
    steps: shownSteps(state),
    workout_session: state.sessions.map(renderSession),
    last_interaction_at,
    user_id,
    ...state.rest,
  })
}

export type ShownStep = readonly [CourseStep, Activity]

function shownSteps({ course, activity }: State): ShownStep[] {
  return (course ?? []).map((step) => [step, activity.get(step.slug) ?? noActivity])
}

/** A step as it is shown, or would be if the course had it. */
export function renderedStep({ course = [], activity }: State, slug: string): SnapshotStep {
  const step = course.find((one) => one.slug === slug)
  return renderStep([
    step ?? { slug, position: undefined, is_testeable: undefined, template: { slug } },
    activity.get(slug) ?? noActivity,
  ])
}

function renderStep([{ template }, activity]: ShownStep): SnapshotStep {
  const step: Record<string, unknown> = { ...template, ...activity.rest }
  for (const list of ATTEMPT_LISTS) {
    if (activity[list].length > 0) step[list] = toArray(activity[list])
  }
  const { opened_at, completed_at } = activity
  // LearnPack 5 says it twice.
  if (completed_at !== undefined && typeof step['is_completed'] === 'boolean') step['is_completed'] = true
  return { ...step, ...defined({ opened_at, completed_at }) } as SnapshotStep
}

/** Ended at its last interaction, never before its start; but what a file said and we did not add to stands. */
function renderSession({ started_at, ended_at, last, over, rest }: Session): WorkoutSession {
  const closed = over || ended_at !== undefined
  const end =
    ended_at !== undefined && last === undefined
      ? ended_at
      : Math.max(started_at, last ?? started_at, ended_at ?? started_at)
  return { started_at, ...(closed && { ended_at: end }), ...rest }
}

const defined = <T extends Record<string, unknown>>(object: T): T =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T
