// The history of a file that has no log: what is made of each thing it tells. The laws are in laws.test.ts.

import { describe, expect, it } from 'vitest'
import { decodedAttempt, history, type ImportedSnapshot } from '../src/index'
import { fromWire, streamBody, toWire } from '../src/fold/wire'
import { initialState, snapshot } from '../src/index'
import { fold } from '../src/fold/evolve'
import { on } from './support'

const fileOf = (file: object): ImportedSnapshot => ({ telemetry_id: 'x', steps: [], ...file }) as never
const told = (file: object) => history(fileOf(file))
const stepEvents = (step: object, file: object = {}) =>
  told({ steps: [{ slug: 'a', ...step }], ...file }).slice(0, -1)
const times = (step: object, file: object = {}) => stepEvents(step, file).map(({ type, at }) => [type, at])

describe('a session', () => {
  const steps = [{ slug: 'a', position: -3, files: [1], tests: [{ exit_code: 1 }] }, { slug: 'b' }]

  it('that nothing ended, though another one began, stays open', () => {
    const sessions = [{ started_at: 5 }, { started_at: 5 }, { started_at: 9, ended_at: 10 }]
    const events = told({ tutorial_started_at: 5, workout_session: sessions })
    expect(snapshot(fold(initialState, events)).workout_session).toEqual(sessions)
  })

  it('starts with the course as the file shows it, without what happened in it', () => {
    const file = { slug: 'intro', agent: 'os', steps, workout_session: [{ started_at: 5 }] }
    const start = told(file).find(({ type }) => type === 'session_start')
    expect(start).toEqual({
      v: 1,
      id: start!.id,
      at: 5,
      session: start!.id,
      type: 'session_start',
      data: {
        telemetry_id: 'x',
        slug: 'intro',
        agent: 'os',
        steps: [
          { slug: 'a', position: 0, files: [1] },
          { slug: 'b', position: 1 },
        ],
      },
    })
    expect(told({ workout_session: [{ started_at: 5 }] })[0]).toMatchObject({ data: { slug: '', agent: '' } })
  })

  it('holds what happened from its start to its end; what was in none is of the import', () => {
    const workout_session = [
      { started_at: 10, ended_at: 20 },
      { started_at: 30, ended_at: 40 },
      { started_at: 50 },
    ]
    const at = [9, 10, 20, 21, 30, 40, 41, 50, 99]
    const file = { workout_session, steps: at.map((opened_at) => ({ slug: `s${opened_at}`, opened_at })) }
    const events = told(file)
    const starts = events.filter(({ type }) => type === 'session_start').map(({ id }) => id)
    const conclusion = events.at(-1)!
    expect(new Set([...starts, conclusion.id]).size).toBe(4)
    const opened = events.filter(({ type }) => type === 'open_step')
    expect(opened.map(({ session }) => starts.indexOf(session))).toEqual([-1, 0, 0, -1, 1, 1, -1, 2, 2])
    for (const { session } of opened) if (!starts.includes(session)) expect(session).toBe(conclusion.id)
    // It is of the session that was going on last.
    expect(conclusion.session).toBe(starts[2])
  })

  it('that starts at the same moment as another has an id of its own', () => {
    const [first, second] = told({ workout_session: [{ started_at: 5 }, { started_at: 5 }] })
    expect(first!.id).not.toBe(second!.id)
  })
})

describe('an attempt', () => {
  it('stands at its end, under either name, else at its start, under either name', () => {
    const compilations = [
      { ended_at: 20, starting_at: 1 },
      { ending_at: 30 },
      { starting_at: 40 },
      { started_at: 50 },
    ]
    expect(times({ compilations }).map(([, at]) => at)).toEqual([20, 30, 40, 50])
  })

  it('without a time, or with one that is none, stands behind what came before it in its list', () => {
    const compilations = [
      {},
      { ended_at: 20 },
      { ended_at: 'noon' },
      { ended_at: 20.5 },
      { ended_at: 10 },
      {},
    ]
    expect(times({ compilations, opened_at: 5 }).map(([, at]) => at)).toEqual([5, 5, 20, 20, 20, 20, 20])
    expect(times({ compilations: [{}] }, { tutorial_started_at: 7 })).toEqual([['compile', 7]])
    expect(times({ compilations: [{}] })).toEqual([['compile', 0]])
  })

  it('never stands behind the last interaction that the file tells of', () => {
    expect(times({ tests: [{ ended_at: 99 }] }, { last_interaction_at: 50 })).toEqual([['test', 50]])
  })

  it('is of its list', () => {
    const attempt = { ended_at: 5, stdout: 'eA==', source_code: 'eQ==' }
    const events = stepEvents({
      position: 4,
      compilations: [attempt],
      tests: [attempt],
      ai_interactions: [attempt],
    })
    expect(events).toMatchObject([
      { type: 'compile', step: { slug: 'a', position: 4 }, data: { stdout: 'x', source_code: 'y' } },
      { type: 'test', data: { stdout: 'x', source_code: 'y' } },
      { type: 'ai_interaction', data: { stdout: 'eA==', source_code: 'y' } },
    ])
    for (const event of events) expect(event).not.toHaveProperty('wire')
    expect(stepEvents({ position: -1, opened_at: 1 })).toMatchObject([{ step: { position: 0 } }])
  })
})

