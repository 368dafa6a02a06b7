// Folding a patch event (SPEC §12): what `snapshot-patch.ts` found, put where the state keeps it.

import { isAttemptList } from '../events/attempt-kinds'
import { studentId, type EventOf } from '../events/events'
import { isKeyed, merged, own, withValue } from './merge-patch'
import { byHash, elementOrder, ELEMENTS } from './snapshot-patch'
import { noActivity, type Activity, type CourseStep, type Session, type State } from './state'

type Keyed = Readonly<Record<string, unknown>>
type PatchData = EventOf<'patch'>['data']
type Sets = readonly (readonly [path: readonly string[], value: unknown])[]

export function patchState(state: State, { patch, set = [], steps, last = {} }: PatchData): State {
  const { steps: ofSteps, workout_session, ...fields } = patch
  let next = patchTop(state, fields, set)
  if (steps !== undefined) next = { ...next, course: steps.map((slug) => stepOf(state, slug)) }
  const slugs = new Set([
    ...(isKeyed(ofSteps) ? Object.keys(ofSteps) : []),
    ...set.flatMap(([[key, slug]]) => (key === 'steps' && slug !== undefined ? [slug] : [])),
    ...Object.keys(last),
  ])
  for (const slug of slugs) {
    const ofStep = isKeyed(ofSteps) ? own(ofSteps, slug) : undefined
    const moved = Object.hasOwn(last, slug) ? last[slug] : undefined
    next = patchStep(next, slug, isKeyed(ofStep) ? ofStep : {}, below(set, 'steps', slug), moved ?? [])
  }
  return { ...next, sessions: patchSessions(next.sessions, workout_session, below(set, 'workout_session')) }
}

/** Of the values that are set, those below a path, with what is left of theirs. */
const below = (sets: Sets, ...path: readonly string[]): Sets =>
  sets
    .filter(([at]) => path.every((key, index) => at[index] === key))
    .map(([at, value]) => [at.slice(path.length), value])

const withSets = (value: unknown, sets: Sets): unknown =>
  sets.reduce((result, [path, replacement]) => withValue(result, path, replacement), value)

const asTime = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) ? (value as number) : undefined

function patchTop(state: State, fields: Keyed, sets: Sets): State {
  const {
    telemetry_id: _,
    user_id,
    slug,
    agent,
    tutorial_started_at,
    last_interaction_at,
    ...others
  } = fields
  const inRest = sets.filter(([[key]]) => key !== undefined && !ownFields.has(key))
  const rest = withSets(merged(state.rest, others), inRest) as Keyed
  return {
    ...state,
    ...(typeof slug === 'string' && { slug }),
    ...(typeof agent === 'string' && { agent }),
    ...('tutorial_started_at' in fields && { tutorial_started_at: asTime(tutorial_started_at) }),
    ...('last_interaction_at' in fields && { last_interaction_at: asTime(last_interaction_at) }),
    ...ofStudent(state, user_id, rest),
  }
}

/** What the state keeps by itself. */
const ownFields = new Set([
  ...['telemetry_id', 'user_id', 'slug', 'agent', 'tutorial_started_at', 'last_interaction_at'],
  ...['steps', 'workout_session'],
])

/** `''` is how LearnPack 5 shows that nobody is logged in; the owner stays. */
function ofStudent(state: State, user_id: unknown, rest: Keyed): Pick<State, 'user_id' | 'rest'> {
  if (user_id === '')
    return { user_id: state.user_id, rest: state.student === undefined ? { ...rest, user_id } : rest }
  const { user_id: shown, ...others } = rest
  const named = studentId.safeParse(user_id)
  if (named.success) return { user_id: state.user_id ?? named.data, rest: others }
  return { user_id: state.user_id, rest: user_id === null || shown === undefined ? others : rest }
}

const stepOf = ({ course = [] }: State, slug: string): CourseStep =>
  course.find((step) => step.slug === slug) ?? {
    slug,
    position: undefined,
    is_testeable: undefined,
    template: { slug },
  }

/** What the course says of a step; the rest is what happened in it. */
const ofCourse = new Set(['slug', 'position', 'files', 'is_testeable'])

