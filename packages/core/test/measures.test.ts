// The measures of SPEC §11, against values computed by hand.

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { measure, progressOf, type Measures } from '../src/index'
import { anySnapshot } from './arbitraries'
import { sample } from './support'

const sessions5 = JSON.parse(
  readFileSync(new URL('fixtures/learnpack5-sessions.json', import.meta.url), 'utf8'),
) as {
  name: string
  batches: {
    body: { steps: { slug: string; metrics: { quiz_struggles: number; total_ai_interactions: number } }[] }
  }[]
}[]

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
    [
      'completed at the first try, and broken later',
      { opened_at: at(0), completed_at: at(1), tests: [ran(0, 1), ran(1, 2)] },
      { test_struggles: 0, frustration_indicator: 0 },
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
      quiz_struggles: 0,
      total_ai_interactions: 0,
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
    const shortly = { opened_at: T, tests: [{ exit_code: 1, ended_at: T + 4 }] }
    const three = ['a', 'b', 'c'].map((slug) => step(slug, shortly))
    expect(measure(file(three)).course.time_on_incomplete).toBe(0.01)
    expect([5, 15, 1_005, 994_999].map(time)).toEqual([0.01, 0.01, 1, 995])
  })
})

describe('of LearnPack 5', () => {
  it.each(sessions5)('$name: failed quizzes and questions to the tutor, as it counts them', ({ batches }) => {
    for (const { body } of batches) {
      const numbers = body.steps.map(({ slug, metrics }) => [
        slug,
        metrics.quiz_struggles,
        metrics.total_ai_interactions,
      ])
      const ours = measure(body as never).steps
      expect(ours.map((one) => [one.slug, one.quiz_struggles, one.total_ai_interactions])).toEqual(numbers)
    }
  })
})

/** Of each step: status, time, failed runs, failed tests, engagement, frustration. */
type StepRow = [string, number, number, number, number, number]
/**
 * Of the course: completion rate, time, sessions, interactions, not completed, time on incomplete, average failed runs
 * and tests, skipped, engagement, frustration.
 */
type CourseRow = [
  ...[number, number, number, number, number, number],
  ...[number, number, number, number, number],
]

const stepRow = ({
  slug: _,
  quiz_struggles: __,
  total_ai_interactions: ___,
  ...measures
}: Measures['steps'][number]) => Object.values(measures)
const courseRow = ({ total_steps: _, ...measures }: Measures['course']) => Object.values(measures)
const sessions = (count: number) => Array.from({ length: count }, (_, n) => ({ started_at: at(n) }))
const failed = (count: number) => Array.from({ length: count }, (_, n) => ran(1, n))

