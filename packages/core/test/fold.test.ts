// The folding rules of SPEC §4, one by one: given events, then this is shown.

import { describe, expect, it } from 'vitest'
import { evolve, history, initialState, snapshot, type TelemetryEvent } from '../src/index'
import { fold } from '../src/fold/evolve'
import { course, event, jsonOf, on, sample, started, TELEMETRY_ID } from './support'

const shown = (...events: TelemetryEvent[]) => jsonOf(snapshot(fold(initialState, events)))
const importOf = (file: object, at = 9_000) =>
  event('import', at, { data: { snapshot: { telemetry_id: 'theirs', steps: [], ...file } } })
const identified = (user_id: string | number) => event('student_identified', 1, { data: { user_id } })
const second = (at: number, slug = 'intro-js', steps = course.steps) =>
  event('session_start', at, {
    id: 'second',
    session: 'second',
    data: { ...course, slug, steps, telemetry_id: 'other' },
  })

describe('rule 1: sessions', () => {
  it('the first start sets telemetry_id and tutorial_started_at', () => {
    expect(shown(started(5), second(9))).toMatchObject({ telemetry_id: TELEMETRY_ID, tutorial_started_at: 5 })
  })

  it('a session shows its end once it has ended, at its last interaction', () => {
    const open = on(1, 'open_step', 7)
    expect(shown(started(5), open).workout_session).toEqual([{ started_at: 5 }])
    const end = event('session_end', 100, { data: { reason: 'exit' } })
    expect(shown(started(5), open, end).workout_session).toEqual([{ started_at: 5, ended_at: 7 }])
    expect(shown(started(5), end).workout_session).toEqual([{ started_at: 5, ended_at: 5 }])
  })

  it('a session never ends before it starts, also when its clock was set back', () => {
    const end = event('session_end', 3, { data: { reason: 'exit' } })
    expect(shown(started(5), on(1, 'open_step', 2), end).workout_session).toEqual([
      { started_at: 5, ended_at: 5 },
    ])
  })

  it('of two that overlap, each ends at its own last interaction', () => {
    const mine = on(1, 'open_step', 20)
    const theirs = { ...on(2, 'open_step', 15), session: 'second' }
    expect(shown(started(5), second(10), mine, theirs).workout_session).toEqual([
      { started_at: 5, ended_at: 20 },
      { started_at: 10 },
    ])
  })

  it('that ends late, when another goes on, ends alone', () => {
    const end = event('session_end', 100, { data: { reason: 'exit' } })
    expect(shown(started(5), second(10), end).workout_session).toEqual([
      { started_at: 5, ended_at: 5 },
      { started_at: 10 },
    ])
  })

  it('one that a file left open ends at the last interaction of that file', () => {
    const file = { workout_session: [{ started_at: 5 }], last_interaction_at: 8 }
    expect(shown(importOf(file), second(20)).workout_session).toEqual([
      { started_at: 5, ended_at: 8 },
      { started_at: 20 },
    ])
  })

  it('one that a file left open ends when ours is a later one', () => {
    expect(shown(started(100), importOf({ workout_session: [{ started_at: 50 }] })).workout_session).toEqual([
      { started_at: 50, ended_at: 50 },
      { started_at: 100 },
    ])
  })

  it('two that a file left open at the same moment both stay as it says', () => {
    const file = importOf({ workout_session: [{ started_at: 5 }, { started_at: 5 }] })
    const open = [{ started_at: 5 }, { started_at: 5 }]
    expect(shown(file).workout_session).toEqual(open)
    expect(shown(started(5), file, file).workout_session).toEqual(open)
    expect(shown(file, second(9)).workout_session).toEqual([
      { started_at: 5, ended_at: 5 },
      { started_at: 5, ended_at: 5 },
      { started_at: 9 },
    ])
  })
})

