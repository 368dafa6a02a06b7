// What receivers get: a batch that apiv2 can read, whatever was recorded or imported (SPEC §6, §10).

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkBody } from '../../../testing/bodies'
import { batchJson } from '../src/delivery/batch'
import { evolve, history, initialState, isStepEvent, measure } from '../src/index'
import { fold } from '../src/fold/evolve'
import { parseSnapshot, snapshot } from '../src/index'
import { streamBody } from '../src/fold/wire'
import type { ImportedSnapshot, State, TelemetryEvent } from '../src/index'
import { randomSession } from './arbitraries'
import { oddFile, oddLog } from './odd-logs'
import { event, jsonOf, on, sample, started, tries, vectors } from './support'

type Body = Record<string, unknown> & { steps: Record<string, unknown>[] }

const sessions = JSON.parse(
  readFileSync(new URL('fixtures/learnpack5-sessions.json', import.meta.url), 'utf8'),
) as { name: string; posts: { body: ImportedSnapshot }[]; batches: { body: Body }[] }[]

const importOf = (file: unknown) => event('import', 9_000, { data: { snapshot: file } })
const login = event('student_identified', 1_700_000_000_000, { data: { user_id: 42 } })
/** As it would be sent: a batch of nobody, or of a course that is not known, is not. */
const sent = (state: State): State => ({ ...state, slug: state.slug ?? 'x', user_id: state.user_id ?? 42 })
const textOf = (state: State): string => [...batchJson(sent(state))].join('')
const batchOf = (...events: TelemetryEvent[]) => JSON.parse(textOf(fold(initialState, events))) as Body

/** That apiv2 takes it, and measures what it says. */
function check(text: string): void {
  const taken = checkBody(text)
  if (taken.kind !== 'batch') throw new Error('taken for a stream')
  const body = JSON.parse(text) as Body
  const { global_metrics: ours } = body as { global_metrics?: unknown }
  const forward = Object.entries(taken.metrics).filter(
    ([name]) => !name.includes('time') || runsForward(body),
  )
  expect(ours).toMatchObject(Object.fromEntries(forward))
  expect(Object.keys(ours as object).sort()).toEqual(Object.keys(taken.metrics).sort())
}

/** Whether no clock was set back: apiv2 counts time that is negative. */
function runsForward({ tutorial_started_at, last_interaction_at: last, steps }: Body): boolean {
  const spans = steps.flatMap(({ opened_at, completed_at, compilations, tests }) => {
    const ran = [compilations, tests].flat() as { ended_at?: number; ending_at?: number }[]
    const ends = ran.flatMap(({ ended_at, ending_at }) => ended_at ?? ending_at ?? [])
    return [[opened_at, completed_at ?? (ends.length > 0 ? Math.max(...ends) : last)]]
  })
  return [[tutorial_started_at, last], ...spans].every(
    ([from, to]) => (from as number) <= (to as number) || from === undefined,
  )
}

/** Every batch and stream body of a log, whoever is logged in. */
function checkAll(log: readonly TelemetryEvent[]): void {
  let state = initialState
  for (const one of log) {
    state = evolve(state, one)
    if (state.telemetry_id === undefined) continue
    check(textOf(state))
    if (isStepEvent(one)) checkBody(JSON.stringify(streamBody(one, sent(state))))
  }
}

describe('apiv2 takes every batch', () => {
  it('of any session', () => {
    fc.assert(fc.property(randomSession, ({ logs }) => logs.forEach(checkAll)))
  })

  it('of any log', () => {
    fc.assert(fc.property(oddLog, checkAll), { numRuns: tries(500) })
  })

  it('of any file that was taken in, before a session has started and behind one', () => {
    fc.assert(
      fc.property(oddFile, (file) => {
        checkAll([importOf(file), started(1_700_000_000_000), login])
        checkAll([started(1_700_000_000_000), importOf(file), login])
        checkAll(history(file))
      }),
      { numRuns: tries(300) },
    )
  })

  it.each([...vectors.same, ...vectors.different])("of stock's file: $name", ({ telemetry }) => {
    if (telemetry !== null) checkAll([importOf(telemetry), login])
  })

  it("of a real learner's file", () => checkAll([importOf(sample), login]))

  it.each(sessions)('of LearnPack 5: $name', ({ posts, batches }) => {
    for (const { body } of [...posts, ...(batches as unknown as typeof posts)]) {
      const parsed = parseSnapshot(JSON.stringify(body))
      if (!parsed.ok) throw new Error(parsed.reason)
      checkAll([importOf(parsed.snapshot), login])
      checkAll([started(1_700_000_000_000), importOf(parsed.snapshot), login])
    }
  })
})

