// Recorded sessions of the stock implementation: what it wrote and sent, we write and render (SPEC §4).

import { describe, expect, it } from 'vitest'
import { batchJson } from '../src/delivery/batch'
import { evolve, history, initialState, snapshot, triggersBatch } from '../src/index'
import { fold } from '../src/fold/evolve'
import { streamBody } from '../src/fold/wire'
import { isStepEvent, parseSnapshot, type TelemetryEvent } from '../src/index'
import { STEP_EVENT_TYPES } from '../src/events/events'
import { memoryStorage, type MemoryStorage } from '../src/memory'
import { eventsOf } from './arbitraries'
import {
  countingIds,
  course,
  jsonOf,
  sample,
  TELEMETRY_ID,
  vectors,
  withAdditions,
  world,
  type Vector,
  type World,
} from './support'

/** Makes a vector's calls on our runtime. `terminate` is stock's submit(): one more batch, no session end. */
function replay(
  vector: Vector,
  storage?: MemoryStorage,
): World & { log: TelemetryEvent[]; results: unknown[]; submits: number[] } {
  const previous = vector.previous_raw ?? (vector.previous && JSON.stringify(vector.previous))
  const w = world({ storage: storage ?? memoryStorage(previous), ids: countingIds() })
  const results: unknown[] = []
  const submits: number[] = []
  const shared = vector.shared ?? {}
  for (const { at, op, args } of vector.calls) {
    w.clock.set(at)
    if (op === 'start') results.push(w.telemetry.start(courseOf(vector)))
    else if (op === 'registerStepEvent') {
      const [position, type, data] = args as [unknown, unknown, { $ref?: string }]
      results.push(w.telemetry.record(position, type, data.$ref === undefined ? data : shared[data.$ref]))
    } else if (op === 'setStudent') {
      results.push(w.telemetry.identify((args[0] as { user_id: unknown }).user_id))
    } else if (op === 'terminate') submits.push(logOf(w).length)
    else throw new Error(`unknown call ${op}`)
  }
  return { ...w, log: logOf(w), results, submits }
}

const courseOf = ({ config: { slug, agent, steps } }: Vector) => ({ slug, agent, steps })

function logOf({ storage, telemetry }: World): TelemetryEvent[] {
  const id = telemetry.status().telemetry_id
  return id === undefined ? [] : eventsOf(storage.log(id))
}

/**
 * The bodies of every batch and stream event that the log and the submits give rise to. `further`: the batches at a
 * completion, which stock does not send.
 */
function bodies({ log, submits }: ReturnType<typeof replay>) {
  const batch: unknown[] = []
  const further: unknown[] = []
  const stream: unknown[] = []
  let state = initialState
  const rendered = (): unknown => JSON.parse([...batchJson(state)].join(''))
  const submitted = (count: number) =>
    submits.filter((at) => at === count).forEach(() => batch.push(rendered()))
  submitted(0)
  log.forEach((event, index) => {
    const before = state
    state = evolve(state, event)
    if (triggersBatch(event, before, state)) (isStock(event) ? batch : further).push(rendered())
    if (isStepEvent(event)) stream.push(streamBody(event, state))
    submitted(index + 1)
  })
  return jsonOf({ batch, further, stream })
}

const isStock = ({ type }: TelemetryEvent): boolean => type !== 'test' && type !== 'import'

/** How many batches of ours tell of a step that a test, or the file that was there before, completed. */
const FURTHER: Record<string, number> = {
  'testeable-fail-then-pass': 1,
  'fail-after-pass': 1,
  'pass-on-nontesteable': 1,
  'restart-with-last-interaction': 1,
  'restart-keeps-user': 1,
  'no-urls': 1,
  'batch-only': 1,
}

const different = (name: string): Vector => {
  const vector = vectors.different.find((candidate) => candidate.name === name)
  if (vector === undefined) throw new Error(`no vector ${name}`)
  return vector
}

const stepOf = (w: World, slug: string) => w.telemetry.snapshot().steps.find((step) => step.slug === slug)

describe('same as stock', () => {
  it.each(vectors.same)('$name: $notes', (vector) => {
    const session = replay(vector)
    expect(session.results.every((result) => (result as { ok: boolean }).ok)).toBe(true)
    expect(jsonOf(session.telemetry.snapshot())).toEqual(vector.telemetry)
    const { batch, further, stream } = bodies(session)
    // A URL that is not configured is nothing sent; what would be sent is the same.
    if (vector.config.urls?.batch !== undefined) expect(batch).toEqual(vector.batch.map(withAdditions))
    if (vector.config.urls?.streaming !== undefined) expect(stream).toEqual(vector.stream)
    expect(further).toHaveLength(FURTHER[vector.name] ?? 0)
  })

  it('leaves no vector out', () => {
    expect(vectors.same).toHaveLength(19)
    expect(vectors.different).toHaveLength(13)
  })
})

