// Rule 7 of SPEC §4 by example: what an import is united with, and how. The laws are in laws.test.ts.

import { describe, expect, it } from 'vitest'
import { initialState, snapshot, type TelemetryEvent } from '../src/index'
import { fold } from '../src/fold/evolve'
import { event, jsonOf, on, started } from './support'

const shown = (...events: TelemetryEvent[]) => jsonOf(snapshot(fold(initialState, events)))
const imported = (file: object) =>
  event('import', 9_000, { data: { snapshot: { telemetry_id: 'theirs', steps: [], ...file } } })
const ended = (at: number) => event('session_end', at, { data: { reason: 'exit' } })
const ofStep = (step: object) => imported({ steps: [{ slug: '01-hello', ...step }] })
const stepOf = (...events: TelemetryEvent[]) =>
  shown(...events).steps.find(({ slug }) => slug === '01-hello')!
const sessionsOf = (...events: TelemetryEvent[]) => shown(...events).workout_session
const names = (attempts: readonly object[]) => attempts.map((attempt) => (attempt as { n: unknown }).n)

describe('of several files', () => {
  it('the latest names the course, as long as no session has started', () => {
    const first = imported({ slug: 'a', agent: 'os' })
    expect(shown(first, imported({}))).toMatchObject({ slug: 'a', agent: 'os' })
    expect(shown(first, imported({ slug: 'b', agent: 'vscode' }))).toMatchObject({
      slug: 'b',
      agent: 'vscode',
    })
    const named = imported({ slug: 'b', agent: 'emacs', steps: [{ slug: 'x' }] })
    expect(shown(started(1), named)).toMatchObject({ slug: 'intro-js', agent: 'vscode' })
    expect(shown(started(1), named).steps).toHaveLength(4)
  })

  it('the steps of the latest come first, then those it does not have', () => {
    const steps = (...slugs: string[]) => imported({ steps: slugs.map((slug) => ({ slug })) })
    const slugs = shown(steps('a', 'b', 'c'), steps('c', 'd', 'a')).steps.map(({ slug }) => slug)
    expect(slugs).toEqual(['c', 'd', 'a', 'b'])
  })

  it('unknown fields are kept but for the name, and those of the latest win', () => {
    const first = imported({ cohort_id: 1, fullname: 'Ana', steps: [{ slug: '01-hello', quiz: 1, more: 2 }] })
    const second = imported({ cohort_id: 2, steps: [{ slug: '01-hello', quiz: 3 }] })
    expect(shown(first, second)).toMatchObject({ cohort_id: 2 })
    expect(shown(first, second)).not.toHaveProperty('fullname')
    expect(stepOf(first, second)).toMatchObject({ quiz: 3, more: 2 })
  })
})

describe('times', () => {
  it('of the last interaction: the latest of both', () => {
    const last = (...events: TelemetryEvent[]) => shown(...events).last_interaction_at
    expect(last(started(1), on(1, 'compile', 5), imported({ last_interaction_at: 9 }))).toBe(9)
    expect(last(started(1), on(1, 'compile', 5), imported({ last_interaction_at: 3 }))).toBe(5)
    expect(last(started(1), on(1, 'compile', 5), imported({}))).toBe(5)
    expect(last(started(1), imported({ last_interaction_at: 3 }))).toBe(3)
  })

  it('of the beginning: what a file says that knows all our sessions, else the earlier of both', () => {
    const begun = (file: object) => shown(started(50), imported(file)).tutorial_started_at
    expect(begun({ tutorial_started_at: 70, workout_session: [{ started_at: 50 }] })).toBe(70)
    expect(begun({ workout_session: [{ started_at: 50 }] })).toBe(50)
    expect(begun({ tutorial_started_at: 70, workout_session: [{ started_at: 51 }] })).toBe(50)
    expect(begun({ tutorial_started_at: 30 })).toBe(30)
    expect(begun({})).toBe(50)
  })

  it('of a step: the earliest, and completion never regresses', () => {
    const ours = [started(1), on(1, 'open_step', 10), on(1, 'test', 20, { exit_code: 0 })]
    expect(stepOf(...ours, ofStep({ opened_at: 5, completed_at: 25 }))).toMatchObject({
      opened_at: 5,
      completed_at: 20,
    })
    expect(stepOf(...ours, ofStep({ opened_at: 15, completed_at: 12 }))).toMatchObject({
      opened_at: 10,
      completed_at: 12,
    })
    expect(stepOf(...ours, ofStep({}))).toMatchObject({ opened_at: 10, completed_at: 20 })
    expect(stepOf(started(1), ofStep({ opened_at: 5, completed_at: 6 }))).toMatchObject({
      opened_at: 5,
      completed_at: 6,
    })
  })
})

