// The history of a telemetry.json that has no log: the events that led to it, as far as it tells them.
// Sessions, openings and attempts become events of their own; what the file does not tell (who logged in
// when, how a session ended) is left to the import that concludes. Folded, the whole is the file again.

import { ATTEMPT_KINDS, isAttemptList } from '../events/attempt-kinds'
import { doneAt } from './attempt-times'
import { EVENT_VERSION, type KnownEvent, type StepEvent, type StepEventType } from '../events/events'
import { exitCodeOf, isRun, withExitCode } from './exit-code'
import { completingNothingElse, idOf, stepRef } from './file-events'
import type { Attempt, ImportedSnapshot, ImportedStep } from '../events/snapshot-schema'
import { stableJson } from './stable-json'
import { initialState } from './state'
import { attemptsIn, optionalLists } from './unite'
import { contentOf } from './wire'

/**
 * The events behind `file`, in time order, with ids that depend on nothing but `file`. Folded from `initialState`,
 * they give `file` again; what events cannot tell is left to the import they end with.
 *
 * Times are the file's own. An attempt stands at its end; the passing test that completed a step at the
 * moment of that completion; an attempt without times right behind what came before it in its step.
 */
export function history(file: ImportedSnapshot): KnownEvent[] {
  const sessions = sessionStarts(file)
  const outside = conclusionId(file)
  const facts = [...openings(file), ...attempts(file)].map((event) => ({
    ...event,
    session: sessionAt(file, event.at) ?? outside,
  }))
  const inOrder = [...sessions, ...facts].sort((a, b) => a.at - b.at)
  const events = completingNothingElse(initialState, inOrder, file)
  const left = leftOpen(file, outside, events.at(-1))
  return [...events, ...left, conclusion(file, outside, events.at(-1))]
}

function sessionStarts(file: ImportedSnapshot): KnownEvent[] {
  const { telemetry_id, slug = '', agent = '' } = file
  const steps = file.steps.map((step, index) => ({
    ...Object.fromEntries(Object.entries(step).filter(([key]) => !isAttemptList(key))),
    ...optionalLists(step),
    ...stepRef(step, index),
  }))
  return (file.workout_session ?? []).map(({ started_at: at }, index) => {
    const id = sessionId(file, index, at)
    return {
      v: EVENT_VERSION,
      id,
      at,
      session: id,
      type: 'session_start',
      data: { telemetry_id, slug, agent, steps },
    }
  })
}

/** A session that nothing ended, though another one began: its end, which that beginning told, is taken back. */
function leftOpen(file: ImportedSnapshot, id: string, last: KnownEvent | undefined): KnownEvent[] {
  const sessions = file.workout_session ?? []
  const open = sessions.slice(0, -1).flatMap(({ ended_at }, index) => (ended_at === undefined ? [index] : []))
  if (open.length === 0 || last === undefined) return []
  const patch = { workout_session: Object.fromEntries(open.map((index) => [index, { ended_at: null }])) }
  const { at, session } = last
  return [{ v: EVENT_VERSION, id: idOf(file, at, 'patch', id), at, session, type: 'patch', data: { patch } }]
}

const sessionId = (file: ImportedSnapshot, index: number, at: number): string =>
  idOf(file, at, 'session', index)

/** The session going on at `at`, if the file knows of one. */
function sessionAt(file: ImportedSnapshot, at: number): string | undefined {
  const sessions = file.workout_session ?? []
  const index = sessions.findLastIndex(({ started_at }) => started_at <= at)
  const session = sessions[index]
  const goingOn = session && (session.ended_at === undefined || at <= session.ended_at)
  return goingOn ? sessionId(file, index, session.started_at) : undefined
}

function openings(file: ImportedSnapshot): StepEvent[] {
  return file.steps.flatMap((step, index) =>
    step.opened_at === undefined ? [] : [stepEvent(file, step, index, step.opened_at, 'open_step', {}, 0)],
  )
}

function attempts(file: ImportedSnapshot): StepEvent[] {
  return file.steps.flatMap((step, index) =>
    ATTEMPT_KINDS.flatMap(({ list, type }) => {
      const all = attemptsIn(step, list) ?? []
      const completing = type === 'test' ? completingTest(step, all) : -1
      let earliest = step.opened_at ?? file.tutorial_started_at ?? 0
      return all.map((attempt, nth) => {
        const end = nth === completing ? step.completed_at : doneAt(attempt)
        const at = Math.min(Math.max(earliest, end ?? earliest), file.last_interaction_at ?? Infinity)
        earliest = at
        return stepEvent(file, step, index, at, type, attempt, nth)
      })
    }),
  )
}

/** The last passing test that had ended when the step was completed. */
function completingTest({ completed_at }: ImportedStep, tests: readonly Attempt[]): number {
  if (completed_at === undefined) return -1
  return tests.findLastIndex(
    (test) => exitCodeOf(test) === 0 && (doneAt(test) ?? completed_at) <= completed_at,
  )
}

function stepEvent(
  file: ImportedSnapshot,
  step: ImportedStep,
  index: number,
  at: number,
  type: StepEventType,
  attempt: Attempt,
  nth: number,
): StepEvent {
  const told = isRun(type) ? withExitCode(attempt) : attempt
  return {
    v: EVENT_VERSION,
    id: idOf(file, at, type, step.slug, nth, stableJson(attempt)),
    at,
    session: '',
    type,
    step: stepRef(step, index),
    ...contentOf(type, told),
  } as StepEvent
}

/** The latest moment the file tells of. */
function conclusionAt({ workout_session = [], steps, ...file }: ImportedSnapshot): number {
  const times = [
    file.last_interaction_at,
    file.tutorial_started_at,
    ...workout_session.map(({ started_at }) => started_at),
    ...steps.map(({ opened_at }) => opened_at),
  ]
  return times.reduce<number>((latest, at) => Math.max(latest, at ?? 0), 0)
}

const conclusionId = (file: ImportedSnapshot): string =>
  idOf(file, conclusionAt(file), 'import', stableJson(file))

function conclusion(file: ImportedSnapshot, id: string, last: KnownEvent | undefined): KnownEvent {
  const at = Math.max(conclusionAt(file), last?.at ?? 0)
  return { v: EVENT_VERSION, id, at, session: last?.session ?? id, type: 'import', data: { snapshot: file } }
}
