// `exitCode` of plugins and of stock's files is `exit_code` wherever an attempt is read (SPEC §4).

import { describe, expect, it } from 'vitest'
import { history, initialState, measure, snapshot } from '../src/index'
import { fold } from '../src/fold/evolve'
import { streamBody } from '../src/fold/wire'
import { isStepEvent, type ImportedSnapshot, type StepEvent, type TelemetryEvent } from '../src/index'
import { event, jsonOf, on, started, world } from './support'

const file: ImportedSnapshot = {
  telemetry_id: 'theirs',
  slug: 'intro-js',
  agent: 'vscode',
  tutorial_started_at: 1,
  steps: [
    {
      slug: '02-add',
      position: 2,
      files: [],
      is_testeable: false,
      opened_at: 2,
      completed_at: 9,
      compilations: [{ stdout: 'YQ==', exitCode: 1, starting_at: 3 }],
      tests: [
        { exitCode: 1, starting_at: 4, ended_at: 5 },
        { a: 1, exitCode: 0, starting_at: 6, ended_at: 8 },
        { exit_code: 2, exitCode: 0, starting_at: 10 },
        { stdout: 'eA==' },
      ],
      ai_interactions: [{ exitCode: 7 }],
    },
  ],
  workout_session: [{ started_at: 1 }],
  last_interaction_at: 10,
}
const renamed = [
  { exit_code: 1, starting_at: 4, ended_at: 5 },
  { a: 1, exit_code: 0, starting_at: 6, ended_at: 8 },
  { exit_code: 2, exitCode: 0, starting_at: 10 },
  { stdout: 'eA==' },
]
const shown = (...events: TelemetryEvent[]) => jsonOf(snapshot(fold(initialState, events)))
const importOf = (taken: object) => event('import', 20, { data: { snapshot: taken } })
const ofLists = ({ steps: [step] }: ReturnType<typeof shown>) => {
  const { compilations, tests, ai_interactions } = step!
  return { compilations, tests, ai_interactions }
}

describe('exitCode', () => {
  it('of an imported telemetry.json is renamed in its place; all else is exactly the file', () => {
    const taken = shown(importOf(file))
    expect(JSON.stringify(taken.steps[0]!.tests)).toBe(JSON.stringify(renamed))
    expect(ofLists(taken)).toEqual({
      compilations: [{ stdout: 'YQ==', exit_code: 1, starting_at: 3 }],
      tests: renamed,
      ai_interactions: [{ exitCode: 7 }],
    })
    expect({ ...taken, steps: [{ ...taken.steps[0], ...ofLists(jsonOf(file) as never) }] }).toEqual(file)
  })

  it('of an attempt that both know by another name is no second attempt', () => {
    const once = shown(importOf(file))
    expect(shown(importOf(file), importOf(once))).toEqual(once)
    expect(shown(importOf(once), importOf(file))).toEqual(once)
  })

  it('that comes again in a file is nothing new', () => {
    const w = world()
    w.telemetry.start({ slug: 'intro-js', agent: 'vscode', steps: [{ slug: '02-add', position: 2 }] })
    w.telemetry.record(2, 'test', { exitCode: 1, starting_at: 4 })
    const now = jsonOf(w.telemetry.snapshot())
    expect(now.steps[0]!.tests).toEqual([{ exit_code: 1, starting_at: 4 }])
    const theirs = { ...now, steps: [{ ...now.steps[0], tests: [{ exitCode: 1, starting_at: 4 }] }] }
    const { id } = w.telemetry.record(2, 'open_step') as { id: string }
    expect(w.telemetry.import(theirs)).toEqual({ ok: true, id })
  })

  it('in a log is read by the fold and in the stream: a pass completes its step', () => {
    const pass = on(2, 'test', 5, { exitCode: 0, stdout: 'x' })
    const state = fold(initialState, [started(1), on(2, 'compile', 4, { exitCode: 3 }), pass])
    expect(snapshot(state).steps[2]).toMatchObject({
      completed_at: 5,
      compilations: [{ exit_code: 3 }],
      tests: [{ exit_code: 0, stdout: 'eA==' }],
    })
    expect(streamBody(pass as StepEvent, state)['data']).toEqual({ exit_code: 0, stdout: 'eA==' })
    expect(isStepEvent(pass) && pass.data).toEqual({ exitCode: 0, stdout: 'x' })
    const asked = on(2, 'ai_interaction', 6, { exitCode: 0 }) as StepEvent
    expect(streamBody(asked, state)['data']).toEqual({ exitCode: 0 })
  })

  it('counts in the measures', () => {
    const [step] = measure(file).steps
    expect(step).toMatchObject({ status: 'completed', comp_struggles: 1, test_struggles: 2 })
    expect(measure(shown(importOf(file)) as ImportedSnapshot)).toEqual(measure(file))
  })

  it('tells which test completed a step in the history of a file', () => {
    const events = history(file)
    const completing = events.find((one) => isStepEvent(one) && one.type === 'test' && one.at === 9)
    expect(completing).toMatchObject({ data: { a: 1, exit_code: 0 } })
    expect(completing).not.toHaveProperty('completes')
    expect(shown(...(jsonOf(events) as TelemetryEvent[]))).toEqual(shown(importOf(file)))
  })
})

describe('the numbers of the receiver', () => {
  const step = (more: object) =>
    measure({ ...file, steps: [{ slug: 'a', opened_at: 1, completed_at: 9, ...more }] }).steps[0]

  it('take false for a success, as its language does', () => {
    expect(step({ tests: [{ exit_code: 1 }, { exit_code: false }, { exit_code: 1 }] })).toMatchObject({
      test_struggles: 1,
    })
  })

  it('take started_at where an attempt has both spellings', () => {
    const tests = [
      { exit_code: 1, starting_at: 1, started_at: 5 },
      { exit_code: 0, starting_at: 2, started_at: 4 },
    ]
    expect(step({ tests })).toMatchObject({ test_struggles: 0 })
  })

  it('of a step with very many attempts', () => {
    const tests = Array.from({ length: 300_000 }, (_, n) => ({ exit_code: 1, ended_at: n }))
    expect(step({ completed_at: undefined, tests })).toMatchObject({ time_spent: 300 })
  })
})
