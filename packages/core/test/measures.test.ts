// The measures of SPEC §11, against values computed by hand.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { measure, type Measures } from '../src/index'
import { anySnapshot } from './arbitraries'
import { sample } from './support'

const T = 1_700_000_000_000
const at = (second: number): number => T + second * 1_000
const step = (slug: string, rest: object = {}) => ({ slug, ...rest })
const file = (steps: object[], rest: object = {}) =>
  ({ telemetry_id: 'x', tutorial_started_at: T, last_interaction_at: at(100), steps, ...rest }) as never
const ran = (exit_code: unknown, start: number, end?: number) => ({
  exit_code,
  starting_at: at(start),
  ...(end !== undefined && { ended_at: at(end) }),
})
const only = (one: object, rest: object = {}) => measure(file([step('a', one)], rest)).steps[0]!

describe('a step', () => {
  it.each<[string, object, object]>([
    [
      'never opened',
      {},
      { status: 'unread', time_spent: 0, engagement_indicator: 0, frustration_indicator: 0 },
    ],
    [
      'completed without having been opened',
      { completed_at: at(50), tests: [ran(1, 1)] },
      { status: 'unread', time_spent: 0, test_struggles: 0 },
    ],
    [
      'opened only',
      { opened_at: at(10) },
      { status: 'skipped', time_spent: 90, engagement_indicator: 0, frustration_indicator: 25 },
    ],
    [
      'tried until the last attempt ended',
      { opened_at: at(10), compilations: [ran(1, 20, 25)], tests: [ran(1, 30, 46)] },
      {
        status: 'attempted',
        time_spent: 36,
        comp_struggles: 1,
        test_struggles: 1,
        engagement_indicator: 1,
        frustration_indicator: 2,
      },
    ],
    [
      'tried, with the other spelling of times',
      { opened_at: at(10), tests: [{ exit_code: 1, started_at: at(20), ending_at: at(28) }] },
      { status: 'attempted', time_spent: 18 },
    ],
    [
      'tried, with no end known: until the last interaction',
      { opened_at: at(10), tests: [{ exit_code: 1 }] },
      { status: 'attempted', time_spent: 90 },
    ],
    [
      'completed: failures before the first success, by their times',
      {
        opened_at: at(0),
        completed_at: at(72),
        compilations: [ran(0, 30), ran(1, 10), ran(2, 40), ran(null, 20), { starting_at: at(5) }],
        tests: [ran(1, 60), ran(0, 70), ran(1, 80)],
      },
      {
        status: 'completed',
        time_spent: 72,
        comp_struggles: 2,
        test_struggles: 1,
        engagement_indicator: 2,
        frustration_indicator: 15,
      },
    ],
    [
      'completed without any success: all failures',
      {
        opened_at: at(0),
        completed_at: at(1),
        tests: [ran(1, 1), ran(null, 2)],
        compilations: [{ stdout: 'x' }],
      },
      { comp_struggles: 0, test_struggles: 2, frustration_indicator: 10 },
    ],
    ['completed before it was opened', { opened_at: at(50), completed_at: at(10) }, { time_spent: 0 }],
  ])('%s', (_, given, expected) => {
    expect(only(given)).toMatchObject(expected)
  })

  it('is not sat over for longer than half an hour, and engages for an hour at most', () => {
    const late = { last_interaction_at: at(50_000) }
    expect(only({ opened_at: T }, late)).toMatchObject({ time_spent: 1_800, frustration_indicator: 25 })
    expect(only({ opened_at: T, tests: [ran(1, 1, 9_000)] })).toMatchObject({
      time_spent: 1_800,
      frustration_indicator: 100,
    })
    expect(only({ opened_at: T, completed_at: at(9_000) })).toMatchObject({
      time_spent: 9_000,
      engagement_indicator: 100,
    })
    const stubborn = Array.from({ length: 30 }, (_, n) => ran(1, n))
    expect(only({ opened_at: T, completed_at: at(60), tests: stubborn })).toMatchObject({
      frustration_indicator: 100,
    })
  })
})