describe('a batch', () => {
  const added = ['global_metrics', 'global_indicators']

  it('is telemetry.json and what is added to it, of every session', () => {
    fc.assert(
      fc.property(randomSession, ({ log, snapshot: file }) => {
        const body = JSON.parse(textOf(fold(initialState, log))) as Body
        const without = Object.fromEntries(Object.entries(body).filter(([key]) => !added.includes(key)))
        const expected = {
          ...file,
          user_id: file.user_id ?? 42,
          last_interaction_at: file.last_interaction_at ?? file.tutorial_started_at,
          steps: file.steps.map((step) => ({
            ...step,
            compilations: step.compilations.map((one) => ({ exit_code: null, ...one })),
          })),
        }
        expect(without).toEqual(expected)
      }),
    )
  })

  it('leaves telemetry.json as it was, rendered before it or after it', () => {
    fc.assert(
      fc.property(oddLog, (log) => {
        const state = fold(initialState, log)
        const before = JSON.stringify(snapshot(state))
        textOf(state)
        expect(JSON.stringify(snapshot(state))).toBe(before)
      }),
    )
  })

  it('is the same where what was made of its steps is remembered', () => {
    fc.assert(
      fc.property(oddLog, (log) => {
        let state = initialState
        for (const one of log) {
          state = evolve(state, one)
          if (state.telemetry_id !== undefined) textOf(state)
        }
        if (state.telemetry_id !== undefined)
          expect(JSON.parse(textOf(state))).toEqual(JSON.parse(textOf(fold(initialState, log))))
      }),
    )
  })

  it('says by itself what it measures, in the shape of LearnPack 5', () => {
    fc.assert(
      fc.property(oddLog, (log) => {
        const body = JSON.parse(textOf(fold(initialState, log))) as Body
        const { engagement_indicator, frustration_indicator, ...metrics } = measure(
          body as unknown as ImportedSnapshot,
        ).course
        expect(body).toMatchObject({
          global_metrics: metrics,
          global_indicators: { engagement_indicator, frustration_indicator },
        })
      }),
    )
    const theirs = sessions[0]!.batches.at(-1)!.body
    const { global_test_success_streak: _, ...metrics } = theirs['global_metrics'] as Record<string, unknown>
    const ours = batchOf(importOf(theirs))
    expect(Object.keys(ours['global_metrics'] as object).sort()).toEqual(Object.keys(metrics).sort())
    expect(Object.keys(ours['global_indicators'] as object)).toEqual(
      Object.keys(theirs['global_indicators'] as object),
    )
    expect(ours['global_metrics']).toMatchObject({
      completion_rate: 100,
      total_steps: 3,
      steps_not_completed: 0,
    })
  })

  it('of an imported LearnPack 5 file says nothing stale: neither the file’s numbers nor its name', () => {
    const stale = { ...sample, fullname: 'Ana', global_metrics: { total_steps: 99 }, global_indicators: 7 }
    const body = batchOf(importOf(stale), started(1_700_000_000_000))
    expect(body).not.toHaveProperty('fullname')
    expect(body['global_metrics']).toMatchObject({ total_steps: 4 })
    expect(body['global_indicators']).toHaveProperty('engagement_indicator')
  })

  it('of a student who has done nothing yet: the last interaction is the beginning', () => {
    expect(batchOf(started(1_700_000_000_000))).toMatchObject({
      tutorial_started_at: 1_700_000_000_000,
      last_interaction_at: 1_700_000_000_000,
    })
  })

  it('of a file that tells no beginning: the first session, else the last interaction, else not known', () => {
    const file = { telemetry_id: 'a', slug: 's', steps: [] }
    const begun = (more: object) => batchOf(importOf({ ...file, ...more }))['tutorial_started_at']
    expect(
      begun({ workout_session: [{ started_at: 2 ** 53 - 1 }, { started_at: 5 }], last_interaction_at: 9 }),
    ).toBe(5)
    expect(begun({ last_interaction_at: 9 })).toBe(9)
    expect(batchOf(importOf(file))).toMatchObject({ tutorial_started_at: null, last_interaction_at: null })
  })

  it('has lists where an older file has none, and an exit code of every run', () => {
    const file = {
      telemetry_id: 'a',
      slug: 's',
      event: 'test',
      steps: [{ slug: 'a' }, { slug: 'b', tests: [{ stdout: '' }, { exitCode: 1 }], compilations: [{}] }],
    }
    const body = batchOf(importOf(file))
    expect(body).toMatchObject({ workout_session: [] })
    expect(body).not.toHaveProperty('event')
    expect(body.steps).toEqual([
      { slug: 'a', ai_interactions: [], compilations: [], tests: [] },
      {
        slug: 'b',
        ai_interactions: [],
        tests: [{ stdout: '', exit_code: null }, { exit_code: 1 }],
        compilations: [{ exit_code: null }],
      },
    ])
    expect(jsonOf(snapshot(fold(initialState, [importOf(file)])))).toMatchObject({
      event: 'test',
      steps: [{ slug: 'a' }, {}],
    })
  })

  it('leaves out the times that no receiver can hold', () => {
    const body = batchOf(
      started(1),
      on(2, 'test', 2 ** 53 - 1, { exit_code: 1, starting_at: 'noon', ended_at: 1.5, n: 1 }),
      on(1, 'ai_interaction', 5, { starting_at: {}, ending_at: 7 }),
      importOf({
        telemetry_id: 'a',
        steps: [{ slug: '01-hello', opened_at: -(2 ** 53 - 1), completed_at: 9 }],
      }),
    )
    expect(body).toMatchObject({ tutorial_started_at: 1, last_interaction_at: 1 })
    expect(body.steps[2]!['tests']).toEqual([{ exit_code: 1, ended_at: 1.5, n: 1 }])
    expect(body.steps[1]).toMatchObject({ ai_interactions: [{ ending_at: 7 }], completed_at: 9 })
    expect(body.steps[1]).not.toHaveProperty('opened_at')
    expect(jsonOf(body['workout_session'])).toEqual([{ started_at: 1 }])
  })

  it('names an asset and a package by what can be one', () => {
    const ids = (more: object) => batchOf(importOf({ telemetry_id: 'a', slug: 's', steps: [], ...more }))
    expect(ids({ package_id: '896', asset_id: '1,2', package_slug: 'x', cohort_id: null })).toMatchObject({
      package_id: '896',
      asset_id: '1,2',
      package_slug: 'x',
      cohort_id: null,
    })
    for (const odd of [null, [1], ['7'], {}, '', 2 ** 40])
      expect(ids({ package_id: odd })).not.toHaveProperty('package_id')
    expect(ids({ asset_id: [1] })).not.toHaveProperty('asset_id')
    for (const odd of [{}, 7, 'x'.repeat(201)])
      expect(ids({ package_slug: odd })).not.toHaveProperty('package_slug')
  })
})