describe('ten courses, computed by hand', () => {
  it.each<[string, object[], { last?: number; sessions?: number; start?: number }, StepRow[], CourseRow]>([
    [
      'read to its end',
      [
        { opened_at: at(0), completed_at: at(90) },
        { opened_at: at(90), completed_at: at(450) },
      ],
      { last: 450, sessions: 1 },
      [
        ['completed', 90, 0, 0, 2.5, 0], // 90/3600
        ['completed', 360, 0, 0, 10, 0], // 360/3600
      ],
      // 0.3 * 450/36000 + 0.2 * 1/5 + 0.3 * 1 = 0.00375 + 0.04 + 0.3 = 0.34375, and 34.375 goes to the even 34.38
      [100, 450, 1, 0, 0, 0, 0, 0, 0, 34.38, 0],
    ],
    [
      'never begun',
      [{}, {}, {}, {}],
      { sessions: 1 },
      Array<StepRow>(4).fill(['unread', 0, 0, 0, 0, 0]),
      // 0.2 * 1/5; 0.3 * 4/4
      [0, 0, 1, 0, 4, 0, 0, 0, 0, 4, 30],
    ],
    [
      'only looked at',
      [{ opened_at: at(0) }, { opened_at: at(600) }],
      { last: 600, sessions: 2 },
      [
        ['skipped', 600, 0, 0, 0, 25], // 600 - 0
        ['skipped', 0, 0, 0, 0, 25], // 600 - 600
      ],
      // 0.3 * 600/36000 + 0.2 * 2/5 = 0.005 + 0.08; 0.3 + 0.2 * 600/18000 + 0.1 = 0.3 + 0.006667 + 0.1
      [0, 600, 2, 0, 2, 600, 0, 0, 2, 8.5, 40.67],
    ],
    [
      'left open for two hours',
      [{ opened_at: at(0) }],
      { last: 7_200 },
      [['skipped', 1_800, 0, 0, 0, 25]],
      // 0.3 * 7200/36000; 0.3 + 0.2 * 1800/18000 + 0.1
      [0, 7_200, 0, 0, 1, 1_800, 0, 0, 1, 6, 42],
    ],
    [
      'tried: until the latest end, which is of a run that does not say how it went',
      [
        {
          opened_at: at(100),
          compilations: [ran(1, 300, 400), { starting_at: at(450), ended_at: at(500) }],
          tests: [ran(1, 200, 250)],
        },
      ],
      { last: 1_000, sessions: 1 },
      [['attempted', 400, 1, 1, 11.11, 22.22]], // 500 - 100; 400/3600; 400/1800
      // 0.3 * 1000/36000 + 0.2 * 1/5 + 0.2 * 3/100 = 0.008333 + 0.04 + 0.006
      // 0.3 + 0.2 * 400/18000 + 0.2 * 1/10 + 0.2 * 1/10 = 0.3 + 0.004444 + 0.02 + 0.02
      [0, 1_000, 1, 3, 1, 400, 1, 1, 0, 5.43, 34.44],
    ],
    [
      'tried, once without an end, once with a failure behind a success',
      [
        { opened_at: at(0), tests: [ran(1, 10)] },
        { opened_at: at(10), compilations: [ran(0, 20, 40), ran(1, 30, 35)] },
      ],
      { last: 4_000, sessions: 3 },
      [
        ['attempted', 1_800, 0, 1, 50, 100], // 4000, at most 1800; 1800/3600; 1800/1800
        ['attempted', 30, 1, 0, 0.83, 1.67], // 40 - 10; 30/3600; 30/1800
      ],
      // 0.3 * 4000/36000 + 0.2 * 3/5 + 0.2 * 3/100 = 0.033333 + 0.12 + 0.006
      // 0.3 + 0.2 * 1830/18000 + 0.2 * 0.5/10 + 0.2 * 0.5/10 = 0.3 + 0.020333 + 0.01 + 0.01
      [0, 4_000, 3, 3, 2, 1_830, 0.5, 0.5, 0, 15.93, 34.03],
    ],
    [
      'completed after struggles that are not in order; completed without having been opened',
      [
        {
          opened_at: at(0),
          completed_at: at(1_800),
          compilations: [{ exit_code: 1, started_at: at(5) }, ran(0, 30), ran(1, 40), ran(2, 20)],
          tests: [ran(null, 50), ran(0, 60), ran(1, 70)],
        },
        { completed_at: at(9), compilations: [ran(1, 1)], tests: [ran(1, 1)] },
      ],
      { last: 1_800, sessions: 1 },
      [
        ['completed', 1_800, 2, 1, 50, 15], // runs at 5 and 20, the test at 50; 1800/3600; 3/20
        ['unread', 0, 0, 0, 0, 0],
      ],
      // 0.3 * 1800/36000 + 0.2 * 1/5 + 0.3 * 1/2 + 0.2 * 9/100 = 0.015 + 0.04 + 0.15 + 0.018
      // 0.3 * 1/2 + 0.2 * 1/10 + 0.2 * 0.5/10 = 0.15 + 0.02 + 0.01
      [50, 1_800, 1, 9, 1, 0, 1, 0.5, 0, 22.3, 18],
    ],
    [
      'at the caps of time, sessions, interactions and struggles',
      [
        {
          opened_at: at(0),
          completed_at: at(40_000),
          compilations: failed(60),
          tests: [...failed(30), ran(0, 99)],
        },
        ...Array.from({ length: 11 }, () => ({ opened_at: at(0), tests: [ran(1, 1)] })),
      ],
      { last: 40_000, sessions: 6 },
      [
        ['completed', 40_000, 60, 30, 100, 100],
        ...Array<StepRow>(11).fill(['attempted', 1_800, 0, 1, 50, 100]),
      ],
      // 1 of 12; 60 + 31 + 11 interactions; 11 * 1800 s; 60/12; 41/12
      // 0.3 * 1 + 0.2 * 1 + 0.3 * 1/12 + 0.2 * 1 = 0.725
      // 0.3 * 11/12 + 0.2 * 1 + 0.2 * 5/10 + 0.2 * 3.416667/10 = 0.275 + 0.2 + 0.1 + 0.068333
      [8.33, 40_000, 6, 102, 11, 19_800, 5, 3.42, 0, 72.5, 64.33],
    ],
    [
      'given up after 12 runs and 15 tests',
      [{ opened_at: at(0), compilations: failed(12), tests: [...failed(14), ran(1, 80, 90)] }],
      { last: 100, sessions: 1 },
      [['attempted', 90, 12, 15, 2.5, 5]], // 90/3600; 90/1800
      // 0.3 * 100/36000 + 0.2 * 1/5 + 0.2 * 27/100 = 0.000833 + 0.04 + 0.054
      // 0.3 + 0.2 * 90/18000 + 0.2 * 1 + 0.2 * 1 = 0.3 + 0.001 + 0.4
      [0, 100, 1, 27, 1, 90, 12, 15, 0, 9.48, 70.1],
    ],
    [
      'by a clock that was set back',
      [
        { opened_at: at(500), completed_at: at(100) },
        { opened_at: at(900) },
        { opened_at: at(900), tests: [ran(1, 700, 800)] },
      ],
      { start: 300, last: 200, sessions: 1 },
      [
        ['completed', 0, 0, 0, 0, 0],
        ['skipped', 0, 0, 0, 0, 25],
        ['attempted', 0, 0, 1, 0, 0],
      ],
      // 0.2 * 1/5 + 0.3 * 1/3 + 0.2 * 1/100 = 0.04 + 0.1 + 0.002
      // 0.3 * 2/3 + 0.2 * 0.333333/10 + 0.1 * 1/3 = 0.2 + 0.006667 + 0.033333
      [33.33, 0, 1, 1, 2, 0, 0, 0.33, 1, 14.2, 24],
    ],
  ])('%s', (_, steps, { last, sessions: count, start = 0 }, expectedSteps, expectedCourse) => {
    const measures = measure(
      file(
        steps.map((one, n) => step(`step ${n}`, one)),
        {
          tutorial_started_at: at(start),
          last_interaction_at: last === undefined ? undefined : at(last),
          ...(count !== undefined && { workout_session: sessions(count) }),
        },
      ),
    )
    expect(measures.steps.map(stepRow)).toEqual(expectedSteps)
    expect(courseRow(measures.course)).toEqual(expectedCourse)
    expect(measures.course.total_steps).toBe(steps.length)
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

describe('how far a learner is in a step, in words', () => {
  it.each([
    [{}, 'not opened'],
    [{ opened_at: 5 }, 'opened'],
    [{ opened_at: 5, compilations: [{}] }, 'tried'],
    [{ tests: [{ exit_code: 1 }] }, 'tried'],
    [{ opened_at: 5, tests: [{}], completed_at: 6 }, 'done'],
    // What an older file says of a step that it never saw opened.
    [{ completed_at: 6 }, 'done'],
    // As LearnPack 5 says it.
    [{ opened_at: 5, is_completed: true }, 'done'],
    [{ opened_at: 5, is_completed: false }, 'opened'],
  ])('%j is %s', (step, progress) => {
    expect(progressOf({ slug: 'a', ...step })).toBe(progress)
  })
})