describe('rule 4: the last interaction', () => {
  it('is the latest of what happens in a step, and of nothing else', () => {
    expect(shown(started(5))).not.toHaveProperty('last_interaction_at')
    const of = (...events: TelemetryEvent[]) => shown(started(5), ...events).last_interaction_at
    expect([
      of(on(1, 'open_step', 7)),
      of(on(1, 'compile', 8)),
      of(on(2, 'test', 9)),
      of(on(1, 'ai_interaction', 10)),
      of(on(1, 'quiz_submission', 11)),
    ]).toEqual([7, 8, 9, 10, 11])
    expect(of(on(1, 'compile', 9), on(1, 'compile', 8))).toBe(9)
    expect(of(on(1, 'compile', 9), event('session_end', 50, { data: { reason: 'x' } }))).toBe(9)
  })
})

describe('rule 5: owners', () => {
  it('the first student stays the owner, the last one is logged in', () => {
    const state = fold(initialState, [started(1), identified('ana'), identified('ben')])
    expect(state).toMatchObject({ user_id: 'ana', student: 'ben' })
    const loggedOut = evolve(state, event('student_cleared', 5))
    expect([loggedOut.user_id, loggedOut.student]).toEqual(['ana', undefined])
  })

  it('an import changes neither owner nor telemetry_id, and gives both to who has none', () => {
    const file = importOf({ user_id: 'ben' })
    expect(shown(started(1), identified('ana'), file)).toMatchObject({
      telemetry_id: TELEMETRY_ID,
      user_id: 'ana',
    })
    expect(shown(file)).toMatchObject({ telemetry_id: 'theirs', user_id: 'ben' })
  })
})

describe('rule 6: the course', () => {
  const steps = [
    { slug: 'new', position: 0 },
    { ...course.steps[1]!, position: 1, is_testeable: true },
  ]

  it('of the last start wins; activity goes and comes back with its slug', () => {
    const worked = [started(1), on(2, 'compile', 2, { stdout: 'x' }), on(1, 'open_step', 3)]
    const other = shown(...worked, second(9, 'renamed', steps))
    expect(other).toMatchObject({
      slug: 'renamed',
      steps: [{ slug: 'new' }, { slug: '01-hello', opened_at: 3, is_testeable: true }],
    })
    expect(shown(...worked, second(9, 'renamed', steps), second(10)).steps[2]).toMatchObject({
      slug: '02-add',
      compilations: [{ stdout: 'eA==' }],
    })
  })

  it('may say no more of a step than its slug and position: then it has no files and is not testeable', () => {
    const bare = second(1, 'x', [{ slug: '01-hello', position: 1 }])
    const open = { ...on(1, 'open_step', 2), session: 'second' }
    expect(shown(bare).steps).toEqual([
      {
        ...{ slug: '01-hello', position: 1, files: [], is_testeable: false },
        ...{ ai_interactions: [], compilations: [], tests: [] },
      },
    ])
    const other = { ...on(2, 'open_step', 3), session: 'second' }
    expect(shown(bare, open, other).steps[0]).toMatchObject({ opened_at: 2, completed_at: 3 })
  })

  it('that a host passes with activity in it is taken without: the log tells that', () => {
    const withActivity = { ...course.steps[0]!, tests: [{ exit_code: 0 }], opened_at: 5, completed_at: 6 }
    const [step] = shown(second(9, 'x', [withActivity])).steps
    expect(step).toMatchObject({ tests: [], compilations: [], ai_interactions: [] })
    expect(step).not.toHaveProperty('opened_at')
    expect(step).not.toHaveProperty('completed_at')
  })

  it('keeps the unknown fields of an imported step through a start', () => {
    const file = { steps: [{ slug: '01-hello', quiz_submissions: [1] }] }
    expect(shown(importOf(file), started(9)).steps[1]).toMatchObject({
      slug: '01-hello',
      quiz_submissions: [1],
    })
    expect(shown(started(9), importOf(file)).steps[1]).toMatchObject({ position: 1, quiz_submissions: [1] })
  })

  it('whose line was lost is told by the events, which complete nothing', () => {
    const events = [on(1, 'open_step', 2), on(2, 'compile', 3, { exit_code: 0 }), on(2, 'open_step', 4)]
    expect(shown(...events).steps).toMatchObject([
      { slug: '01-hello', position: 1, opened_at: 2 },
      { slug: '02-add', position: 2, opened_at: 4, compilations: [{ exit_code: 0 }] },
    ])
    expect(shown(...events).steps[0]).not.toHaveProperty('completed_at')
    expect(shown(...events, started(9)).steps).toHaveLength(4)
  })
})

