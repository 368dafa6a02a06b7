// An import that brings nothing new is not appended: hosts write back whole telemetries, again and again.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addsNothing } from '../src/fold/adds-nothing'
import { initialState, parseSnapshot, snapshot, type ImportedSnapshot, type State } from '../src/index'
import { fold } from '../src/fold/evolve'
import { unite } from '../src/fold/unite'
import { anySnapshot, eventsOf, randomSession } from './arbitraries'
import { course, jsonOf, sample, world, type World } from './support'

const logOf = ({ storage, telemetry }: World) => eventsOf(storage.log(telemetry.status().telemetry_id!))
const given = ({ telemetry }: World) => jsonOf(telemetry.snapshot())

/** A learner's second session, with work in both. */
function learner(options: Parameters<typeof world>[0] = {}): World {
  const w = world(options)
  w.telemetry.start(course)
  w.telemetry.identify(42)
  w.telemetry.record(0, 'open_step')
  w.telemetry.record(1, 'compile', { stdout: 'one', exitCode: 1, starting_at: 5 })
  w.telemetry.end('finished')
  w.clock.advance(60_000)
  w.telemetry.start(course)
  w.clock.advance(1_000)
  w.telemetry.record(1, 'test', { stdout: 'two', exitCode: 0, starting_at: 6 })
  return w
}

/** The same object with its keys the other way round, all the way down. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reversed(inner)]),
  )
}

describe('an import that holds nothing new appends nothing', () => {
  it.each<[string, (w: World) => unknown]>([
    ['what was just given', given],
    ['its keys in another order', (w) => reversed(given(w))],
    ['one step of it', (w) => ({ ...given(w), steps: given(w).steps.slice(1, 2) })],
    [
      'one attempt of it',
      (w) => ({ ...given(w), steps: given(w).steps.map((step) => ({ ...step, compilations: [] })) }),
    ],
    [
      'no more than whose it is',
      ({ telemetry }) => ({ telemetry_id: telemetry.snapshot().telemetry_id, steps: [] }),
    ],
  ])('%s', (_, file) => {
    const w = learner()
    const [before, state] = [logOf(w), given(w)]
    for (let time = 0; time < 3; time++)
      expect(w.telemetry.import(file(w))).toEqual({ ok: true, id: before.at(-1)!.id })
    expect(logOf(w)).toEqual(before)
    expect(given(w)).toEqual(state)
  })

  it('of a file that was redacted when it was imported before', () => {
    const w = learner({ redact: (text) => text.replaceAll('hunter2', '[redacted:password]') })
    const stdout = btoa('password is hunter2')
    const step = { ...given(w).steps[1]!, compilations: [{ stdout, exit_code: 0, starting_at: 9 }] }
    const file = { ...given(w), note: 'hunter2', steps: [step] }
    expect(w.telemetry.import(file).ok).toBe(true)
    const before = logOf(w)
    expect(JSON.stringify(before)).not.toContain(stdout)
    expect(w.telemetry.import(file).ok).toBe(true)
    expect(logOf(w)).toEqual(before)
  })
})

describe('what a file holds is appended, once, where that is', () => {
  const changed = (w: World, step: object) => ({
    ...given(w),
    steps: given(w).steps.map((one, index) => (index === 1 ? { ...one, ...step } : one)),
  })

  it.each<[string, (w: World) => object, string]>([
    [
      'one attempt more',
      (w) =>
        changed(w, { tests: [...given(w).steps[1]!.tests, { exit_code: 1, starting_at: 7, ended_at: 8 }] }),
      'test',
    ],
    [
      'the same attempt once more',
      (w) => changed(w, { tests: [...given(w).steps[1]!.tests, ...given(w).steps[1]!.tests] }),
      'test',
    ],
    ['an earlier opening', (w) => changed(w, { opened_at: 3 }), 'open_step'],
    ['a field that we do not know', (w) => ({ ...given(w), cohort_id: 5 }), 'patch'],
    ['such a field of a step', (w) => changed(w, { quiz_submissions: [1] }), 'patch'],
    [
      'work in a step that left the course',
      (w) => ({
        ...given(w),
        steps: [{ slug: '99-gone', compilations: [{ stdout: 'b2xk', starting_at: 2 }] }],
      }),
      'import',
    ],
    [
      'an earlier session',
      (w) => ({ ...given(w), workout_session: [{ started_at: 5, ended_at: 6 }] }),
      'import',
    ],
    [
      'a later end of the session that is going on',
      (w) => ({
        ...given(w),
        workout_session: given(w).workout_session.map((one, index) =>
          index === 1 ? { ...one, ended_at: one.started_at + 500_000 } : one,
        ),
      }),
      'patch',
    ],
  ])('%s', (_, file, type) => {
    const w = learner()
    const before = logOf(w).length
    const once = file(w)
    expect(w.telemetry.import(once).ok).toBe(true)
    expect(logOf(w).slice(before)).toMatchObject([{ type }])
    const after = given(w)
    w.telemetry.import(once)
    w.telemetry.import(after)
    expect(logOf(w)).toHaveLength(before + 1)
    expect(given(w)).toEqual(after)
  })
})

describe('whatever happened', () => {
  const fileOf = (state: State) => {
    const parsed = parseSnapshot(JSON.stringify(snapshot(state)))
    if (!parsed.ok) throw new Error(parsed.reason)
    return parsed.snapshot
  }

  /** A file does not tell whose the latest interaction was, if the clock was set back before the last session. */
  const isInOrder = ({ sessions }: State) =>
    sessions.slice(1).every(({ started_at }, index) => {
      const { started_at: before, last = before } = sessions[index]!
      return Math.max(before, last) <= started_at
    })

  it('what is rendered adds nothing, or, where the clock was set back, nothing the second time', () => {
    fc.assert(
      fc.property(randomSession, ({ log }) => {
        const state = fold(initialState, log)
        if (state.telemetry_id === undefined) return
        const [file, united] = [fileOf(state), unite(state, fileOf(state))]
        if (isInOrder(state)) expect(addsNothing(state, file)).toBe(true)
        expect(addsNothing(united, fileOf(united))).toBe(true)
      }),
    )
  })

  it('what adds nothing changes nothing that is shown; what was imported adds nothing', () => {
    fc.assert(
      fc.property(randomSession, anySnapshot, ({ log }, file) => {
        const state = fold(initialState, log)
        const imported = file as unknown as ImportedSnapshot
        const united = unite(state, imported)
        if (addsNothing(state, imported)) expect(snapshot(united)).toEqual(snapshot(state))
        expect(addsNothing(united, imported)).toBe(true)
      }),
    )
  })

  it('the file of a real learner is imported once', () => {
    const w = world({})
    w.telemetry.start(course)
    w.telemetry.import(sample)
    const before = logOf(w)
    w.telemetry.import(sample)
    w.telemetry.import(given(w))
    expect(logOf(w)).toEqual(before)
  })
})