describe('a course', () => {
  it('is all of it together', () => {
    const steps = [
      step('done', {
        opened_at: at(0),
        completed_at: at(60),
        compilations: [ran(1, 1), ran(0, 2)],
        tests: [ran(0, 50)],
      }),
      step('tried', { opened_at: at(60), tests: [ran(1, 70, 96), ran(1, 71)] }),
      step('skipped', { opened_at: at(90) }),
      step('unread'),
    ]
    const { course, algo_version } = measure(
      file(steps, { workout_session: [{ started_at: T }, { started_at: at(9) }] }),
    )
    expect(algo_version).toBe('1.0')
    expect(course).toEqual({
      total_steps: 4,
      completion_rate: 25,
      total_time_on_platform: 100,
      num_sessions: 2,
      total_interactions: 5,
      steps_not_completed: 3,
      time_on_incomplete: 46,
      avg_comp_struggles: 0.25,
      avg_test_struggles: 0.5,
      skipped_steps: 1,
      // 0.3 * 100/36000 + 0.2 * 2/5 + 0.3 * 0.25 + 0.2 * 5/100 = 0.16583
      engagement_indicator: 16.58,
      // 0.3 * 3/4 + 0.2 * 46/18000 + 0.2 * 0.025 + 0.2 * 0.05 + 0.1 * 1/4 = 0.26551
      frustration_indicator: 26.55,
    })
  })

  it('without steps, times or sessions is all zeros', () => {
    const { course } = measure({ telemetry_id: 'x', steps: [] } as never)
    expect(new Set(Object.values(course))).toEqual(new Set([0]))
  })

  it('of the sample', () => {
    const { steps, course } = measure(sample)
    expect(steps[0]).toEqual({
      slug: '00-welcome',
      status: 'unread',
      time_spent: 0,
      comp_struggles: 0,
      test_struggles: 0,
      engagement_indicator: 0,
      frustration_indicator: 0,
    })
    // Opened at ...866688, completed at ...893606; one compilation that was killed (exit_code null), one test that passed.
    expect(steps[1]).toMatchObject({
      status: 'completed',
      time_spent: 26.92,
      comp_struggles: 1,
      test_struggles: 0,
    })
    expect(steps[1]).toMatchObject({ engagement_indicator: 0.75, frustration_indicator: 5 })
    expect(course).toMatchObject({ total_steps: 3, completion_rate: 33.33, avg_comp_struggles: 0.33 })
  })

  it('is rounded half to even', () => {
    const time = (ms: number) => only({ opened_at: T, completed_at: T + ms }).time_spent
    expect([125, 375, 625, 875, 1_125].map(time)).toEqual([0.12, 0.38, 0.62, 0.88, 1.12])
    expect([5, 15, 1_005, 994_999].map(time)).toEqual([0.01, 0.01, 1, 995])
  })
})

const numbers = ({ steps, course }: Measures): [string, number][] =>
  [...steps, course].flatMap((one) =>
    Object.entries(one).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  )

it('never not a number, never negative, within their bounds, and the course is its steps', () => {
  fc.assert(
    fc.property(anySnapshot, (any) => {
      const measures = measure(any)
      for (const [name, value] of numbers(measures)) {
        expect([name, Number.isFinite(value) && value >= 0]).toEqual([name, true])
        if (/indicator|rate/.test(name)) expect(value).toBeLessThanOrEqual(100)
      }
      const { steps, course } = measures
      const of = (status: string) => steps.filter((one) => one.status === status)
      expect(course.steps_not_completed).toBe(steps.length - of('completed').length)
      expect(course.skipped_steps).toBe(of('skipped').length)
      const incomplete = [...of('attempted'), ...of('skipped')].reduce((sum, one) => sum + one.time_spent, 0)
      expect(course.time_on_incomplete).toBeCloseTo(incomplete, 0)
    }),
  )
})