describe('the last event folded in', () => {
  it('is named also when its type is unknown', () => {
    expect(evolve(initialState, event('odd', 1, { id: 'x' })).last_event_id).toBe('x')
  })
})

describe('the history of the sample', () => {
  it('puts sessions, openings and attempts where they were', () => {
    const events = history(sample)
    const [first, , , , , , , end] = events
    expect(events.map(({ type, at }) => [type, at])).toEqual([
      ['session_start', 1718211567826],
      ['open_step', 1718211866688],
      ['open_step', 1718211875020],
      ['compile', 1718211886645],
      ['test', 1718211893606],
      ['test', 1718211913734],
      ['session_start', 1718211952333],
      ['import', 1718211952333],
    ])
    expect(events.slice(0, 6).every(({ session }) => session === first!.id)).toBe(true)
    expect(end!.session).toBe(events[6]!.id)
    // The step is completed in the middle of the replay, not only at its end.
    expect(shown(...events.slice(0, 5)).steps[1]).toMatchObject({ completed_at: 1718211893606 })
  })

  it('gives the test that completed a step the moment of the completion', () => {
    const tests = [
      { exit_code: 1, ended_at: 20 },
      { exit_code: 0, ended_at: 30 },
      { exit_code: 0, ended_at: 99 },
    ]
    const file = {
      telemetry_id: 'x',
      tutorial_started_at: 1,
      last_interaction_at: 99,
      steps: [{ slug: 'a', tests, opened_at: 10, completed_at: 33 }],
    }
    expect(history(file).map(({ type, at }) => [type, at])).toEqual([
      ['open_step', 10],
      ['test', 20],
      ['test', 33],
      ['test', 99],
      ['import', 99],
    ])
  })

  it('names other content by other ids', () => {
    const ids = (file: object) => history({ ...sample, ...file }).map(({ id }) => id)
    expect(ids({}).slice(0, -1)).toEqual(ids({ cohort_id: 9 }).slice(0, -1))
    expect(ids({}).at(-1)).not.toBe(ids({ cohort_id: 9 }).at(-1))
    for (const id of ids({}))
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })
})

describe('a quiz', () => {
  const quiz = {
    status: 'SUCCESS',
    percentage: 100,
    quiz_hash: 'h',
    selections: [],
    started_at: 1,
    ended_at: 2,
  }

  it('is kept in order beside the attempts of its step, completes nothing, and is plain text', () => {
    const failed = { ...quiz, status: 'ERROR', stdout: 'é' }
    const { steps: shownSteps } = shown(
      started(1),
      on(1, 'quiz_submission', 5, failed),
      on(1, 'quiz_submission', 6, quiz),
    )
    expect(shownSteps[1]).toMatchObject({ quiz_submissions: [failed, quiz] })
    expect(shownSteps[1]).not.toHaveProperty('completed_at')
    expect(shownSteps[0]).not.toHaveProperty('quiz_submissions')
  })

  it('has an empty list where the course is told with one', () => {
    const told = event('session_start', 1, {
      data: {
        telemetry_id: 't',
        slug: 's',
        agent: 'os',
        steps: [{ slug: 'a', position: 0, quiz_submissions: [quiz] }],
      },
    })
    expect(shown(told).steps).toMatchObject([{ quiz_submissions: [] }])
  })
})