describe('different from stock, on purpose', () => {
  it('pass-twice-completed-moves: the first pass counts', () => {
    const w = replay(different('pass-twice-completed-moves'))
    expect(stepOf(w, '02-add')).toMatchObject({ completed_at: 1_700_000_003_000 })
    expect(stepOf(w, '02-add')?.tests).toHaveLength(2)
  })

  it("shared-data-object: the caller's data object is copied, untouched", () => {
    const vector = jsonOf(different('shared-data-object'))
    const w = replay(vector)
    expect(vector.shared).toEqual(different('shared-data-object').shared)
    const once = { source_code: 'eD0x', stdout: 'b25l', exit_code: 0 }
    expect(stepOf(w, '02-add')).toMatchObject({ compilations: [once], tests: [once] })
    expect(bodies(w).stream).toMatchObject([{ data: once }, { data: once }])
  })

  it('ai-interaction: recorded only while logged in', () => {
    const vector = different('ai-interaction')
    const refused = replay(vector)
    expect(refused.results[2]).toEqual({
      ok: false,
      reason: 'ai_interaction is recorded only while a student is logged in',
    })
    expect(stepOf(refused, '01-hello')?.ai_interactions).toEqual([])

    const [start, ...others] = vector.calls
    const login = { at: start!.at, op: 'setStudent', args: [{ user_id: 42 }] }
    const recorded = replay({ ...vector, calls: [start!, login, ...others] })
    expect(jsonOf(recorded.telemetry.snapshot())).toEqual({ ...vector.telemetry, user_id: 42 })
    const stamped = vector.stream.map((body) => ({ ...(body as object), user_id: 42 }))
    expect(bodies(recorded).stream).toEqual(stamped)
  })

  it('two-opens-same-step-nontesteable: re-opening a step completes nothing', () => {
    const w = replay(different('two-opens-same-step-nontesteable'))
    expect(stepOf(w, '01-hello')).toMatchObject({ opened_at: 1_700_000_001_000 })
    expect(stepOf(w, '01-hello')).not.toHaveProperty('completed_at')
    expect(bodies(w).stream).toHaveLength(3)
  })

  it('unknown-position: refused with a reason; a string of digits is a position', () => {
    const w = replay(different('unknown-position'))
    const position = (value: string) => ({
      ok: false,
      reason: `unknown step ${value}: no step of the course has that position`,
    })
    expect(w.results.slice(1)).toMatchObject([
      position('99'),
      position('-1'),
      position('1.5'),
      position('null'),
      {
        ok: false,
        reason: `unknown event type "nonsense": expected ${STEP_EVENT_TYPES.join(', ')}`,
      },
      { ok: true },
      { ok: true },
    ])
    expect(w.telemetry.record('length', 'compile', {})).toMatchObject(position('"length"'))
    expect(w.telemetry.status().refused).toBe(6)
    expect(stepOf(w, '01-hello')).toMatchObject({
      opened_at: 1_700_000_002_000,
      completed_at: 1_700_000_003_000,
    })
    expect(bodies(w).stream).toMatchObject([{ step_position: 1 }, { step_position: 2 }])
  })

  it('event-before-start: recorded behind the session start, with its own time; step 0 is reported', () => {
    const w = replay(different('event-before-start'))
    expect(w.results.every((result) => (result as { ok: boolean }).ok)).toBe(true)
    expect(w.log.map(({ type, at }) => [type, at])).toEqual([
      ['session_start', 1_700_000_001_000],
      ['open_step', 1_700_000_000_000],
      ['student_identified', 1_700_000_000_010],
      ['open_step', 1_700_000_002_000],
    ])
    expect(w.results.map((result) => (result as { id: string }).id)).toEqual(
      [1, 2, 0, 3].map((index) => w.log[index]!.id),
    )
    expect(w.telemetry.snapshot()).toMatchObject({ user_id: 7 })
    expect(JSON.stringify(w.log)).not.toContain('a@b.c')
    expect(stepOf(w, '00-welcome')).toMatchObject({
      opened_at: 1_700_000_000_000,
      completed_at: 1_700_000_002_000,
    })
  })

  it('set-student: a second student goes on in a telemetry of their own (rule 5)', () => {
    const vector = different('set-student')
    const w = replay(vector)
    const second = w.telemetry.snapshot()
    expect(second).toMatchObject({ user_id: '43', slug: 'intro-js', tutorial_started_at: 1_700_000_003_000 })
    expect(second.telemetry_id).not.toBe(TELEMETRY_ID)
    expect(second.steps.every(({ opened_at }) => opened_at === undefined)).toBe(true)

    const first = fold(initialState, eventsOf(w.storage.log(TELEMETRY_ID)))
    expect(jsonOf(snapshot(first))).toMatchObject({ ...vector.telemetry, user_id: 42 })
    expect(first.student).toBeUndefined()
    expect(JSON.stringify(w.log)).not.toMatch(/tok|@b\.c/)
  })

  it('restart-without-last-interaction: every start is a session', () => {
    const w = replay(different('restart-without-last-interaction'))
    expect(w.telemetry.snapshot().workout_session).toEqual([
      { started_at: 1_700_000_000_000, ended_at: 1_700_000_000_000 },
      { started_at: 1_700_000_100_000 },
    ])
  })

  it('restart-twice-no-events: never negative', () => {
    const w = replay(different('restart-twice-no-events'))
    expect(w.telemetry.snapshot().workout_session).toEqual([
      { started_at: 1_700_000_000_000, ended_at: 1_700_000_004_000 },
      { started_at: 1_700_000_100_000, ended_at: 1_700_000_100_000 },
      { started_at: 1_700_000_200_000 },
    ])
  })

  it('restart-prevstep-lost: the step open before a restart is remembered', () => {
    const vector = different('restart-prevstep-lost')
    const storage = memoryStorage()
    const before = world({ storage, now: vector.previous!.tutorial_started_at })
    before.telemetry.start(courseOf(vector))
    before.clock.set(1_700_000_001_000)
    before.telemetry.record(0, 'open_step')
    expect(jsonOf(before.telemetry.snapshot())).toEqual(vector.previous)

    const after = replay(vector, storage)
    expect(stepOf(after, '00-welcome')).toMatchObject({
      opened_at: 1_700_000_001_000,
      completed_at: 1_700_000_101_000,
    })
  })

  it('restart-prevstep-lost: but a file from elsewhere does not tell which step was open', () => {
    const vector = different('restart-prevstep-lost')
    expect(jsonOf(replay(vector).telemetry.snapshot())).toEqual(vector.telemetry)
  })

  it('restart-new-course-shape: the course given at session start wins (rule 6)', () => {
    const vector = different('restart-new-course-shape')
    const w = replay(vector)
    const now = w.telemetry.snapshot()
    expect(now).toMatchObject({ slug: 'other-course', agent: 'os' })
    expect(now.steps.map(({ slug, position, is_testeable }) => [slug, position, is_testeable])).toEqual(
      vector.config.steps.map(({ slug, position, is_testeable }) => [slug, position, is_testeable]),
    )
    expect(stepOf(w, '04-new')).toMatchObject({
      opened_at: 1_700_000_101_000,
      completed_at: 1_700_000_102_000,
    })
    expect(stepOf(w, '00-welcome')).toMatchObject({ completed_at: 1_700_000_002_000 })
    expect(bodies(w).stream).toHaveLength(3)
  })

  it.each(['previous-empty-file', 'previous-truncated'])('%s: set aside, a new telemetry starts', (name) => {
    const vector = different(name)
    const w = replay(vector)
    expect(w.storage.asides).toEqual([vector.previous_raw])
    expect(w.notices).toHaveLength(1)
    expect(w.notices[0]).toMatch(
      /^telemetry\.json is not JSON \(.+\); it is kept as telemetry\.json\.aside-1$/,
    )
    expect(w.telemetry.snapshot()).toMatchObject({ telemetry_id: TELEMETRY_ID })
    expect(stepOf(w, '00-welcome')).toMatchObject({ opened_at: 1_700_000_001_000 })
  })
})

describe('stock files', () => {
  const files = [...vectors.same, ...vectors.different].flatMap(({ name, telemetry }) =>
    telemetry === null ? [] : [{ name, telemetry }],
  )

  it.each([...files, { name: 'the sample', telemetry: sample }])(
    'history of $name folds to it',
    ({ telemetry }) => {
      const events = history(telemetry)
      expect(jsonOf(snapshot(fold(initialState, jsonOf(events))))).toEqual(telemetry)
    },
  )

  it('are accepted as they are', () => {
    for (const { telemetry } of files) {
      expect(parseSnapshot(JSON.stringify(telemetry))).toEqual({ ok: true, snapshot: telemetry })
    }
    expect(course.steps).toHaveLength(4)
  })
})