describe('base64 that is not of text', () => {
  it('is kept as it was found', () => {
    const file = {
      telemetry_id: 'x',
      steps: [{ slug: 'a', compilations: [{ stdout: '//8=', exit_code: 0 }] }],
    }
    const events = history(file as never)
    expect(events[0]).toMatchObject({ type: 'compile', wire: true, data: { stdout: '//8=' } })
    expect(snapshot(fold(initialState, events)).steps[0]?.compilations).toEqual([
      { stdout: '//8=', exit_code: 0 },
    ])
  })
})

describe('the test that completed a step', () => {
  const completed = (tests: object[], completed_at?: number) =>
    stepEvents({ tests, opened_at: 1, completed_at }).slice(1)

  it('is the last that had passed by then', () => {
    const tests = [
      { exit_code: 0, ended_at: 10 },
      { exit_code: 0, ended_at: 20 },
      { exit_code: 1, ended_at: 25 },
      { exit_code: 0, ended_at: 30 },
    ]
    expect(completed(tests, 29).map(({ at }) => at)).toEqual([10, 29, 29, 30])
    expect(completed(tests, 30).map(({ at }) => at)).toEqual([10, 20, 25, 30])
    expect(completed(tests).map(({ at }) => at)).toEqual([10, 20, 25, 30])
  })

  it('may be one without a time', () => {
    expect(completed([{ exit_code: 0 }], 30).map(({ at }) => at)).toEqual([30])
  })

  it('alone completes it: what passed before, or where nothing was completed, is marked', () => {
    const pass = (ended_at: number) => ({ exit_code: 0, ended_at })
    const marks = (...told: Parameters<typeof completed>) =>
      completed(...told).map((event) => 'completes' in event && event.completes === false)
    expect(marks([pass(10), pass(20)], 20)).toEqual([true, false])
    expect(marks([pass(10)])).toEqual([true])
    expect(marks([{ exit_code: 1, ended_at: 10 }])).toEqual([false])
  })
})

describe('the conclusion', () => {
  it.each([
    [{ last_interaction_at: 9, tutorial_started_at: 5 }, 9],
    [{ tutorial_started_at: 5 }, 5],
    [{ workout_session: [{ started_at: 7 }], tutorial_started_at: 5 }, 7],
    [{ steps: [{ slug: 'a', opened_at: 8 }], tutorial_started_at: 5 }, 8],
    [{ steps: [{ slug: 'a', tests: [{ ended_at: 8 }] }], tutorial_started_at: 5 }, 8],
    [{}, 0],
  ])('of %j is at %i', (file, at) => {
    expect(told(file).at(-1)).toMatchObject({ type: 'import', at, data: { snapshot: file } })
  })
})

describe('the wire form', () => {
  const data = { source_code: 'x', stdout: '', stderr: 7, student_message: 'y', exit_code: 0 }

  it('is base64 of the three texts, of the code alone in a question; what is empty or no text stays', () => {
    expect(toWire('compile', data)).toEqual({ ...data, source_code: 'eA==' })
    expect(toWire('test', { stdout: 'ñ', stderr: 'z' })).toEqual({ stdout: 'w7E=', stderr: 'eg==' })
    expect(toWire('ai_interaction', { ...data, stdout: 'x' })).toEqual({
      ...data,
      stdout: 'x',
      source_code: 'eA==',
    })
    expect(toWire('open_step', { stdout: 'x' })).toEqual({ stdout: 'eA==' })
  })

  it('is read back where it is exactly what would be written, else not at all', () => {
    expect(fromWire('compile', toWire('compile', data))).toEqual(data)
    expect(fromWire('compile', { source_code: 'eA==', stdout: '//8=', stderr: 'eA==' })).toBeUndefined()
    expect(fromWire('compile', { stdout: 'eA' })).toBeUndefined()
    expect(fromWire('ai_interaction', { stdout: '//8=' })).toEqual({ stdout: '//8=' })
  })

  it('is read by a person field by field: what is no base64 of a text stays', () => {
    const odd = { source_code: 'eA==', stdout: '//8=', stderr: '', exit_code: 1 }
    expect(decodedAttempt('compile', odd)).toEqual({ ...odd, source_code: 'x' })
    expect(decodedAttempt('ai_interaction', { stdout: 'eA==' })).toEqual({ stdout: 'eA==' })
  })

  it('of a streamed event names its student once there is one', () => {
    const event = on(2, 'compile', 5, { stdout: 'x' }) as Parameters<typeof streamBody>[0]
    const body = { slug: '02-add', step_position: 2, event: 'compile', data: { stdout: 'eA==' } }
    expect(streamBody(event, { ...initialState, telemetry_id: 't', user_id: 0 })).toEqual({
      ...body,
      telemetry_id: 't',
      user_id: 0,
    })
    expect(streamBody(event, { ...initialState, telemetry_id: 't' })).not.toHaveProperty('user_id')
  })
})
