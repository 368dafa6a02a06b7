// Logs and files as nobody writes them and everybody may: what passes our schemas, and little more can be said of it.

import fc from 'fast-check'
import { parseSnapshot, type ImportedSnapshot, type TelemetryEvent } from '../src/index'
import { parseEvent } from '../src/events/events'
import { event, started, steps } from './support'

const LATEST = 253_402_300_799_999
const ms = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1_700_000_000_000, max: 1_700_000_100_000 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(0, -1, LATEST, LATEST + 1, -62_135_596_800_001, 2 ** 53 - 1, -(2 ** 53 - 1)),
  },
)
const oddTime = fc.oneof(
  { weight: 3, arbitrary: ms as fc.Arbitrary<unknown> },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>('noon', '1700000000000', '1e400', '2024-01-01T00:00:00Z'),
  },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(null, true, 1.5, 1e300, {}, [], [1]) },
)
const exitCode = fc.constantFrom<unknown>(0, 0, 1, 1, null, '0', false, true, {})

const attempt = fc.record(
  {
    stdout: fc.constantFrom<unknown>('', 'eA==', 'no base64', 7, null),
    exit_code: exitCode,
    exitCode,
    starting_at: oddTime,
    started_at: oddTime,
    ended_at: oddTime,
    ending_at: oddTime,
  },
  { requiredKeys: [] },
)

const step = (slug: string) =>
  fc.record(
    {
      slug: fc.constant(slug),
      position: fc.nat(9),
      opened_at: ms,
      completed_at: ms,
      compilations: fc.array(attempt, { maxLength: 4 }),
      tests: fc.array(attempt, { maxLength: 4 }),
      ai_interactions: fc.array(attempt, { maxLength: 1 }),
      is_testeable: fc.boolean(),
      quiz_submissions: fc.jsonValue(),
    },
    { requiredKeys: ['slug'] },
  )

/** Any telemetry.json that is taken in. */
export const oddFile: fc.Arbitrary<ImportedSnapshot> = fc
  .record(
    {
      telemetry_id: fc.constant('q1lllj6jq1lllj6j'),
      slug: fc.constantFrom('intro', 'x'.repeat(201)),
      agent: fc.constant('vscode'),
      tutorial_started_at: ms,
      last_interaction_at: ms,
      user_id: fc.constantFrom<unknown>(42, '42', '', null),
      steps: fc.tuple(...[steps[1]!.slug, steps[2]!.slug, 'gone'].map(step)),
      workout_session: fc.array(
        fc.record({ started_at: ms, ended_at: ms }, { requiredKeys: ['started_at'] }),
        { maxLength: 3 },
      ),
      event: fc.jsonValue(),
      fullname: fc.constant('Ana Ejemplo'),
      package_id: fc.oneof(fc.constantFrom<unknown>('896', 896, '', null, 2 ** 40, true), fc.jsonValue()),
      asset_id: fc.oneof(fc.constantFrom<unknown>('2250,4633', 7, null), fc.jsonValue()),
      package_slug: fc.oneof(fc.constantFrom<unknown>('intro', '', null), fc.jsonValue()),
      global_metrics: fc.oneof(fc.constant({ total_steps: 99, completion_rate: 100 }), fc.jsonValue()),
      global_indicators: fc.jsonValue(),
    },
    { requiredKeys: ['telemetry_id', 'steps'] },
  )
  .map((file) => parseSnapshot(JSON.stringify({ ...file, slug: file.slug?.slice(0, 200) })))
  .filter((parsed) => parsed.ok)
  .map((parsed) => (parsed as { snapshot: ImportedSnapshot }).snapshot)

const known = { slug: steps[2]!.slug, position: 2 }
const stepEvent = fc
  .record({
    type: fc.constantFrom('open_step', 'compile', 'test', 'test', 'ai_interaction'),
    at: ms,
    step: fc.constantFrom(known, { slug: steps[0]!.slug, position: 0 }, { slug: 'unheard-of', position: 7 }),
    data: attempt,
    wire: fc.constantFrom(true, undefined),
  })
  .map(({ type, at, wire, ...rest }) => event(type, at, { ...rest, ...(wire && { wire }) }))

/** Any log that names its course and its student. */
export const oddLog: fc.Arbitrary<readonly TelemetryEvent[]> = fc
  .tuple(
    fc.boolean(),
    ms,
    fc.array(
      fc.oneof(
        { weight: 5, arbitrary: stepEvent },
        {
          weight: 1,
          arbitrary: fc
            .tuple(oddFile, ms)
            .map(([snapshot, at]) => event('import', at, { data: { snapshot } })),
        },
        { weight: 1, arbitrary: ms.map((at) => started(at)) },
      ),
      { maxLength: 12 },
    ),
  )
  .map(([begun, at, events]) => [
    ...(begun ? [started(at)] : []),
    ...events,
    event('student_identified', 1_700_000_000_000, { data: { user_id: 42 } }),
  ])
  .filter((log) => log.every((one) => parseEvent(one).ok))
