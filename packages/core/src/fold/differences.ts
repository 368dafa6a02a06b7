// What happened between what we know and a newer telemetry.json of the host's, as events (SPEC §12): the host keeps no
// log, so it posts or writes the whole of it at every event.

import { ATTEMPT_KINDS } from '../events/attempt-kinds'
import { doneAt, endOf, startOf } from './attempt-times'
import {
  EVENT_VERSION,
  sameStudent,
  type KnownEvent,
  type StepEvent,
  type StepEventType,
} from '../events/events'
import { fold } from './evolve'
import { completingNothingElse, idOf, stepRef } from './file-events'
import { toArray } from './list'
import { isKeyed, isSame } from './merge-patch'
import { snapshotPatch } from './snapshot-patch'
import type { Attempt, ImportedSnapshot, ImportedStep } from '../events/snapshot-schema'
import { stableJson } from './stable-json'
import { noActivity, type Session, type State } from './state'
import { attemptsIn, optionalLists } from './unite'
import { contentOf } from './wire'

/** How a newer file reached us. */
export interface Observed {
  /** When, epoch ms: the time of what it gives no time for. */
  readonly at: number
  /** Its host says now who is logged in, and knows every session: else it is a file, which logs nobody in. */
  readonly live: boolean
}

/**
 * The events that lead from `state` to `file`, in time order, with ids that depend on both alone: sessions, logins,
 * openings and attempts, and one patch for what those do not explain. Folded onto `state` they show `file`; what it no
 * longer holds stays. None where there is nothing new. Both are redacted, or neither is.
 */
export function differences(state: State, file: ImportedSnapshot, how: Observed): KnownEvent[] {
  const found = [
    ...sessionEvents(state, file),
    ...(how.live ? studentEvents(state, file, how) : []),
    ...openings(state, file),
    ...attempts(state, file, how),
  ]
  const events = completingNothingElse(
    state,
    found.sort(inTime).map(({ event }) => event),
    file,
  )
  const after = fold(state, events)
  const known = new Set(sessionIds(file))
  const isOurs = ({ id }: Session): boolean => how.live && id !== undefined && !known.has(id)
  const data = snapshotPatch(after, file, isOurs)
  if (data === undefined) return events
  const id = idOf(file, toldAt(file), 'patch', state.last_event_id, stableJson(data))
  return [
    ...events,
    { v: EVENT_VERSION, id, at: how.at, session: sessionIds(file).at(-1) ?? id, type: 'patch', data },
  ]
}

/** Two events of the same moment are in the order of these. */
const RANKS = ['session_end', 'session_start', 'student_cleared', 'student_identified', 'open_step']

interface Found {
  readonly event: KnownEvent
  readonly rank: number
}

const found = (event: KnownEvent): Found => {
  const rank = RANKS.indexOf(event.type)
  return { event, rank: rank < 0 ? RANKS.length : rank }
}

const inTime = (a: Found, b: Found): number => a.event.at - b.event.at || a.rank - b.rank

/** The latest moment the file tells of. */
const toldAt = ({ last_interaction_at, tutorial_started_at }: ImportedSnapshot): number =>
  last_interaction_at ?? tutorial_started_at ?? 0

// ---- sessions ----

/** The ids of the file's sessions, in its order: the same for every version of it. */
export function sessionIds(file: ImportedSnapshot): string[] {
  const seen = new Map<number, number>()
  return (file.workout_session ?? []).map(({ started_at }) => {
    const nth = seen.get(started_at) ?? 0
    seen.set(started_at, nth + 1)
    return idOf(file, started_at, 'session', nth)
  })
}

/** The session of the file that was going on at `at`. */
function sessionAt(file: ImportedSnapshot, at: number): string | undefined {
  const index = (file.workout_session ?? []).findLastIndex(({ started_at }) => started_at <= at)
  return sessionIds(file).at(index)
}

function sessionEvents({ sessions }: State, file: ImportedSnapshot): Found[] {
  const { telemetry_id, slug = '', agent = '', workout_session = [] } = file
  const ids = sessionIds(file)
  const waiting = [...sessions]
  const events: KnownEvent[] = []
  workout_session.forEach(({ started_at, ended_at }, index) => {
    const id = ids[index] as string
    const place = waiting.findIndex((session) => session.started_at === started_at)
    const [ours] = place < 0 ? [] : waiting.splice(place, 1)
    if (ours === undefined) {
      const data = { telemetry_id, slug, agent, steps: courseOf(file) }
      events.push({ v: EVENT_VERSION, id, at: started_at, session: id, type: 'session_start', data })
    }
    const isOpen = ours === undefined ? true : ours.id === id && !ours.over && ours.ended_at === undefined
    if (ended_at === undefined || !isOpen) return
    const at = Math.max(started_at, ended_at)
    const data = { reason: 'left' }
    events.push({
      v: EVENT_VERSION,
      id: idOf(file, at, 'end', id),
      at,
      session: id,
      type: 'session_end',
      data,
    })
  })
  return events.map(found)
}