describe('attempts', () => {
  const one = (n: string, starting_at?: number) => ({ n, ...(starting_at !== undefined && { starting_at }) })
  const ours = (...attempts: object[]) => [started(1), ...attempts.map((data) => on(1, 'compile', 5, data))]
  const united = (mine: object[], theirs: object[]) =>
    names(stepOf(...ours(...mine), ofStep({ compilations: theirs })).compilations)

  it('that both have are one, whatever the order of their fields', () => {
    const theirs = { starting_at: 1, n: 'a' }
    expect(united([one('a', 1)], [theirs])).toEqual(['a'])
    expect(united([one('a', 1)], [theirs, theirs])).toEqual(['a', 'a'])
    expect(united([one('a', 1), one('a', 1)], [theirs])).toEqual(['a', 'a'])
  })

  it('keep the order of the list that holds all of the other', () => {
    expect(united([one('b', 9)], [one('a', 8), one('b', 9), one('c', 1)])).toEqual(['a', 'b', 'c'])
    expect(united([one('a', 8), one('b', 9), one('c', 1)], [one('c', 1), one('a', 8)])).toEqual([
      'a',
      'b',
      'c',
    ])
  })

  it('come in between by the time they began, where each list holds what the other does not', () => {
    expect(united([one('b', 2), one('d', 4)], [one('a', 1), one('c', 3), one('e', 5)])).toEqual([
      ...['a', 'b', 'c', 'd', 'e'],
    ])
    // Of two at the same moment that of the file comes first; one without a time waits for the end.
    expect(united([one('mine', 3)], [one('theirs', 3)])).toEqual(['theirs', 'mine'])
    expect(united([one('mine')], [one('a', 1), one('b', 2)])).toEqual(['a', 'b', 'mine'])
    expect(united([one('mine', 1)], [one('a'), one('b', 2)])).toEqual(['a', 'mine', 'b'])
    const spelled = { n: 'other', started_at: 1 }
    expect(united([spelled], [one('theirs', 2)])).toEqual(['other', 'theirs'])
    expect(united([{ n: 'noon', starting_at: 'noon' }], [one('theirs', 2)])).toEqual(['theirs', 'noon'])
  })

  it('are united in each of the three lists, also of a step that the course does not have', () => {
    const step = { tests: [one('t')], ai_interactions: [one('q')], compilations: [one('c')] }
    const united = stepOf(
      started(1),
      on(1, 'test', 5, one('t')),
      on(1, 'ai_interaction', 5, one('p')),
      ofStep(step),
    )
    expect([united.tests, united.ai_interactions, united.compilations].map(names)).toEqual([
      ['t'],
      ['q', 'p'],
      ['c'],
    ])
    const state = fold(initialState, [started(1), imported({ steps: [{ slug: 'gone', ...step }] })])
    expect(state.activity.get('gone')?.tests.length).toBe(1)
  })

  it('of a step that a file shows without them are none', () => {
    expect(stepOf(imported({ steps: [{ slug: '01-hello' }] }), imported({}))).toEqual({ slug: '01-hello' })
    expect(stepOf(ofStep({ tests: [one('a')] }), ofStep({ tests: [] }))).toEqual({
      slug: '01-hello',
      tests: [one('a')],
    })
  })
})

describe('sessions', () => {
  it('that began at the same moment are one, which ended at the later of both', () => {
    const file = (session: object) => imported({ workout_session: [{ started_at: 5, ...session }] })
    const ours = [started(5), on(1, 'compile', 8), ended(9)]
    expect(sessionsOf(...ours, file({ ended_at: 7 }))).toEqual([{ started_at: 5, ended_at: 8 }])
    expect(sessionsOf(...ours, file({ ended_at: 12 }))).toEqual([{ started_at: 5, ended_at: 12 }])
    expect(sessionsOf(...ours, file({ place: 'home' }))).toEqual([
      { started_at: 5, ended_at: 8, place: 'home' },
    ])
    expect(sessionsOf(file({ ended_at: 7, a: 1 }), file({ ended_at: 6, b: 2 }))).toEqual([
      { started_at: 5, ended_at: 7, a: 1, b: 2 },
    ])
  })

  it('of both come in order of time; only what a file left open is over for that', () => {
    const file = imported({ workout_session: [{ started_at: 1, ended_at: 2 }, { started_at: 9 }] })
    expect(sessionsOf(started(5), file)).toEqual([
      { started_at: 1, ended_at: 2 },
      { started_at: 5 },
      { started_at: 9 },
    ])
  })

  it('that ended here stays ended, whatever a file says', () => {
    const file = imported({ workout_session: [{ started_at: 5 }] })
    expect(sessionsOf(started(5), ended(9), file)).toEqual([{ started_at: 5, ended_at: 5 }])
  })

  it('left open by a file ended at its last interaction, if that was in it', () => {
    const open = (last_interaction_at: number) =>
      imported({ workout_session: [{ started_at: 5 }], last_interaction_at })
    const next = started(20)
    expect(sessionsOf(open(8), next)[0]).toEqual({ started_at: 5, ended_at: 8 })
    expect(sessionsOf(open(5), next)[0]).toEqual({ started_at: 5, ended_at: 5 })
    expect(sessionsOf(open(3), next)[0]).toEqual({ started_at: 5, ended_at: 5 })
    expect(sessionsOf(open(8))).toEqual([{ started_at: 5 }])
    const closed = imported({ workout_session: [{ started_at: 5, ended_at: 6 }], last_interaction_at: 8 })
    expect(sessionsOf(closed, next)[0]).toEqual({ started_at: 5, ended_at: 6 })
    const earlier = imported({
      workout_session: [{ started_at: 1 }, { started_at: 5 }],
      last_interaction_at: 8,
    })
    expect(sessionsOf(earlier, next).slice(0, 2)).toEqual([
      { started_at: 1, ended_at: 1 },
      { started_at: 5, ended_at: 8 },
    ])
  })
})
