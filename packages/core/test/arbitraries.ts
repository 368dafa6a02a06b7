// Random sessions: what a host, two students and a clock may do to a course folder, in any order.

import fc from 'fast-check'
import { decodeLine, type CourseInput, type Snapshot, type TelemetryEvent } from '../src/index'
import { STEP_EVENT_TYPES } from '../src/events/events'
import { memoryStorage } from '../src/memory'
import { countingIds, crc, jsonOf, steps, world } from './support'

type Step =
  | { do: 'start'; slugs: number[]; testeable: boolean[] }
  | { do: 'record'; position: number; type: string; data: Record<string, unknown> }
  | { do: 'identify'; user_id: string | number }
  | { do: 'clear' | 'end' | 'restart' | 'importOwn' }
  | { do: 'wait'; ms: number }

const text = fc.oneof(
  fc.constantFrom('', 'print(1)', '¡ojo! 🎉\r\n', '{"v":1}', '"crc":"00000000"}', '\ud83d'),
  fc.string({ unit: 'binary', maxLength: 12 }),
)

const attempt = fc.record(
  {
    source_code: fc.oneof(text, fc.constant(null)),
    stdout: text,
    stderr: fc.oneof(text, fc.integer()),
    exit_code: fc.constantFrom<unknown>(0, 0, 1, null, '0'),
    starting_at: fc.integer({ min: 0, max: 5_000 }),
    ended_at: fc.integer({ min: 0, max: 5_000 }),
    extra: fc.jsonValue({ maxDepth: 1 }),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Record<string, unknown>>

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('record' as const),
      position: fc.nat(4),
      type: fc.constantFrom('open_step', ...STEP_EVENT_TYPES),
      data: attempt,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: -500, max: 3_000 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('start' as const),
      slugs: fc.uniqueArray(fc.nat(3), { minLength: 1 }),
      testeable: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('identify' as const),
      user_id: fc.constantFrom<string | number>(7, '7', 'ana'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('clear' as const, 'end' as const, 'restart' as const, 'importOwn' as const),
    }),
  },
)

const courseOf = (slugs: readonly number[], testeable: readonly boolean[]): CourseInput => ({
  slug: 'course',
  agent: 'vscode',
  steps: slugs.map((index, position) => ({ ...steps[index]!, position, is_testeable: testeable[index]! })),
})

export interface RandomSession {
  /** The log of the telemetry that is going on in the end. */
  readonly log: readonly TelemetryEvent[]
  /** That of every telemetry of the folder. */
  readonly logs: readonly (readonly TelemetryEvent[])[]
  readonly snapshot: Snapshot
}

export const randomSession: fc.Arbitrary<RandomSession> = fc.array(step, { maxLength: 40 }).map((plan) => {
  const storage = memoryStorage()
  const ids = countingIds()
  let now = 1_000
  let w = world({ storage, now, ids })
  w.telemetry.start(courseOf([0, 1, 2, 3], [false, false, true, true]))
  const earlier: Snapshot[] = []
  for (const action of plan) {
    if (action.do === 'start') w.telemetry.start(courseOf(action.slugs, action.testeable))
    else if (action.do === 'record') w.telemetry.record(action.position, action.type, action.data)
    else if (action.do === 'identify') w.telemetry.identify(action.user_id)
    else if (action.do === 'clear') w.telemetry.clear()
    else if (action.do === 'end') w.telemetry.end('exit')
    else if (action.do === 'wait') w.clock.set((now += action.ms))
    else if (action.do === 'importOwn') {
      earlier.push(jsonOf(w.telemetry.snapshot()))
      w.telemetry.import(earlier[Math.floor(earlier.length / 2)])
    } else {
      w = world({ storage, now, ids })
      w.telemetry.start(courseOf([0, 1, 2, 3], [false, false, true, true]))
    }
  }
  const logs = storage.list().map((id) => eventsOf(storage.log(id)))
  const current = w.telemetry.status().telemetry_id!
  return { log: eventsOf(storage.log(current)), logs, snapshot: jsonOf(w.telemetry.snapshot()) }
})

export function eventsOf(log: string): TelemetryEvent[] {
  return log
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const decoded = decodeLine(line, crc)
      if (!decoded.ok) throw new Error(decoded.reason)
      return decoded.event
    })
}

const epoch = fc.integer({ min: 0, max: 4_000_000_000_000 })

/** Any telemetry.json we would accept: also what no implementation we know of would write. */
export const anySnapshot: fc.Arbitrary<Snapshot> = fc
  .record(
    {
      telemetry_id: fc.stringMatching(/^[a-z0-9]{16}$/),
      slug: fc.string(),
      agent: fc.string(),
      tutorial_started_at: epoch,
      steps: fc.uniqueArray(
        fc.record(
          {
            slug: fc.string({ minLength: 1, maxLength: 8 }),
            position: fc.nat(),
            files: fc.array(fc.record({ path: fc.string(), name: fc.string(), hidden: fc.boolean() }), {
              maxLength: 2,
            }),
            ai_interactions: fc.array(attempt, { maxLength: 2 }),
            compilations: fc.array(attempt, { maxLength: 3 }),
            tests: fc.array(attempt, { maxLength: 3 }),
            is_testeable: fc.boolean(),
            opened_at: epoch,
            completed_at: epoch,
            quiz_submissions: fc.oneof(fc.jsonValue(), fc.array(attempt, { maxLength: 2 })),
          },
          { requiredKeys: ['slug'] },
        ),
        { selector: ({ slug }) => slug, maxLength: 4 },
      ),
      workout_session: fc.array(
        fc.record({ started_at: epoch, ended_at: epoch }, { requiredKeys: ['started_at'] }),
        {
          maxLength: 4,
        },
      ),
      last_interaction_at: epoch,
      user_id: fc.oneof(fc.nat(), fc.string({ minLength: 1 })),
      cohort_id: fc.jsonValue(),
    },
    { requiredKeys: ['telemetry_id', 'steps', 'workout_session'] },
  )
  .map((snapshot) => jsonOf(snapshot) as unknown as Snapshot)
