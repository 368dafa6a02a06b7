// Folding an import (SPEC §4 rule 7): the union of what the log tells and what a telemetry.json tells.
// Nothing either holds is lost, completion never regresses, and importing twice is importing once.

import {
  ATTEMPT_KINDS,
  ATTEMPT_LISTS,
  type AttemptList,
  byList,
  OPTIONAL_LISTS,
} from '../events/attempt-kinds'
import { startOf } from './attempt-times'
import { withExitCode } from './exit-code'
import { listOf, toArray } from './list'
import type { Attempt, ImportedSnapshot, ImportedStep } from '../events/snapshot-schema'
import { stableJson } from './stable-json'
import { noActivity } from './state'
import type { Activity, CourseStep, Session, State } from './state'

export function unite(state: State, file: ImportedSnapshot): State {
  const {
    telemetry_id,
    slug,
    agent,
    tutorial_started_at,
    steps,
    workout_session = [],
    last_interaction_at,
    user_id,
    // Personal, and neither shown nor sent (SPEC §12).
    fullname: _,
    ...rest
  } = file
  return {
    ...state,
    telemetry_id: state.telemetry_id ?? telemetry_id,
    user_id: state.user_id ?? user_id,
    slug: state.started ? state.slug : (slug ?? state.slug),
    agent: state.started ? state.agent : (agent ?? state.agent),
    tutorial_started_at: knowsAll(workout_session, state.sessions)
      ? (tutorial_started_at ?? state.tutorial_started_at)
      : earliest(state.tutorial_started_at, tutorial_started_at),
    last_interaction_at: latest(state.last_interaction_at, last_interaction_at),
    course: state.started ? state.course : uniteCourse(state.course ?? [], steps),
    activity: uniteActivity(state.activity, steps),
    sessions: uniteSessions(state.sessions, workout_session, last_interaction_at),
    rest: { ...state.rest, ...rest },
  }
}

function uniteCourse(ours: readonly CourseStep[], steps: readonly ImportedStep[]): CourseStep[] {
  const inFile = new Set(steps.map((step) => step.slug))
  return [...steps.map(importedCourseStep), ...ours.filter((step) => !inFile.has(step.slug))]
}

function importedCourseStep(step: ImportedStep): CourseStep {
  // Metrics are computed from what happened: they are not part of the course.
  const { opened_at: _, completed_at: __, metrics: ___, indicators: ____, ...template } = step
  for (const list of ATTEMPT_LISTS) if (attemptsIn(step, list) !== undefined) template[list] = []
  return { slug: step.slug, position: step.position, is_testeable: step.is_testeable, template }
}

function uniteActivity(ours: State['activity'], steps: readonly ImportedStep[]): State['activity'] {
  const activity = new Map(ours)
  for (const step of steps) activity.set(step.slug, uniteStep(activity.get(step.slug) ?? noActivity, step))
  return activity
}

function uniteStep(ours: Activity, step: ImportedStep): Activity {
  const { slug: _, position: __, files: ___, is_testeable: ____, opened_at, completed_at, ...others } = step
  const rest: Record<string, unknown> = { ...others }
  const lists = ATTEMPT_KINDS.map(({ list, isOptional }) => {
    const attempts = attemptsIn(step, list)
    if (attempts !== undefined) delete rest[list]
    // That this course has a list which not every one has is kept.
    if (attempts !== undefined && isOptional) rest[list] = []
    return [list, uniteAttempts(ours[list], attempts ?? [])]
  })
  return {
    ...Object.fromEntries(lists),
    opened_at: earliest(ours.opened_at, opened_at),
    completed_at: earliest(ours.completed_at, completed_at),
    rest: { ...ours.rest, ...rest },
  } as Activity
}

/** The attempts of a step in a file; undefined where there is no such list. Nothing is known of what others keep as quizzes. */
export function attemptsIn(step: ImportedStep, list: AttemptList): readonly Attempt[] | undefined {
  const found: unknown = step[list]
  if (!Array.isArray(found) || !found.every(isAttempt)) return undefined
  return isRunList[list] ? found.map(withExitCode) : found
}
const isRunList = byList(({ isRun }) => isRun)