function patchStep(state: State, slug: string, patch: Keyed, sets: Sets, last: readonly string[]): State {
  const { course = [] } = state
  const index = course.findIndex((step) => step.slug === slug)
  const step = course[index]
  const activity = state.activity.get(slug) ?? noActivity
  const { opened_at, completed_at } = activity
  const before: Keyed = { ...step?.template, ...activity.rest, opened_at, completed_at }
  const after = patchedFields(before, patch, sets, last)
  const changed = Object.entries(after).filter(([key, value]) => value !== own(before, key))
  const stays = ([key]: [string, unknown]): boolean => Object.hasOwn(after, key)
  const isOfTemplate = (key: string, value: unknown): boolean =>
    ofCourse.has(key) || (isAttemptList(key) && Array.isArray(value) && value.length === 0)

  const next: Activity = {
    ...activity,
    opened_at: asTime(own(after, 'opened_at')),
    completed_at: asTime(own(after, 'completed_at')),
    rest: Object.fromEntries([
      ...Object.entries(activity.rest).filter(([key]) => {
        const value = own(after, key)
        return Object.hasOwn(after, key) && !(value !== own(before, key) && isOfTemplate(key, value))
      }),
      ...changed.filter(
        ([key, value]) => !isOfTemplate(key, value) && key !== 'opened_at' && key !== 'completed_at',
      ),
    ]),
  }
  const withNext = { ...state, activity: new Map(state.activity).set(slug, next) }
  if (step === undefined) return withNext
  const template = Object.fromEntries([
    ...Object.entries(step.template).filter(stays),
    ...changed.filter(([key, value]) => isOfTemplate(key, value) && key !== 'slug'),
  ])
  const { position, is_testeable } = template
  const changedStep: CourseStep = {
    slug,
    position: asTime(position),
    is_testeable: typeof is_testeable === 'boolean' ? is_testeable : undefined,
    template,
  }
  return { ...withNext, course: course.with(index, changedStep) }
}

function patchedFields(before: Keyed, patch: Keyed, sets: Sets, last: readonly string[]): Keyed {
  const list = byHash(own(before, ELEMENTS))
  const ofElements = own(patch, ELEMENTS)
  const isByHash =
    list !== undefined && (isKeyed(ofElements) || last.length > 0 || below(sets, ELEMENTS).length > 0)
  if (!isByHash) return withSets(merged(before, patch), sets) as Keyed
  const keyed = { ...before, [ELEMENTS]: Object.fromEntries(list) }
  const after = withSets(merged(keyed, patch), sets) as Keyed
  const elements = own(after, ELEMENTS)
  if (!isKeyed(elements)) return after
  const order = elementOrder([...list.keys()], isKeyed(ofElements) ? ofElements : {})
  const inOrder = [...order.filter((hash) => !last.includes(hash)), ...last]
  const found = inOrder.filter((hash) => Object.hasOwn(elements, hash)).map((hash) => elements[hash])
  return { ...after, [ELEMENTS]: found }
}

function patchSessions(sessions: readonly Session[], patch: unknown, sets: Sets): readonly Session[] {
  if (!isKeyed(patch) && sets.length === 0) return sessions
  const changes = isKeyed(patch) ? patch : {}
  const patched = [...sessions.map((session, place) => ({ session, key: String(place) }))]
  for (const key of Object.keys(changes))
    if (key === String(patched.length))
      patched.push({ session: { started_at: 0, over: false, rest: {} }, key })
  return patched.flatMap(({ session, key }) => {
    const change = own(changes, key)
    const set = below(sets, key)
    if (change === null) return []
    return change === undefined && set.length === 0 ? [session] : [patchSession(session, change ?? {}, set)]
  })
}

/** What is told of a session now stands as it is told. */
function patchSession(session: Session, patch: unknown, sets: Sets): Session {
  const { started_at, ended_at, rest } = session
  const before: Keyed = { ...rest, started_at, ...(ended_at !== undefined && { ended_at }) }
  const { started_at: start, ended_at: end, ...others } = withSets(merged(before, patch), sets) as Keyed
  const ended = asTime(end)
  const isTold = isKeyed(patch) && 'ended_at' in patch
  return {
    ...session,
    started_at: asTime(start) ?? started_at,
    ended_at: ended,
    ...(isTold && { last: undefined, over: ended !== undefined, ended: ended !== undefined }),
    rest: others,
  }
}
