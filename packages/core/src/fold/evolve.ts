// The whole truth of folding (SPEC §4): how one event changes the state. Pure; the input is never touched.

import type { StudentId } from '../ports'
import { isKnown } from '../events/events'
import type { EventOf, KnownEvent, StepEvent, TelemetryEvent } from '../events/events'
import { ATTEMPT_KINDS, byType, type AttemptList, type AttemptType } from '../events/attempt-kinds'
import { exitCodeOf } from './exit-code'
import { append } from './list'
import { noActivity, withoutAttempts } from './state'
import type { Activity, CourseStep, State, Unclaimed } from './state'
import { patchState } from './patch-state'
import { latest, unite } from './unite'
import { attemptOf } from './wire'

/**
 * What one event makes of the state (SPEC §4). Pure and cheap; the given state is not touched. The event must have been
 * checked, as `decodeLine` does. A log is folded from `initialState`. One whose id was folded before counts again: whoever reads a log drops it (`createFollower`).
 */
export function evolve(state: State, event: TelemetryEvent): State {
  const next = applied(state, event)
  const unclaimed = unclaimedAfter(state, event, next)
  return unclaimed === next.unclaimed ? next : { ...next, unclaimed }
}

const applied = (state: State, event: TelemetryEvent): State => ({
  ...(isKnown(event) ? apply(state, event) : state),
  last_event_id: event.id,
})

/** Folds `events` onto `state` by `evolve`, in the order given. A log is folded from `initialState`. */
export function fold(state: State, events: Iterable<TelemetryEvent>): State {
  for (const event of events) state = evolve(state, event)
  return state
}

function apply(state: State, event: KnownEvent): State {
  switch (event.type) {
    case 'session_start':
      return startSession(state, event)
    case 'session_end':
      return {
        ...state,
        sessions: state.sessions.map((s) => (s.id === event.session ? { ...s, over: true, ended: true } : s)),
      }
    case 'student_identified':
      return identify(state, event.data.user_id)
    case 'student_cleared':
      return { ...state, student: undefined }
    case 'session_moved':
      return moveSession(state, event)
    case 'patch':
      return state.tooLarge ? withoutAttempts(patchState(state, event.data)) : patchState(state, event.data)
    case 'import':
      return state.tooLarge
        ? withoutAttempts(unite(state, event.data.snapshot))
        : unite(state, event.data.snapshot)
    case 'open_step':
      return openStep(interact(state, event), event)
    case 'test':
      return completeIfPassed(addAttempt(interact(state, event), event), event)
    default:
      return addAttempt(interact(state, event), event)
  }
}

/**
 * Whose the work of a session is in which nobody is logged in is open until somebody logs in during that session, or it
 * is over (SPEC §4 rule 5). Until then the state is folded without it, too. Of several such sessions at once, those
 * started before the last one stay with the owner.
 */
function unclaimedAfter(before: State, event: TelemetryEvent, after: State): Unclaimed | undefined {
  if (after.user_id === undefined || after.student !== undefined) return undefined
  if (event.type === 'session_start') return { session: event.id, without: claimed(before) }
  if (event.type === 'student_cleared') return { session: event.session, without: claimed(after) }
  const { unclaimed } = after
  if (unclaimed === undefined) return undefined
  // What a file tells, nobody did just now.
  if (event.session !== unclaimed.session || event.type === 'import' || event.type === 'patch')
    return { ...unclaimed, without: applied(unclaimed.without, event) }
  return event.type === 'session_end' ? undefined : unclaimed
}

const claimed = (state: State): State => ({ ...state, unclaimed: undefined })

function identify(state: State, student: StudentId): State {
  // A file of LearnPack 5 showed that nobody was logged in.
  const { user_id: _, ...rest } = state.rest
  return { ...state, user_id: state.user_id ?? student, student, rest }
}

function moveSession(state: State, { session, data }: EventOf<'session_moved'>): State {
  const { unclaimed, moved = [] } = state
  const rest = unclaimed?.session === session ? unclaimed.without : claimed(state)
  return { ...rest, moved: new Set([...moved, ...data.events]) }
}

function startSession(state: State, { id, at, data }: EventOf<'session_start'>): State {
  const lists = emptyLists(optionalListsOf(state))
  return {
    ...state,
    telemetry_id: state.telemetry_id ?? data.telemetry_id,
    tutorial_started_at: state.tutorial_started_at ?? at,
    slug: data.slug,
    agent: data.agent,
    course: data.steps.map((step) => courseStepOf({ ...lists, ...step })),
    started: true,
    sessions: [
      ...state.sessions.map((session) => (session.over ? session : { ...session, over: true })),
      { id, started_at: at, over: false, rest: {} },
    ],
  }
}