/** The lists of a step in a file that only some courses have, empty. */
export const optionalLists = (step: ImportedStep): Partial<Record<AttemptList, []>> =>
  Object.fromEntries(
    OPTIONAL_LISTS.filter((list) => attemptsIn(step, list) !== undefined).map((list) => [list, []]),
  )

const isAttempt = (value: unknown): value is Attempt =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function uniteAttempts(ours: Activity['tests'], theirs: readonly Attempt[]): Activity['tests'] {
  if (theirs.length === 0) return ours
  return listOf(uniteLists(toArray(ours), theirs, { key: stableJson, time: startOf, join: (_, b) => b }))
}

/** Whether the file was written by somebody who knew of all our sessions: then it knows the first one, too. */
function knowsAll(theirs: readonly { started_at: number }[], ours: readonly Session[]): boolean {
  return ours.every((session) => theirs.some(({ started_at }) => started_at === session.started_at))
}

function uniteSessions(
  ours: readonly Session[],
  theirs: NonNullable<ImportedSnapshot['workout_session']>,
  lastInteraction: number | undefined,
): Session[] {
  const imported = theirs.map(({ started_at, ended_at, ...rest }, index): Session => {
    // The session a file left open was going on at its last interaction.
    const open = ended_at === undefined && index === theirs.length - 1
    const last =
      open && lastInteraction !== undefined && lastInteraction >= started_at ? lastInteraction : undefined
    return { started_at, ended_at, last, over: false, rest }
  })
  const united = uniteLists(ours, imported, {
    key: (session) => String(session.started_at),
    time: (session) => session.started_at,
    join: (our, their) => ({
      ...our,
      ended_at: latest(our.ended_at, their.ended_at),
      last: latest(our.last, their.last),
      rest: { ...our.rest, ...their.rest },
    }),
  })
  // Clocks are set back: which session came last is told by the order of the list, not by its times.
  const leftOpen = imported.at(-1)?.ended_at === undefined ? imported.at(-1)?.started_at : undefined
  const latestStart = united.at(-1)?.started_at
  return united.map((session, index) => {
    const last = index === united.length - 1
    if (last && !session.ended && session.ended_at === undefined) return { ...session, over: false }
    // Of several that started at the same moment, those before the last are as the file says.
    const later = !last && session.started_at === leftOpen && leftOpen !== latestStart
    return later ? { ...session, over: true } : session
  })
}

interface Union<T> {
  readonly key: (item: T) => string
  readonly time: (item: T) => number | undefined
  readonly join: (ours: T, theirs: T) => T
}

/**
 * Union of two lists of the same thing: items with equal keys are one, as often as the richer list has
 * them. Where one list holds all of the other its order stands; else ours go in between by time.
 */
function uniteLists<T>(ours: readonly T[], theirs: readonly T[], { key, time, join }: Union<T>): T[] {
  const waiting = new Map<string, number[]>()
  // From the end, so that the first of equal items is at hand, and thousands of them cost no more than others.
  theirs.forEach((_, behind) => {
    const index = theirs.length - 1 - behind
    const k = key(theirs[index] as T)
    const equal = waiting.get(k)
    if (equal === undefined) waiting.set(k, [index])
    else equal.push(index)
  })
  const united = [...theirs]
  const paired = new Set<number>()
  const onlyOurs: T[] = []
  const ourOrder = ours.map((item) => {
    const index = waiting.get(key(item))?.pop()
    if (index === undefined) {
      onlyOurs.push(item)
      return item
    }
    paired.add(index)
    return (united[index] = join(item, united[index] as T))
  })
  if (onlyOurs.length === 0) return united
  if (paired.size === theirs.length) return ourOrder
  return mergeByTime(onlyOurs, united, time)
}

function mergeByTime<T>(a: readonly T[], b: readonly T[], time: Union<T>['time']): T[] {
  const merged: T[] = []
  let next = 0
  for (const item of b) {
    const at = time(item)
    for (; next < a.length; next++) {
      const other = time(a[next] as T)
      if (at === undefined || other === undefined || other >= at) break
      merged.push(a[next] as T)
    }
    merged.push(item)
  }
  return [...merged, ...a.slice(next)]
}

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)
}

export function latest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b)
}
