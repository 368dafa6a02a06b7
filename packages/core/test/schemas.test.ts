// The published schemas: as committed, true of everything we write and send, and not of plainly wrong bodies.

import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeLine, evolve, history, initialState, isStepEvent } from '../src/index'
import { streamBody, toWire } from '../src/fold/wire'
import { triggersBatch, type Parcel, type State, type TelemetryEvent } from '../src/index'
import { waitingBatch } from '../src/delivery/parcels'
import { jsonSchema, type SchemaName } from '../src/schemas'
import { anySnapshot, randomSession } from './arbitraries'
import { crc, event, jsonOf, on, sample, started, vectors } from './support'

const NAMES: SchemaName[] = ['snapshot', 'batch', 'stream', 'event']

const ajv = new Ajv2020({ allErrors: true })
const validators = Object.fromEntries(NAMES.map((name) => [name, ajv.compile(jsonSchema(name))]))

/** What a schema has against a value. */
function against(name: SchemaName, value: unknown): unknown {
  const validate = validators[name]!
  return validate(value) ? undefined : { value, errors: validate.errors }
}
const accepts = (name: SchemaName, value: unknown): void => expect(against(name, value)).toBeUndefined()

const rendered = (state: State): Parcel | undefined =>
  waitingBatch(() => ({ state, at: 1, offset: 1 }))({ offset: 0 })?.parcel

/** Everything that a log gives rise to, whoever is logged in. */
function checkAll(log: readonly TelemetryEvent[]): void {
  let state = initialState
  for (const one of log) {
    accepts('event', JSON.parse(encodeLine(one, crc)))
    const before = state
    state = evolve(state, one)
    const batch = triggersBatch(one, before, state) ? rendered(state) : undefined
    if (batch !== undefined) accepts('batch', JSON.parse(batch.body))
    if (isStepEvent(one) && state.telemetry_id !== undefined)
      accepts('stream', jsonOf(streamBody(one, state)))
  }
}

describe('the schemas', () => {
  it.each(NAMES)('%s: as committed; `npm run schemas` writes it', async (name) => {
    const text = `${JSON.stringify(jsonSchema(name), null, 2)}\n`
    await expect(text).toMatchFileSnapshot(`../../../docs/schemas/${name}.schema.json`)
  })

  it.each([...vectors.same, ...vectors.different])('accept what stock wrote and sent: $name', (vector) => {
    if (vector.telemetry !== null) accepts('snapshot', vector.telemetry)
    for (const body of vector.batch) accepts('batch', body)
    // Stock passes on a position as it was called with; ours is a number.
    const asNumber = (body: object) =>
      'step_position' in body ? { ...body, step_position: Number(body.step_position) } : body
    for (const body of vector.stream) accepts('stream', asNumber(body as object))
  })

  it("accept the sample, a real learner's file, and all that it gives rise to", () => {
    accepts('snapshot', sample)
    accepts('batch', sample)
    checkAll(history(sample))
  })

  it('accept whatever a session can lead to', () => {
    fc.assert(
      fc.property(randomSession, ({ logs, snapshot }) => {
        accepts('snapshot', snapshot)
        logs.forEach(checkAll)
      }),
    )
  })

  it('accept whatever comes of any telemetry.json that was taken in', () => {
    fc.assert(
      fc.property(anySnapshot, fc.boolean(), (file, begun) => {
        accepts('snapshot', file)
        const taken = event('import', 2, { data: { snapshot: file } })
        checkAll([
          ...(begun ? [started(1)] : []),
          taken,
          event('student_identified', 3, { data: { user_id: 1 } }),
        ])
        checkAll(history(file))
      }),
    )
  })
})

describe('the schemas refuse', () => {
  const { slug: _, ...nameless } = sample
  const [step] = sample.steps
  it.each<[string, unknown]>([
    ['no slug', nameless],
    ['a top-level event', { ...sample, event: 'compile' }],
    ['a time as a string', { ...sample, tutorial_started_at: String(sample.tutorial_started_at) }],
    ['a time in seconds with a fraction', { ...sample, last_interaction_at: 1_700_000_000.5 }],
    ['a time of a step as a string', { ...sample, steps: [{ ...step, opened_at: '2024-01-01' }] }],
    ['a session without a start', { ...sample, workout_session: [{ ended_at: 1 }] }],
    ['steps that are no list', { ...sample, steps: {} }],
    ['a step without a slug', { ...sample, steps: [{ position: 0 }] }],
    ['tests that are no list', { ...sample, steps: [{ ...step, tests: null }] }],
    ['a student that is an object', { ...sample, user_id: { id: 1 } }],
    ['a list', [sample]],
  ])('a batch with %s', (_, body) => {
    expect(against('batch', body)).toBeDefined()
  })

  const whole = vectors.same.find(({ name }) => name === 'restart-keeps-user')!.stream[0] as object
  it.each<[string, object]>([
    ['no slug', { slug: undefined }],
    ['no event', { event: undefined }],
    ['an event of its own', { event: 'session_start' }],
    ['a position as a string', { step_position: '1' }],
    ['data as text', { data: '{}' }],
  ])('a stream body with %s', (_, change) => {
    accepts('stream', whole)
    expect(against('stream', jsonOf({ ...whole, ...change }))).toBeDefined()
  })

  it('a batch as a stream body, and a stream body as a batch', () => {
    expect(against('stream', sample)).toBeDefined()
    expect(against('batch', whole)).toBeDefined()
  })

  it('a line of the log whose data does not fit its type', () => {
    const line = (one: TelemetryEvent) => JSON.parse(encodeLine(one, crc)) as object
    accepts('event', line(on(0, 'compile', 1, toWire('compile', { stdout: 'x' }))))
    expect(against('event', line(event('compile', 1)))).toBeDefined()
    expect(against('event', line(event('student_identified', 1)))).toBeDefined()
    expect(against('event', { ...line(started(1)), crc: 'none' })).toBeDefined()
  })
})