/** Whoever reads the file of LearnPack 5 looks for a list of quizzes in every step. */
const optionalListsOf = ({ course = [] }: State) =>
  ATTEMPT_KINDS.filter(
    ({ list, isOptional }) =>
      isOptional && course.length > 0 && course.every(({ template }) => list in template),
  )

/** In stock's order, which is that of the alphabet. */
const emptyLists = (kinds: readonly { readonly list: AttemptList }[]) =>
  Object.fromEntries(
    kinds
      .map(({ list }) => list)
      .sort()
      .map((list) => [list, []]),
  )

/** What a host passes in steps includes fields of activity; the log tells those, not the course. */
function courseStepOf(step: EventOf<'session_start'>['data']['steps'][number]): CourseStep {
  const { slug, position, files = [], is_testeable = false, opened_at: _, completed_at: __, ...rest } = step
  // A course without a list that only some have keeps the shape it always had.
  const lists = ATTEMPT_KINDS.filter(({ list, isOptional }) => !isOptional || list in rest)
  return {
    slug,
    position,
    is_testeable,
    template: { slug, position, files, ...rest, ...emptyLists(lists), is_testeable },
  }
}

function interact(state: State, { at, session: id, step }: StepEvent): State {
  const index = state.sessions.findLastIndex((session) => session.id === id)
  const session = state.sessions[index]
  return {
    ...state,
    course: state.started ? state.course : impliedCourse(state.course ?? [], step),
    last_interaction_at: latest(state.last_interaction_at, at),
    sessions: session
      ? state.sessions.with(index, { ...session, last: latest(session.last, at) })
      : state.sessions,
    rest: without(state.rest, COURSE_NUMBERS),
    activity: withoutStepNumbers(state.activity, step.slug),
  }
}

/** What LearnPack 5 reckons from the rest: an event makes it stale. What it says behind the event comes in a patch. */
const COURSE_NUMBERS = ['global_metrics', 'global_indicators']
const STEP_NUMBERS = ['metrics', 'indicators']

function without<T extends Readonly<Record<string, unknown>>>(object: T, names: readonly string[]): T {
  if (!names.some((name) => name in object)) return object
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name))) as T
}

function withoutStepNumbers(activity: State['activity'], slug: string): State['activity'] {
  const step = activity.get(slug)
  const rest = step && without(step.rest, STEP_NUMBERS)
  return step === undefined || rest === step.rest
    ? activity
    : new Map(activity).set(slug, { ...step, rest: rest as Activity['rest'] })
}

/**
 * Where the line of the session start is lost, the events themselves tell which steps there are, though
 * not whether they are testeable.
 */
function impliedCourse(
  course: readonly CourseStep[],
  { slug, position }: StepEvent['step'],
): readonly CourseStep[] {
  if (course.some((step) => step.slug === slug)) return course
  const { template } = courseStepOf({ slug, position })
  return [...course, { slug, position, is_testeable: undefined, template }]
}

/** Opening a step completes the one left, unless that is testeable or the same (rule 2). */
function openStep(state: State, { at, step: { slug }, completes }: StepEvent): State {
  const opened = withActivity(state, slug, (activity) => ({
    ...activity,
    opened_at: activity.opened_at ?? at,
  }))
  const left = state.open
  const leaves =
    left !== slug &&
    completes !== false &&
    state.course?.some((step) => step.slug === left && step.is_testeable === false)
  return { ...(left !== undefined && leaves ? complete(opened, left, at) : opened), open: slug }
}

const listOfType = byType(({ list }) => list)

function addAttempt(state: State, event: EventOf<AttemptType>): State {
  if (state.tooLarge) return state
  const list = listOfType[event.type]
  return withActivity(state, event.step.slug, (activity) => ({
    ...activity,
    [list]: append(activity[list], attemptOf(event)),
  }))
}

/** The first passing test completes any step (rule 3). */
function completeIfPassed(state: State, { at, step, data, completes }: StepEvent): State {
  return exitCodeOf(data) === 0 && completes !== false ? complete(state, step.slug, at) : state
}

function complete(state: State, slug: string, at: number): State {
  return withActivity(state, slug, (activity) => ({ ...activity, completed_at: activity.completed_at ?? at }))
}

function withActivity(state: State, slug: string, change: (activity: Activity) => Activity): State {
  const activity = new Map(state.activity)
  return { ...state, activity: activity.set(slug, change(activity.get(slug) ?? noActivity)) }
}
