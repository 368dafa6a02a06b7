// A telemetry.json that its host goes on writing (SPEC §12): whether it is a newer version of what we know, and what of it
// another student did.

import { ATTEMPT_LISTS } from '../events/attempt-kinds'
import { newAttempts, sessionIds } from './differences'
import { isKeyed, isSame } from './merge-patch'
import { toArray } from './list'
import { snapshot } from './render'
import type { Attempt, ImportedSnapshot, ImportedStep, Snapshot } from '../events/snapshot-schema'
import { noActivity, type State } from './state'
import { attemptsIn } from './unite'

/** Whether LearnPack 5 wrote a telemetry.json: only its steps say whether they are completed. Does not throw. */
export function isLearnPack5(file: unknown): boolean {
  const steps = isKeyed(file) ? file['steps'] : undefined
  return (
    Array.isArray(steps) && steps.some((step) => isKeyed(step) && typeof step['is_completed'] === 'boolean')
  )
}

/** Whether a state goes on showing a file of LearnPack 5. */
export function showsLearnPack5({ activity }: State): boolean {
  for (const { rest } of activity.values()) if (typeof rest['is_completed'] === 'boolean') return true
  return false
}

/**
 * Whether `file` is a newer version of what `state` knows, so that what is new in it happened since. Any other file is
 * united with it as a whole.
 */
export function isNewer(state: State, file: ImportedSnapshot): boolean {
  if (state.tooLarge || state.course === undefined || !isOfSameTelemetry(state, file)) return false
  const isNotEarlier = (file.last_interaction_at ?? 0) >= (state.last_interaction_at ?? 0)
  return isLearnPack5(file) ? isNotEarlier || holdsAll(state, file) : isNotEarlier && holdsAll(state, file)
}

/** Who begins anew under another id, as LearnPack 5 may, keeps the first session. */
function isOfSameTelemetry({ telemetry_id, sessions }: State, file: ImportedSnapshot): boolean {
  if (telemetry_id === file.telemetry_id) return true
  const first = file.workout_session?.[0]?.started_at
  return first !== undefined && sessions.some(({ started_at }) => started_at === first)
}

function holdsAll({ activity, course = [], sessions }: State, file: ImportedSnapshot): boolean {
  const steps = new Map(file.steps.map((step) => [step.slug, step]))
  return (
    course.every(({ slug }) => {
      const step = steps.get(slug)
      const ours = activity.get(slug) ?? noActivity
      return (
        step !== undefined &&
        isEarlier(ours.opened_at, step.opened_at) &&
        isEarlier(ours.completed_at, step.completed_at) &&
        ATTEMPT_LISTS.every(
          (list) => newAttempts(attemptsIn(step, list) ?? [], toArray(ours[list])).length === 0,
        )
      )
    }) &&
    sessions.every(({ started_at }) =>
      file.workout_session?.some((session) => session.started_at === started_at),
    )
  )
}

const isEarlier = (ours: number | undefined, theirs: number | undefined): boolean =>
  ours === undefined || (theirs !== undefined && ours <= theirs)

/**
 * The file without what another student did in it, as their telemetry shows it: LearnPack 5 goes on in the same object when
 * another one logs in. What it says of both is left out.
 */
export function withoutWorkOf(file: ImportedSnapshot, other: ImportedSnapshot): ImportedSnapshot {
  const sessions = new Set(other.workout_session?.map(({ started_at }) => started_at))
  const workout_session = (file.workout_session ?? []).filter(({ started_at }) => !sessions.has(started_at))
  const { global_metrics: _, global_indicators: __, last_interaction_at, tutorial_started_at, ...rest } = file
  const begun =
    tutorial_started_at === other.tutorial_started_at ? workout_session[0]?.started_at : tutorial_started_at
  return {
    ...rest,
    ...(begun !== undefined && { tutorial_started_at: begun }),
    ...(last_interaction_at !== undefined &&
      last_interaction_at !== other.last_interaction_at && { last_interaction_at }),
    workout_session,
    steps: file.steps.map((step) => {
      const before = other.steps.find(({ slug }) => slug === step.slug)
      return before === undefined ? step : withoutWorkIn(step, before)
    }),
  }
}

function withoutWorkIn(step: ImportedStep, other: ImportedStep): ImportedStep {
  const { opened_at, completed_at, is_completed, sessions, testeable_elements, ...rest } = step
  const isTheirs = completed_at !== undefined && completed_at === other.completed_at
  return {
    ...rest,
    ...Object.fromEntries(
      ATTEMPT_LISTS.flatMap((list) => {
        const attempts = attemptsIn(step, list)
        return attempts === undefined ? [] : [[list, without(attempts, attemptsIn(other, list) ?? [])]]
      }),
    ),
    ...(is_completed !== undefined && { is_completed: isTheirs ? false : is_completed }),
    ...(completed_at !== undefined && !isTheirs && { completed_at }),
    ...(opened_at !== undefined && opened_at !== other.opened_at && { opened_at }),
    ...(sessions !== undefined && { sessions: behind(sessions, other['sessions']) }),
    ...(testeable_elements !== undefined && {
      testeable_elements: changedSince(testeable_elements, other['testeable_elements']),
    }),
  }
}

const without = (attempts: readonly Attempt[], theirs: readonly Attempt[]): Attempt[] =>
  newAttempts(theirs, attempts).map(({ attempt }) => attempt)

/** What was appended to a list. */
function behind(list: unknown, before: unknown): unknown {
  if (!Array.isArray(list) || !Array.isArray(before)) return list
  return isSame(list.slice(0, before.length), before) ? list.slice(before.length) : (list as unknown[])
}

function changedSince(list: unknown, before: unknown): unknown {
  if (!Array.isArray(list) || !Array.isArray(before)) return list
  return list.filter((element) => !(isKeyed(element) && before.some((one) => isSame(one, element))))
}

/**
 * What LearnPack's web editor is given, which goes on with it as its own (SPEC §12): the snapshot, without sessions that are
 * only ours. Null where nothing was done yet: then it begins with one of its own.
 */
export function snapshotForEditor(state: State): Snapshot | null {
  const shown = snapshot(state)
  const isItsOwn = isLearnPack5(shown)
  const hasWork = [...state.activity.values()].some((activity) =>
    ATTEMPT_LISTS.some((list) => activity[list].length > 0),
  )
  if (!isItsOwn) return hasWork ? shown : null
  const known = new Set(sessionIds(shown))
  return snapshot({
    ...state,
    sessions: state.sessions.filter(({ id }) => id === undefined || known.has(id)),
  })
}