/** The course of a file, as a session start tells it: what happened in its steps comes by itself. */
const courseOf = ({ steps }: ImportedSnapshot) =>
  steps.map((step, index) => {
    const { files, is_testeable } = step
    return {
      ...stepRef(step, index),
      ...(files && { files }),
      ...(is_testeable !== undefined && { is_testeable }),
      ...optionalLists(step),
    }
  })

// ---- who is logged in ----

function studentEvents(state: State, file: ImportedSnapshot, { at: now }: Observed): Found[] {
  const { user_id, workout_session = [] } = file as { user_id?: string | number } & ImportedSnapshot
  if (user_id === undefined) return []
  const start = workout_session.at(-1)?.started_at
  // The host looks who is there when a session starts.
  const isNew = start !== undefined && !state.sessions.some(({ started_at }) => started_at === start)
  const at = isNew ? start : now
  const id = idOf(file, toldAt(file), 'student', user_id, state.last_event_id)
  const envelope = { v: EVENT_VERSION, id, at, session: sessionIds(file).at(-1) ?? id }
  if (user_id === '')
    return state.student === undefined ? [] : [found({ ...envelope, type: 'student_cleared', data: {} })]
  if (sameStudent(state.student, user_id)) return []
  return [found({ ...envelope, type: 'student_identified', data: { user_id } })]
}

// ---- what was done in steps ----

function openings(state: State, file: ImportedSnapshot): Found[] {
  return file.steps.flatMap((step, index) => {
    const { slug, opened_at: at } = step
    if (at === undefined || state.activity.get(slug)?.opened_at !== undefined) return []
    return [stepEvent(file, step, index, at, 'open_step', { data: {} }, idOf(file, at, 'open_step', slug))]
  })
}

function attempts(state: State, file: ImportedSnapshot, { at: now }: Observed): Found[] {
  return file.steps.flatMap((step, index) =>
    ATTEMPT_KINDS.flatMap(({ list, type }) => {
      const ours = (state.activity.get(step.slug) ?? noActivity)[list]
      const theirs = attemptsIn(step, list) ?? []
      let earliest = -Infinity
      return newAttempts(toArray(ours), theirs).map(({ attempt, nth }) => {
        // Their order in the list stands, whatever their times say.
        const at = (earliest = Math.max(earliest, doneAt(attempt) ?? now))
        const id = idOf(file, at, type, step.slug, nth, stableJson(attempt))
        return stepEvent(file, step, index, at, type, contentOf(type, attempt), id)
      })
    }),
  )
}

function stepEvent(
  file: ImportedSnapshot,
  step: ImportedStep,
  index: number,
  at: number,
  type: StepEventType,
  content: Pick<StepEvent, 'data'>,
  id: string,
): Found {
  const session = sessionAt(file, at) ?? id
  return found({
    ...{ v: EVENT_VERSION, id, at, session, type, step: stepRef(step, index) },
    ...content,
  } as StepEvent)
}

/** Those of `theirs` that are not among `ours`, as often as there are more of them; `nth` among equal ones. */
export function newAttempts(
  ours: readonly Attempt[],
  theirs: readonly Attempt[],
): { readonly attempt: Attempt; readonly nth: number }[] {
  let same = 0
  while (same < ours.length && same < theirs.length && isSameAttempt(ours[same], theirs[same])) same++
  if (same === theirs.length) return []
  const counts = new Map<string, number>()
  for (const attempt of ours.slice(same)) add(counts, stableJson(attempt))
  const seen = new Map<string, number>()
  const before = ours.slice(0, same).map(stableJson)
  for (const key of before) add(seen, key)
  return theirs.slice(same).flatMap((attempt) => {
    const key = stableJson(attempt)
    const nth = add(seen, key)
    const waiting = counts.get(key) ?? 0
    if (waiting === 0) return [{ attempt, nth }]
    counts.set(key, waiting - 1)
    return []
  })
}

function add(counts: Map<string, number>, key: string): number {
  const count = counts.get(key) ?? 0
  counts.set(key, count + 1)
  return count
}

/** Equal, but that texts may differ where it has times: rules of redaction change, attempts that are over do not. */
function isSameAttempt(a: unknown, b: unknown): boolean {
  if (isSame(a, b)) return true
  if (!isKeyed(a) || !isKeyed(b) || startOf(a) === undefined || endOf(a) === undefined) return false
  return isSame(withoutTexts(a), withoutTexts(b))
}

const withoutTexts = (value: unknown): unknown => {
  if (typeof value === 'string') return ''
  if (Array.isArray(value)) return value.map(withoutTexts)
  if (!isKeyed(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutTexts(inner)]))
}
