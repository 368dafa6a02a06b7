// The runtime: what is recorded, for whom, when it is sent, and that nothing it is given hurts the host.

import { describe, expect, it, vi } from 'vitest'
import { stillDead, type Outcome, type Transport } from '../src/index'
import { memoryLog, memoryStorage } from '../src/memory'
import { createReader, type OpenTelemetry } from '../src/runtime/reader'
import { createReports } from '../src/runtime/reports'
import { eventsOf } from './arbitraries'
import {
  countingIds,
  course,
  crc,
  event,
  jsonOf,
  on,
  sample,
  started as begun,
  TELEMETRY_ID,
} from './support'
import { delivered, recorder, replaceable, withAdditions, world, type World } from './support'

const broken = (): never => {
  throw new Error('broken')
}

const logOf = ({ storage, telemetry }: World) => eventsOf(storage.log(telemetry.status().telemetry_id!))
const turns = async () => {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve()
}
const ok = { ok: true, id: expect.any(String) as string }

describe('recording', () => {
  it('returns once the line is in the log, with the id and time of the call', () => {
    const w = world()
    expect(w.telemetry.start(course)).toEqual(ok)
    w.clock.set(1_700_000_005_000)
    const recorded = w.telemetry.record(2, 'compile', { stdout: 'hi' })
    expect(logOf(w).at(-1)).toEqual({
      v: 1,
      id: (recorded as { id: string }).id,
      at: 1_700_000_005_000,
      session: logOf(w)[0]!.id,
      type: 'compile',
      step: { slug: '02-add', position: 2 },
      data: { stdout: 'hi' },
    })
  })

  it('an event names its session; a session start, and an import into no session of its log, name themselves', () => {
    const w = world()
    w.telemetry.open()
    w.telemetry.import({ ...sample, user_id: 'ana' })
    w.telemetry.start(course)
    w.telemetry.start(course)
    w.telemetry.record(2, 'compile', {})
    w.telemetry.import({ ...sample, user_id: 'ben', telemetry_id: 'of-ben' })
    const events = [...logOf(w), ...eventsOf(w.storage.log('of-ben'))]
    const [, , start] = events.map(({ id }) => id)
    expect(events.map(({ type, id, session }) => [type, session === id ? 'itself' : session])).toEqual([
      ['import', 'itself'],
      ['session_start', 'itself'],
      ['session_start', 'itself'],
      ['compile', start],
      ['import', 'itself'],
    ])
  })

  const cyclic: Record<string, unknown> = {}
  cyclic['self'] = cyclic
  it.each([
    ['text', 'data of compile is no object (found "text")'],
    [null, 'data of compile is no object (found null)'],
    [[1], 'data of compile is no object (found [1])'],
    [undefined, 'data of compile is no object (found undefined)'],
    [cyclic, expect.stringMatching(/^cannot be recorded: Converting circular structure/) as string],
    [{ n: 1n }, 'cannot be recorded: Do not know how to serialize a BigInt'],
    [
      {
        get stdout() {
          throw new Error('mine')
        },
      },
      'cannot be recorded: mine',
    ],
  ])('refuses data it cannot keep, with a reason, and loses no neighbour: %#', (data, reason) => {
    const w = world()
    w.telemetry.start(course)
    const refused = vi.fn()
    w.telemetry.on('refused', refused)
    expect(w.telemetry.record(1, 'compile', data)).toEqual({ ok: false, reason })
    expect(refused).toHaveBeenCalledWith(reason)
    expect(w.telemetry.record(1, 'compile', {})).toEqual(ok)
    expect(w.telemetry.status()).toMatchObject({ recorded: 2, refused: 1, log: { damaged: 0 } })
    expect(logOf(w)).toHaveLength(2)
  })

  it('keeps a wrong type inside data as it is given', () => {
    const w = world()
    w.telemetry.start(course)
    const data = { stdout: 7, stderr: null, source_code: ['a'], exit_code: '0', starting_at: 'noon' }
    w.telemetry.record(2, 'test', data)
    expect(w.telemetry.snapshot().steps[2]).toMatchObject({ tests: [data] })
    expect(w.telemetry.snapshot().steps[2]).not.toHaveProperty('completed_at')
  })

  it('says exit_code for exitCode, in its place, and null for a test that does not say', () => {
    const w = world()
    w.telemetry.start(course)
    w.telemetry.record(2, 'compile', { a: 1, exitCode: 3, b: 2 })
    w.telemetry.record(2, 'compile', { a: 1 })
    w.telemetry.record(2, 'test', { exitCode: 0 })
    w.telemetry.record(2, 'test', { a: 1 })
    w.telemetry.record(2, 'test', { exit_code: 1, exitCode: 2 })
    const { compilations, tests, completed_at } = w.telemetry.snapshot().steps[2]!
    expect(JSON.stringify(compilations)).toBe('[{"a":1,"exit_code":3,"b":2},{"a":1}]')
    expect(tests).toEqual([{ exit_code: 0 }, { a: 1, exit_code: null }, { exit_code: 1, exitCode: 2 }])
    expect(completed_at).toBeDefined()
  })

  it('keeps calls before start as they were given', () => {
    const w = world()
    const data = { stdout: 'before' }
    expect(w.telemetry.record(1, 'compile', data)).toEqual(ok)
    data.stdout = 'after'
    expect(w.telemetry.record(1, 'compile', { n: 1n })).toEqual({
      ok: false,
      reason: 'cannot be recorded: Do not know how to serialize a BigInt',
    })
    w.telemetry.start(course)
    expect(logOf(w).map(({ type }) => type)).toEqual(['session_start', 'compile'])
    expect(logOf(w)[1]).toMatchObject({ data: { stdout: 'before' } })
  })

  it('refuses a course it cannot use, and can be started with another', () => {
    const w = world()
    expect(w.telemetry.start({ slug: 'x', agent: 'os', steps: [{ slug: 'a' }] } as never)).toEqual({
      ok: false,
      reason:
        'course: steps.0.position: Invalid input: expected number, received undefined (found undefined)',
    })
    expect(w.telemetry.start(course)).toEqual(ok)
  })

  it.each([undefined, null, {}, '', 1.5])('refuses a user_id that names nobody: %j', (user_id) => {
    const w = world()
    w.telemetry.start(course)
    expect(w.telemetry.identify(user_id)).toMatchObject({ ok: false })
    expect(w.telemetry.snapshot()).not.toHaveProperty('user_id')
  })

  it('goes on when the log fails and when it is back', () => {
    const storage = memoryStorage()
    const w = world({ storage })
    w.telemetry.start(course)
    const { log } = storage.open(TELEMETRY_ID)
    const append = log.append.bind(log)
    log.append = () => {
      throw new Error('ENOSPC')
    }
    expect(w.telemetry.record(1, 'open_step')).toEqual({
      ok: false,
      reason: '"open_step" could not be recorded: ENOSPC',
    })
    log.append = append
    expect(w.telemetry.record(1, 'open_step')).toEqual(ok)
    expect(logOf(w)).toHaveLength(2)
  })

  it('never throws into the host, whatever storage does', async () => {
    const storage = memoryStorage()
    const w = world({ storage })
    for (const name of ['readIndex', 'writeIndex', 'open', 'list'] as const) {
      storage[name] = () => {
        throw new Error(`${name} is broken`)
      }
    }
    expect(w.telemetry.start(course)).toEqual({ ok: false, reason: 'the log could not be opened' })
    expect(w.telemetry.record(1, 'open_step')).toEqual(ok)
    expect(w.telemetry.end('exit')).toEqual({ ok: false, reason: 'there is no session to end' })
    await w.telemetry.close()
    expect(w.telemetry.status().refused).toBe(3)
    expect(w.faults.length).toBeGreaterThan(0)
    expect(w.telemetry.record(1, 'open_step')).toEqual({
      ok: false,
      reason: 'nothing is recorded after close',
    })
  })
})

describe('whatever a host passes', () => {
  const throwing = {
    get stdout(): string {
      throw new Error('mine')
    },
  }
  const bare = Object.assign(Object.create(null) as object, { self: undefined as unknown })
  bare.self = bare

  it.each<[string, (w: World) => unknown]>([
    ['a throwing getter in a test', (w) => w.telemetry.record(2, 'test', throwing)],
    [
      'a throwing getter beside exitCode',
      (w) => w.telemetry.record(2, 'compile', Object.assign(throwing, { exitCode: 1 })),
    ],
    ['a throwing getter in an import', (w) => w.telemetry.import(throwing)],
    ['a throwing getter in a course', (w) => w.telemetry.start(throwing as never)],
    ['a cycle for a position', (w) => w.telemetry.record(bare, 'compile', {})],
    ['a symbol for a type', (w) => w.telemetry.record(1, Symbol('x'), {})],
    ['a date for data', (w) => w.telemetry.record(1, 'compile', new Date(0))],
    ['an unknown type before start', () => world().telemetry.record(1, 'nonsense', {})],
    ['no object before start', () => world().telemetry.record(1, 'compile', 'text')],
    ['no event to append', (w) => w.telemetry.append({ type: 'x' } as never)],
    ['no object to append', (w) => w.telemetry.append(null as never)],
    ['an end without a session', () => world().telemetry.end('exit')],
  ])('%s is refused with a reason, and the log stays readable', (_, call) => {
    const w = world()
    w.telemetry.start(course)
    expect(call(w)).toEqual({ ok: false, reason: expect.stringMatching(/.{5,}/) as string })
    expect(w.telemetry.record(1, 'open_step')).toEqual(ok)
    w.telemetry.state()
    expect(w.telemetry.status().log).toMatchObject({ damaged: 0, events: 2 })
  })

  it('is not looked at again: a course or an import may be changed by its owner', () => {
    const w = world()
    const mine = jsonOf(course)
    const file = jsonOf(sample)
    w.telemetry.import(file)
    file.steps = 'gone' as never
    w.telemetry.start(mine)
    mine.steps.length = 0
    expect(w.telemetry.record(1, 'open_step')).toEqual(ok)
    w.telemetry.state()
    expect(w.telemetry.status().log).toMatchObject({ damaged: 0, events: 3 })
  })

  it('a listener that throws harms nobody', () => {
    const w = world()
    w.telemetry.on('recorded', () => {
      throw new Error('of a listener')
    })
    expect(w.telemetry.start(course)).toEqual(ok)
    expect(w.faults).toEqual(['listener of recorded: Error: of a listener'])
    w.clock.advance(1)
    expect(w.telemetry.status().log.events).toBe(1)
  })

  it('a listener that throws when it is told of that harms nobody either', () => {
    const w = world()
    for (const said of ['recorded', 'fault'] as const) w.telemetry.on(said, broken)
    expect(w.telemetry.start(course)).toEqual(ok)
    expect(w.telemetry.record(1, 'open_step')).toEqual(ok)
  })

  it('what is thrown that is no error is told as it is', () => {
    const data = {
      get stdout(): string {
        throw 'mine'
      },
    }
    expect(world().telemetry.record(1, 'compile', data)).toEqual({
      ok: false,
      reason: 'cannot be recorded: "mine"',
    })
  })

  it('before anything was started or opened there is nothing, and looking at it makes none', async () => {
    const w = world()
    w.telemetry.submit()
    w.telemetry.save()
    await w.telemetry.idle()
    expect(w.telemetry.resend()).toBe(0)
    expect(w.telemetry.snapshot()).toEqual({ steps: [], workout_session: [] })
    expect(w.telemetry.status()).toEqual({
      telemetry_id: undefined,
      student: undefined,
      recorded: 0,
      refused: 0,
      log: { bytes: 0, lines: 0, events: 0, damaged: 0, duplicates: 0 },
      destinations: {},
    })
    expect([w.storage.list(), w.storage.telemetryJson, w.faults]).toEqual([[], undefined, []])
    await w.telemetry.close()
    w.telemetry.open()
    expect(w.storage.list()).toEqual([])
  })

  it('before anything was started or opened its storage may have no place yet', async () => {
    const nowhere = new Proxy({} as World['storage'], { get: broken })
    const w = world({ storage: nowhere })
    expect(w.telemetry.record(1, 'open_step')).toEqual(ok)
    await w.telemetry.close()
    expect(w.faults).toEqual([])
  })

  it('of calls before a start that does not come, 10,000 wait', () => {
    const w = world()
    for (let n = 0; n < 10_000; n++) w.telemetry.record(1, 'open_step')
    expect(w.telemetry.record(1, 'open_step')).toEqual({
      ok: false,
      reason: 'more than 10000 calls before a start',
    })
    expect(w.telemetry.start(course)).toEqual(ok)
    expect(w.telemetry.status()).toMatchObject({ recorded: 10_001, refused: 1 })
  })

  it('for ever new reasons fills no memory: beyond a hundred they are counted together', async () => {
    const w = world()
    w.telemetry.start(course)
    for (let n = 0; n < 150; n++) w.telemetry.record(`step ${n}`, 'open_step')
    await w.telemetry.idle()
    const kept = w.storage.open(TELEMETRY_ID).refusals.list()
    expect(kept).toHaveLength(101)
    expect(kept.at(-1)).toMatchObject({ reason: 'for other reasons', count: 50 })
  })

  it('an event of a type of tomorrow, without data, is appended as it is', () => {
    const w = world()
    const odd = { v: 1, id: 'x', at: 1, session: 's', type: 'badge_earned' }
    expect(w.telemetry.append(odd as never)).toEqual(ok)
    expect(logOf(w)).toEqual([odd])
  })

  it('that waited for the start and fails loses none of those behind it', () => {
    const storage = memoryStorage()
    const before = world({ storage })
    before.telemetry.start(course)
    before.telemetry.identify('ana')
    storage.writeIndex({ ...storage.readIndex()!, owners: { [TELEMETRY_ID]: 'ana', other: 'cyd' } })
    const w = world({ storage, ids: { ...countingIds(), telemetry: broken } })
    w.telemetry.import({ ...sample, user_id: 'ben', telemetry_id: 'other' })
    w.telemetry.record(1, 'open_step')
    expect(w.telemetry.start(course)).toEqual(ok)
    expect(w.telemetry.status()).toMatchObject({ recorded: 2, refused: 1 })
    expect(logOf(w).at(-1)).toMatchObject({ type: 'open_step' })
  })

  it('that comes before a start that never comes is refused at the end', async () => {
    const w = world()
    w.telemetry.record(1, 'open_step')
    await w.telemetry.close()
    expect(w.telemetry.status()).toMatchObject({ recorded: 0, refused: 1 })
  })

  it('a telemetry_id in a course is not ours', () => {
    const w = world()
    w.telemetry.start({ ...course, telemetry_id: 'evil' } as never)
    expect(w.telemetry.snapshot().telemetry_id).toBe(TELEMETRY_ID)
  })
})

describe('telemetry.json', () => {
  it.each<[string, (storage: ReturnType<typeof memoryStorage>) => void]>([
    ['read', (storage) => (storage.snapshot.read = broken)],
    [
      'taken in',
      (storage) => {
        const { log } = storage.open(sample.telemetry_id)
        const append = log.append.bind(log)
        log.append = (line) => (line.includes('"import"') ? broken() : append(line))
      },
    ],
    [
      'set aside',
      (storage) => {
        storage.telemetryJson = 'no telemetry'
        storage.snapshot.setAside = broken
      },
    ],
  ])('that cannot be %s is not written over', async (_, breakIt) => {
    const storage = memoryStorage(JSON.stringify(sample))
    breakIt(storage)
    const before = storage.telemetryJson
    const w = world({ storage })
    expect(w.telemetry.start(course)).toEqual(ok)
    w.telemetry.record(1, 'open_step')
    await w.telemetry.idle()
    w.telemetry.save()
    await w.telemetry.close()
    expect(storage.telemetryJson).toBe(before)
    expect(logOf(w).map(({ type }) => type)).toEqual(['session_start', 'open_step'])
  })

  it('is taken in before a replay, too', async () => {
    const w = world({ storage: memoryStorage(JSON.stringify(sample)) })
    w.telemetry.append({ v: 1, id: 'x', at: 1, session: 's', type: 'student_cleared', data: {} })
    await w.telemetry.idle()
    expect(JSON.parse(w.storage.telemetryJson!)).toEqual(sample)
  })

  it('of another student is no throw in a timer of the host, where no id can be made for them', async () => {
    const storage = memoryStorage()
    const ids = { ...countingIds(), telemetry: broken }
    const w = world({ storage, ids: { ...ids, telemetry: () => TELEMETRY_ID } })
    w.telemetry.start(course)
    w.telemetry.identify('ana')
    await w.telemetry.close()
    storage.writeIndex({ ...storage.readIndex()!, owners: { [TELEMETRY_ID]: 'ana', other: 'cyd' } })
    const again = world({ storage, ids })
    again.telemetry.start(course)
    storage.telemetryJson = JSON.stringify({ ...sample, user_id: 'ben', telemetry_id: 'other' })
    again.telemetry.record(0, 'open_step')
    again.clock.advance(10_000)
    await again.telemetry.close()
    expect(again.telemetry.status()).toMatchObject({ recorded: 2, refused: 2 })
    expect(JSON.parse(storage.telemetryJson)).toMatchObject({ user_id: 'ben' })
    expect(logOf(again).map(({ type }) => type)).not.toContain('import')
  })

  it.each(['no telemetry', JSON.stringify(sample)])(
    'is left alone by who opened nothing and closes',
    async (text) => {
      const w = world({ storage: memoryStorage(text) })
      await w.telemetry.close()
      expect(w.storage).toMatchObject({ telemetryJson: text, asides: [] })
      expect(w.telemetry.status()).toMatchObject({ refused: 0 })
    },
  )

  it('is written at close', async () => {
    const w = world()
    w.telemetry.start(course)
    await w.telemetry.close()
    expect(JSON.parse(w.storage.telemetryJson!)).toEqual(jsonOf(w.telemetry.snapshot()))
  })

  it('says null, or a student of no name, for what it does not know', () => {
    const file = {
      ...sample,
      user_id: '',
      last_interaction_at: null,
      steps: [{ slug: 'a', opened_at: null, completed_at: null }],
    }
    const storage = memoryStorage(JSON.stringify(file))
    const w = world({ storage })
    w.telemetry.start(course)
    expect(storage.asides).toEqual([])
    expect(w.telemetry.snapshot()).not.toHaveProperty('user_id')
    expect(w.telemetry.snapshot().telemetry_id).toBe(sample.telemetry_id)
  })

  it('is written once for a burst, and again after the interval', async () => {
    const w = world()
    const written = vi.fn()
    w.telemetry.on('snapshot', written)
    const advance = async (ms: number) => {
      w.clock.advance(ms)
      for (let turn = 0; turn < 20; turn++) await Promise.resolve()
    }
    w.telemetry.start(course)
    for (let n = 0; n < 100; n++) w.telemetry.record(1, 'compile', { n })
    await advance(1)
    expect(written).toHaveBeenCalledTimes(1)
    w.telemetry.record(1, 'compile', { n: 100 })
    await advance(499)
    expect(written).toHaveBeenCalledTimes(1)
    await advance(1)
    expect(written).toHaveBeenCalledTimes(2)
    expect(JSON.parse(w.storage.telemetryJson!)).toEqual(jsonOf(w.telemetry.snapshot()))
    await advance(60_000)
    expect(written).toHaveBeenCalledTimes(2)
  })

  it('of ours is not imported at the next start; of somebody else it is, and alone', async () => {
    const storage = memoryStorage(JSON.stringify(sample))
    const first = world({ storage })
    first.telemetry.start(course)
    await first.telemetry.idle()
    world({ storage }).telemetry.start(course)
    storage.telemetryJson = JSON.stringify({ ...sample, cohort_id: 5 })
    const third = world({ storage })
    third.telemetry.start(course)
    expect(logOf(third).map(({ type }) => type)).toEqual([
      'import',
      'session_start',
      'session_start',
      'import',
      'session_start',
    ])
    expect(third.telemetry.snapshot()).toMatchObject({ telemetry_id: sample.telemetry_id, cohort_id: 5 })
  })

  it('of another student becomes a telemetry of its own', () => {
    const storage = memoryStorage()
    const first = world({ storage })
    first.telemetry.start(course)
    first.telemetry.identify('ana')
    storage.telemetryJson = JSON.stringify({ ...sample, user_id: 'ben' })
    const second = world({ storage })
    second.telemetry.start(course)
    expect(second.telemetry.snapshot()).toMatchObject({ telemetry_id: TELEMETRY_ID, user_id: 'ana' })
    expect(eventsOf(storage.log(sample.telemetry_id))).toMatchObject([{ type: 'import' }])
    second.telemetry.identify('ben')
    expect(second.telemetry.snapshot()).toMatchObject({ telemetry_id: sample.telemetry_id, user_id: 'ben' })
  })
})

describe('sending', () => {
  it('nothing without a student; after login the work from before, stamped with that student', async () => {
    const events = recorder('events')
    const snapshots = recorder('snapshots')
    const w = world({ transports: [events.transport, snapshots.transport] })
    w.telemetry.start(course)
    w.telemetry.record(0, 'open_step', { source_code: 'x' })
    await w.telemetry.idle()
    expect([events.sent, snapshots.sent]).toEqual([[], []])
    w.telemetry.identify(42)
    await w.telemetry.idle()
    expect(events.bodies()).toEqual([
      {
        slug: '00-welcome',
        telemetry_id: TELEMETRY_ID,
        user_id: 42,
        step_position: 0,
        event: 'open_step',
        data: { source_code: 'eA==' },
      },
    ])
    expect(events.sent[0]).toMatchObject({ id: logOf(w)[1]!.id, contentType: 'application/json' })
    expect(snapshots.bodies()).toEqual([withAdditions(w.telemetry.snapshot())])
    expect(snapshots.sent[0]).toMatchObject({ id: `${TELEMETRY_ID}-${logOf(w)[2]!.id}` })
  })

  it('a batch at session start, open_step, login and session end, and nothing of it twice', async () => {
    const { transport, sent } = recorder('snapshots')
    const storage = memoryStorage()
    const first = world({ storage, transports: [transport] })
    first.telemetry.start(course)
    first.telemetry.identify(42)
    await first.telemetry.idle()
    first.telemetry.record(1, 'compile', {})
    await first.telemetry.idle()
    expect(sent).toHaveLength(1)
    first.telemetry.record(1, 'open_step')
    await first.telemetry.idle()
    expect(sent).toHaveLength(2)
    first.telemetry.submit()
    await first.telemetry.idle()
    expect(sent).toHaveLength(2)
    first.telemetry.end('exit')
    await first.telemetry.close()
    expect(sent).toHaveLength(3)
    const second = world({ storage, transports: [transport] })
    second.telemetry.start(course)
    await second.telemetry.idle()
    expect(sent).toHaveLength(4)
  })

  it('stops at logout, goes on at the next login', async () => {
    const { transport, sent } = recorder('events')
    const w = world({ transports: [transport] })
    w.telemetry.start(course)
    w.telemetry.identify(42)
    w.telemetry.record(0, 'open_step')
    await w.telemetry.idle()
    w.telemetry.clear()
    w.telemetry.record(1, 'open_step')
    await w.telemetry.idle()
    expect(sent).toHaveLength(1)
    w.telemetry.identify('42')
    await w.telemetry.idle()
    expect(sent).toHaveLength(2)
    expect(logOf(w).map(({ type }) => type)).toContain('student_cleared')
  })

  it("a second student never sends the first one's work, which goes out when they are back", async () => {
    const events = recorder('events', { kind: 'retry', reason: 'down' })
    const snapshots = recorder('snapshots')
    const w = world({ transports: [events.transport, snapshots.transport] })
    w.telemetry.start(course)
    w.telemetry.identify('ana')
    w.telemetry.record(0, 'open_step')
    await w.telemetry.idle()
    w.telemetry.identify('ben')
    w.telemetry.record(1, 'open_step')
    await w.telemetry.idle()
    w.clock.advance(60_000)
    await w.telemetry.idle()
    expect(events.bodies().map(({ user_id, step_position }) => [user_id, step_position])).toEqual([
      ['ana', 0],
      ['ben', 1],
    ])
    w.telemetry.identify('ana')
    w.telemetry.record(2, 'open_step')
    await w.telemetry.idle()
    expect(events.bodies().map(({ user_id, step_position }) => [user_id, step_position])).toEqual([
      ['ana', 0],
      ['ben', 1],
      ['ana', 0],
      ['ana', 2],
    ])
    const owners = snapshots.bodies().map(({ user_id, telemetry_id }) => [user_id, telemetry_id])
    expect(new Set(owners.map(String))).toEqual(new Set([`ana,${TELEMETRY_ID}`, 'ben,telemetry2']))
    expect(w.storage.list()).toHaveLength(2)
  })

  it('a second student whose telemetry cannot be begun takes nothing over at the next start', () => {
    const storage = memoryStorage()
    const w = world({ storage })
    w.telemetry.start(course)
    w.telemetry.identify('ana')
    w.telemetry.record(0, 'open_step')
    w.telemetry.save()
    const open = storage.open.bind(storage)
    storage.open = (id) =>
      id === TELEMETRY_ID ? open(id) : { ...open(id), log: { ...memoryLog(), append: broken } }
    expect(w.telemetry.identify('ben')).toMatchObject({ ok: false })
    expect(w.telemetry.record(1, 'open_step')).toMatchObject({ ok: false })
    storage.open = open
    const again = world({ storage })
    again.telemetry.start(course)
    expect(again.telemetry.status()).toMatchObject({ telemetry_id: TELEMETRY_ID })
    expect(again.telemetry.snapshot().steps[1]).not.toHaveProperty('opened_at')
    again.telemetry.identify('ben')
    expect(again.telemetry.snapshot()).toMatchObject({ user_id: 'ben', workout_session: [{}] })
    expect(logOf(again).map(({ type }) => type)).toEqual(['session_start', 'student_identified'])
  })

  it('a second student whose telemetry cannot be begun at first goes on in it as soon as it can', async () => {
    const events = recorder('events')
    const w = world({ transports: [events.transport] })
    w.telemetry.start(course)
    w.telemetry.identify('ana')
    w.telemetry.record(0, 'open_step')
    await w.telemetry.idle()
    const open = w.storage.open.bind(w.storage)
    w.storage.open = (id) => (id === TELEMETRY_ID ? open(id) : broken())
    expect(w.telemetry.identify('ben')).toMatchObject({ ok: false })
    expect(w.telemetry.record(1, 'open_step')).toMatchObject({ ok: false })
    w.storage.open = open
    expect(w.telemetry.record(2, 'open_step')).toEqual(ok)
    await w.telemetry.idle()
    expect(w.telemetry.snapshot()).toMatchObject({ user_id: 'ben', telemetry_id: 'telemetry2' })
    expect(logOf(w).map(({ type }) => type)).toEqual(['session_start', 'student_identified', 'open_step'])
    const sent = events.bodies().map(({ user_id, step_position }) => [user_id, step_position])
    expect(sent).toEqual([
      ['ana', 0],
      ['ben', 2],
    ])
    expect(w.storage.list()).toHaveLength(2)
  })

  it('a logout that cannot be recorded holds back everything until it can', async () => {
    const events = recorder('events', { kind: 'retry', reason: 'down' })
    const w = world({ transports: [events.transport] })
    w.telemetry.start(course)
    w.telemetry.identify('ana')
    w.telemetry.record(0, 'open_step')
    await w.telemetry.idle()
    const { log } = w.storage.open(TELEMETRY_ID)
    const { append } = log
    log.append = broken
    expect(w.telemetry.clear()).toMatchObject({ ok: false })
    w.clock.advance(60_000)
    await w.telemetry.idle()
    expect(w.telemetry.record(1, 'open_step')).toMatchObject({ ok: false })
    log.append = append
    expect(w.telemetry.record(2, 'open_step')).toEqual(ok)
    await w.telemetry.idle()
    expect(events.sent).toHaveLength(1)
    expect(
      logOf(w)
        .map(({ type }) => type)
        .slice(-2),
    ).toEqual(['student_cleared', 'open_step'])
    w.telemetry.identify('ana')
    await w.telemetry.idle()
    expect(events.bodies().map(({ step_position }) => step_position)).toEqual([0, 0, 2])
  })

  it('a second student never gets the id of the first, whatever makes the ids', () => {
    const ids = { ...countingIds(), telemetry: () => TELEMETRY_ID }
    const w = world({ ids })
    w.telemetry.start(course)
    w.telemetry.identify('ana')
    w.telemetry.identify('ben')
    expect(w.telemetry.snapshot()).toMatchObject({ user_id: 'ben' })
    expect(w.telemetry.status().telemetry_id).toMatch(/^[a-z0-9]{16}$/)
    expect(w.telemetry.status().telemetry_id).not.toBe(TELEMETRY_ID)
  })

  it('goes on behind its cursor after a restart, with the same id and bytes', async () => {
    const first = recorder('events', delivered, { kind: 'retry', reason: 'down', after: 0 })
    const storage = memoryStorage()
    const before = world({ storage, transports: [first.transport] })
    before.telemetry.start(course)
    before.telemetry.identify(42)
    before.telemetry.record(0, 'open_step')
    before.telemetry.record(2, 'test', { stdout: 'ñ', exit_code: 1 })
    await before.telemetry.idle()
    before.clock.advance(500)
    await before.telemetry.idle()
    expect(first.sent).toHaveLength(3)
    expect(first.sent[2]).toEqual(first.sent[1])

    const second = recorder('events')
    const after = world({ storage, transports: [second.transport], now: 1_700_000_900_000 })
    after.telemetry.start(course)
    after.telemetry.record(2, 'test', { exit_code: 0 })
    await after.telemetry.idle()
    expect(second.bodies()).toMatchObject([{ event: 'test', data: { exit_code: 0 } }])
  })

  it('stores the cursor of a run once a second, and at its end', async () => {
    const storage = memoryStorage()
    const { cursors } = storage.open(TELEMETRY_ID)
    const stored: number[] = []
    const write = cursors.write.bind(cursors)
    cursors.write = (destination, state) => {
      stored.push(state.delivered)
      write(destination, state)
    }
    const answers = Array.from({ length: 10 }, () => (): Outcome => {
      w.clock.set(w.clock.now() + 300)
      return delivered
    })
    const w = world({ storage, transports: [recorder('events', ...answers).transport] })
    w.telemetry.start(course)
    w.telemetry.identify(42)
    for (let n = 0; n < 10; n++) w.telemetry.record(0, 'open_step')
    await w.telemetry.idle()
    expect(stored).toEqual([1, 5, 9, 10])
  })

  it('goes on where a cursor cannot be stored, and stores it at the next chance', async () => {
    const storage = memoryStorage()
    const { cursors } = storage.open(TELEMETRY_ID)
    const write = cursors.write.bind(cursors)
    cursors.write = broken
    const { transport, sent } = recorder('events')
    const w = world({ storage, transports: [transport] })
    const fault = vi.fn()
    w.telemetry.on('fault', fault)
    w.telemetry.start(course)
    w.telemetry.identify(42)
    for (let n = 0; n < 3; n++) w.telemetry.record(0, 'open_step')
    await w.telemetry.idle()
    expect(sent).toHaveLength(3)
    expect(fault).toHaveBeenCalledWith('delivery to events', new Error('broken'))
    cursors.write = write
    await w.telemetry.close()
    expect(cursors.read('events')).toMatchObject({ delivered: 3 })
  })

  it('is one request at a time, and one destination never delays another', async () => {
    let answer: (outcome: Outcome) => void = () => {}
    const slow = recorder('snapshots', new Promise<Outcome>((resolve) => (answer = resolve)))
    const fast = recorder('events')
    const w = world({ transports: [slow.transport, fast.transport] })
    w.telemetry.start(course)
    w.telemetry.identify(42)
    for (const position of [0, 1, 2]) w.telemetry.record(position, 'open_step')
    w.clock.advance(1)
    await vi.waitFor(() => expect(fast.sent).toHaveLength(3))
    expect(slow.sent).toHaveLength(1)
    answer(delivered)
    await w.telemetry.idle()
    expect(slow.sent).toHaveLength(1)
    w.telemetry.record(3, 'open_step')
    await w.telemetry.idle()
    expect(slow.sent).toHaveLength(2)
  })

  it('never sends imported history as events', async () => {
    const { transport, sent } = recorder('events')
    const w = world({ storage: memoryStorage(JSON.stringify(sample)), transports: [transport] })
    w.telemetry.start(course)
    w.telemetry.identify(42)
    await w.telemetry.idle()
    expect(sent).toEqual([])
  })

  it('stops within its budget when a destination hangs, and delivers at the next start', async () => {
    const hanging: Transport = { name: 'events', wants: 'events', deliver: () => new Promise(() => {}) }
    const storage = memoryStorage()
    const w = world({ storage, transports: [hanging] })
    w.telemetry.start(course)
    w.telemetry.identify(42)
    w.telemetry.record(0, 'open_step')
    const closed = vi.fn()
    const closing = w.telemetry.close().then(closed)
    w.clock.advance(299)
    await Promise.resolve()
    expect(closed).not.toHaveBeenCalled()
    w.clock.advance(1)
    await closing
    const { transport, sent } = recorder('events')
    const next = world({ storage, transports: [transport] })
    next.telemetry.start(course)
    await next.telemetry.idle()
    expect(sent).toHaveLength(1)
  })
})

describe('what no receiver could take', () => {
  it('an older file with a field `event` keeps it; no batch has it, or it would pass for a stream', async () => {
    const { transport, bodies } = recorder('snapshots')
    const w = world({ transports: [transport] })
    w.telemetry.start(course)
    w.telemetry.import({ telemetry_id: 'older', steps: [], event: 'compile', cohort_id: 5 })
    w.telemetry.identify(42)
    await w.telemetry.idle()
    expect(w.telemetry.snapshot()).toMatchObject({ event: 'compile', cohort_id: 5 })
    expect(bodies()).toMatchObject([{ slug: course.slug, cohort_id: 5 }])
    expect(bodies()[0]).not.toHaveProperty('event')
  })

  it('nothing is sent of a log that lost its session start; the next one tells whose it is, and all is', async () => {
    const batch = recorder('snapshots')
    const stream = recorder('events')
    const w = world({ transports: [batch.transport, stream.transport] })
    w.telemetry.append(event('student_identified', 1, { data: { user_id: 42 } }))
    w.telemetry.append(on(0, 'open_step', 2))
    await w.telemetry.idle()
    expect([...batch.sent, ...stream.sent]).toEqual([])
    w.telemetry.append(begun(3))
    await w.telemetry.idle()
    expect(batch.bodies()).toMatchObject([{ telemetry_id: TELEMETRY_ID, slug: course.slug }])
    expect(stream.bodies()).toMatchObject([{ telemetry_id: TELEMETRY_ID, event: 'open_step' }])
  })

  it('no dead letter of a log that lost its session start, until the next one', async () => {
    const before = recorder('events', { kind: 'reject', reason: 'answered 422' })
    const one = world({ transports: [before.transport] })
    one.telemetry.start(course)
    one.telemetry.identify(42)
    one.telemetry.record(0, 'open_step')
    await one.telemetry.idle()
    const { storage } = one
    const text = storage.log(TELEMETRY_ID).replace('"session_start"', '"session_sturt"')
    const open = storage.open.bind(storage)
    const damaged = memoryLog(text)
    storage.open = (id) => ({ ...open(id), log: damaged })
    const after = recorder('events')
    const w = world({ storage, transports: [after.transport] })
    w.telemetry.open()
    expect(w.telemetry.resend()).toBe(1)
    await w.telemetry.idle()
    expect(after.sent.map(({ id }) => id)).toEqual([])
    w.telemetry.start(course)
    await w.telemetry.idle()
    expect(after.sent.map(({ body }) => body)).toEqual([before.sent[0]!.body])
  })

  it('no batch of a file that names no course; what happened in its steps is streamed', async () => {
    const batch = recorder('snapshots')
    const stream = recorder('events')
    const w = world({ transports: [batch.transport, stream.transport] })
    w.telemetry.append(event('import', 1, { data: { snapshot: { telemetry_id: 'older', steps: [] } } }))
    w.telemetry.append(event('student_identified', 2, { data: { user_id: 42 } }))
    w.telemetry.append(on(0, 'open_step', 3))
    await w.telemetry.idle()
    expect(batch.sent).toEqual([])
    expect(stream.bodies()).toMatchObject([{ telemetry_id: 'older', event: 'open_step' }])
  })
})

describe('what the log decides', () => {
  it('a retry happens by itself, when it is due', async () => {
    const { transport, sent } = recorder('events', { kind: 'retry', reason: 'down', after: 4_000 })
    const w = world({ transports: [transport] })
    w.telemetry.start(course)
    w.telemetry.identify(42)
    w.telemetry.record(0, 'open_step')
    w.clock.advance(1)
    await turns()
    expect(sent).toHaveLength(1)
    w.clock.advance(3_999)
    await turns()
    expect(sent).toHaveLength(1)
    w.clock.advance(1)
    await turns()
    expect(sent).toHaveLength(2)
  })

  it('a retry that is due later stays due later after a restart', async () => {
    const first = recorder('events', { kind: 'retry', reason: 'down', after: 60_000 })
    const before = world({ transports: [first.transport] })
    before.telemetry.start(course)
    before.telemetry.identify(42)
    before.telemetry.record(0, 'open_step')
    await before.telemetry.idle()
    const second = recorder('events')
    const after = world({
      storage: before.storage,
      transports: [second.transport],
      now: before.clock.now() + 1_000,
    })
    after.telemetry.start(course)
    await after.telemetry.idle()
    expect(second.sent).toEqual([])
    expect(after.telemetry.status().destinations['events']).toMatchObject({ attempts: 1 })
    after.clock.advance(59_000)
    await turns()
    expect(second.sent).toHaveLength(1)
  })

  it('submit sends the present snapshot, also without a trigger', async () => {
    const { transport, sent } = recorder('snapshots')
    const w = world({ transports: [transport] })
    w.telemetry.start(course)
    w.telemetry.identify(42)
    await w.telemetry.idle()
    w.telemetry.record(1, 'compile', { stdout: 'x' })
    await w.telemetry.idle()
    expect(sent).toHaveLength(1)
    w.telemetry.submit()
    await w.telemetry.idle()
    expect(sent).toHaveLength(2)
    expect(JSON.parse(sent[1]!.body)).toEqual(withAdditions(w.telemetry.snapshot()))
  })

  it('nothing is sent before the whole log is read: who logged out in its last line stays logged out', async () => {
    const storage = memoryStorage()
    const before = world({ storage })
    before.telemetry.start(course)
    before.telemetry.identify(42)
    for (let n = 0; n < 20; n++) before.telemetry.record(1, 'compile', { stdout: 'x'.repeat(20_000) })
    before.telemetry.clear()
    const { transport, sent } = recorder('events')
    const w = world({ storage, transports: [transport] })
    w.telemetry.start(course)
    for (let step = 0; step < 20; step++) {
      w.clock.advance(1)
      await turns()
    }
    expect(sent).toEqual([])
    expect(w.telemetry.status().log.events).toBe(24)
  })

  it('nothing is sent, nor telemetry.json written, while the rest of the log cannot be read', async () => {
    const storage = memoryStorage()
    const before = world({ storage })
    before.telemetry.start(course)
    before.telemetry.identify(42)
    for (let n = 0; n < 20; n++) before.telemetry.record(1, 'compile', { stdout: 'x'.repeat(20_000) })
    before.telemetry.clear()
    await before.telemetry.close()
    const whole = storage.telemetryJson
    const { log } = storage.open(TELEMETRY_ID)
    const read = log.read.bind(log)
    let reads = 0
    log.read = (from, bytes) => (++reads % 2 === 0 ? broken() : read(from, bytes))
    const { transport, sent } = recorder('events')
    const w = world({ storage, transports: [transport] })
    w.telemetry.open()
    w.telemetry.submit()
    await turns()
    w.telemetry.save()
    expect(reads).toBeGreaterThan(1)
    expect(sent.map(({ id }) => id)).toEqual([])
    expect(storage.telemetryJson === whole).toBe(true)
  })

  it("nothing is sent while the log names another student than its owner's", async () => {
    const { transport, sent } = recorder('events')
    const w = world({ transports: [transport] })
    const e = (type: string, data: object) => ({
      v: 1,
      id: `${type}${JSON.stringify(data)}`,
      at: 1,
      session: 's',
      type,
      data,
    })
    w.telemetry.append(e('session_start', { telemetry_id: 'x', ...course }))
    w.telemetry.append(e('student_identified', { user_id: 'ana' }))
    w.telemetry.append(e('student_identified', { user_id: 'ben' }))
    w.telemetry.append({ ...e('open_step', {}), step: { slug: '00-welcome', position: 0 } })
    await w.telemetry.idle()
    expect(sent).toEqual([])
  })

  it('a line that is there twice is sent once', async () => {
    const storage = memoryStorage()
    const before = world({ storage })
    before.telemetry.start(course)
    before.telemetry.identify(42)
    before.telemetry.record(0, 'open_step')
    const { log } = storage.open(TELEMETRY_ID)
    log.append(storage.log(TELEMETRY_ID).split('\n')[2]!)
    const { transport, sent } = recorder('events')
    const w = world({ storage, transports: [transport] })
    w.telemetry.start(course)
    w.telemetry.record(1, 'open_step')
    await w.telemetry.idle()
    expect(sent.map(({ id }) => id)).toEqual(
      logOf(w)
        .filter(({ type }, index) => type === 'open_step' && index !== 3)
        .map(({ id }) => id),
    )
  })

  it('two events on one damaged line are both sent, once, also after a restart between them', async () => {
    const storage = memoryStorage()
    const before = world({ storage })
    before.telemetry.start(course)
    before.telemetry.identify(42)
    before.telemetry.record(0, 'open_step')
    before.telemetry.record(1, 'open_step')
    const lines = storage.log(TELEMETRY_ID).split('\n')
    const glued = memoryStorage()
    glued.writeIndex(storage.readIndex()!)
    for (const line of [lines[0]!, lines[1]!, `${lines[2]!}${lines[3]!}`])
      glued.open(TELEMETRY_ID).log.append(line)
    const first = recorder('events', delivered, { kind: 'pause', reason: 'later' })
    const w = world({ storage: glued, transports: [first.transport] })
    w.telemetry.start(course)
    await w.telemetry.idle()
    expect(first.bodies().map(({ step_position }) => step_position)).toEqual([0, 1])
    const second = recorder('events')
    const again = world({ storage: glued, transports: [second.transport] })
    again.telemetry.start(course)
    again.telemetry.identify(42)
    again.telemetry.record(2, 'open_step')
    await again.telemetry.idle()
    expect(second.bodies().map(({ step_position }) => step_position)).toEqual([1, 2])
    expect(again.telemetry.status().log).toMatchObject({ damaged: 1 })
  })

  it('a lost index is made again: the telemetry written to last goes on, its student still logged in', () => {
    const storage = memoryStorage()
    const before = world({ storage })
    before.telemetry.start(course)
    before.telemetry.identify('ana')
    before.clock.advance(1_000)
    before.telemetry.identify('ben')
    const { current } = storage.readIndex()!
    storage.readIndex = () => undefined
    const after = world({ storage, now: before.clock.now() })
    after.telemetry.start(course)
    expect(after.telemetry.status().telemetry_id).toBe(current)
    expect(after.telemetry.record(1, 'ai_interaction', {})).toMatchObject({ ok: true })
    after.telemetry.identify('ana')
    expect(after.telemetry.status().telemetry_id).toBe(TELEMETRY_ID)
  })

  it('after logout AI questions are refused at once', () => {
    const w = world()
    w.telemetry.start(course)
    w.telemetry.identify(42)
    expect(w.telemetry.record(1, 'ai_interaction', {})).toMatchObject({ ok: true })
    w.telemetry.clear()
    expect(w.telemetry.record(1, 'ai_interaction', {})).toMatchObject({ ok: false })
  })

  it('a history of many slices is folded by itself', () => {
    const storage = memoryStorage()
    const before = world({ storage })
    before.telemetry.start(course)
    for (let n = 0; n < 50; n++) before.telemetry.record(1, 'compile', { stdout: 'x'.repeat(20_000) })
    const w = world({ storage })
    w.telemetry.start(course)
    w.clock.advance(1_000)
    expect(w.telemetry.status().log.events).toBe(52)
  })

  it('what was refused is counted by reason and kept', async () => {
    const w = world()
    w.telemetry.start(course)
    for (let n = 0; n < 3; n++) w.telemetry.record(99, 'compile', {})
    w.telemetry.record(1, 'nonsense', {})
    await w.telemetry.idle()
    expect(w.storage.open(TELEMETRY_ID).refusals.list()).toMatchObject([
      { count: 3, reason: 'unknown step 99: no step of the course has that position', at: w.clock.now() },
      { count: 1 },
    ])
  })

  it('a transport that never closes, or throws when closing, does not hold the host', async () => {
    const transports = [() => new Promise<void>(() => {}), broken].map((close, n): Transport => ({
      name: `t${n}`,
      wants: 'events',
      deliver: async () => delivered,
      close,
    }))
    const w = world({ transports })
    w.telemetry.start(course)
    const closing = w.telemetry.close()
    await turns()
    w.clock.advance(300)
    await closing
  })
})

describe('a log that is replaced under way', () => {
  it('loses nothing of the new one to an answer of the old one', async () => {
    const { storage, replace } = replaceable()
    let answer: (outcome: Outcome) => void = () => {}
    const events = recorder('events', delivered, new Promise<Outcome>((resolve) => (answer = resolve)))
    const w = world({ storage, transports: [events.transport] })
    w.telemetry.start(course)
    w.telemetry.identify(42)
    for (let n = 0; n < 3; n++) w.telemetry.record(0, 'compile', { stdout: `old ${n}` })
    w.clock.advance(1)
    await vi.waitFor(() => expect(events.sent).toHaveLength(2))
    replace()
    w.telemetry.state()
    w.telemetry.identify(42)
    for (let n = 0; n < 3; n++) w.telemetry.record(0, 'compile', { stdout: `new ${n}` })
    answer(delivered)
    await w.telemetry.idle()
    const texts = events.bodies().map(({ data }) => atob((data as { stdout: string }).stdout))
    expect(texts).toEqual(['old 0', 'old 1', 'new 0', 'new 1', 'new 2'])
  })

  it('sends nothing of the new one before it is read to its end: its student may have logged out there', async () => {
    const { storage, replace } = replaceable()
    const before = world({ storage })
    before.telemetry.start(course)
    before.telemetry.identify(42)
    const events = recorder('events')
    const reader = createReader({
      ...before,
      crc,
      random: () => 0,
      transports: [events.transport],
      leader: { look: () => 1 },
      reports: createReports(before.clock, (reason) => reason),
      restarted() {},
    })
    reader.switchTo(TELEMETRY_ID)
    const open = reader.open as OpenTelemetry
    const { follower, submit, deliveries } = open
    const send = async () => {
      deliveries.wake(reader.turn(1))
      await deliveries.settled()
    }
    follower.catchUp()
    reader.reachedEnd(open)
    const other = world()
    other.telemetry.start(course)
    other.telemetry.identify(42)
    for (let n = 0; n < 20; n++) other.telemetry.record(1, 'compile', { stdout: 'x'.repeat(20_000) })
    other.telemetry.clear()
    replace(other.storage.log(TELEMETRY_ID))
    follower.step()
    expect(follower.state).toMatchObject({ student: 42 })
    submit(before.clock.now())
    await send()
    follower.catchUp()
    reader.reachedEnd(open)
    await send()
    expect(events.sent.map(({ id }) => id)).toEqual([])
  })

  it('is read from its beginning, also where delivery is the first to see it', async () => {
    const { storage, replace } = replaceable()
    let answer: (outcome: Outcome) => void = () => {}
    const events = recorder('events', new Promise<Outcome>((resolve) => (answer = resolve)))
    const w = world({ storage, transports: [events.transport] })
    w.telemetry.start(course)
    w.telemetry.identify(42)
    for (let n = 0; n < 3; n++) w.telemetry.record(0, 'compile', { stdout: `old ${n}` })
    w.clock.advance(1)
    await turns()
    const other = world()
    other.telemetry.start(course)
    other.telemetry.identify(42)
    for (let n = 0; n < 9; n++) other.telemetry.record(1, 'compile', { stdout: `new ${n}` })
    replace(other.storage.log(TELEMETRY_ID))
    answer(delivered)
    await turns()
    await w.telemetry.idle()
    expect(w.telemetry.snapshot().steps[1]).toEqual(other.telemetry.snapshot().steps[1])
    const texts = events.bodies().map(({ data }) => atob((data as { stdout: string }).stdout))
    expect(texts).toEqual(expect.arrayContaining(Array.from({ length: 9 }, (_, n) => `new ${n}`)))
  })

  it('ends a pause at the next login of the new one', async () => {
    const { storage, replace } = replaceable()
    const events = recorder('events', { kind: 'pause', reason: 'answered 401' })
    const w = world({ storage, transports: [events.transport] })
    w.telemetry.start(course)
    w.telemetry.identify(42)
    for (let n = 0; n < 9; n++) w.telemetry.record(0, 'open_step')
    await w.telemetry.idle()
    replace()
    w.telemetry.state()
    expect(w.telemetry.status().destinations['events']).toMatchObject({
      paused: { reason: 'answered 401', offset: 0 },
    })
    w.telemetry.record(1, 'open_step')
    await w.telemetry.idle()
    expect(events.sent).toHaveLength(1)
    w.telemetry.identify(42)
    await w.telemetry.idle()
    expect(events.sent).toHaveLength(2)
  })
})

describe('one process of several', () => {
  it('without the lease does not write over the cursor of who has it now', async () => {
    const storage = memoryStorage()
    let term: number | undefined = 1
    storage.lease.acquire = () => term
    let answer: (outcome: Outcome) => void = () => {}
    const events = recorder('events', new Promise<Outcome>((resolve) => (answer = resolve)))
    const w = world({ storage, transports: [events.transport] })
    w.telemetry.start(course)
    w.telemetry.identify(42)
    w.telemetry.record(0, 'open_step')
    w.clock.advance(1)
    await vi.waitFor(() => expect(events.sent).toHaveLength(1))
    const { cursors, log } = storage.open(TELEMETRY_ID)
    const offset = log.size()
    const theirs = {
      offset,
      delivered: 9,
      deadLettered: 0,
      attempts: 0,
      paused: { reason: 'answered 401', offset },
    }
    cursors.write('events', theirs)
    term = undefined
    answer(delivered)
    await w.telemetry.idle()
    w.telemetry.save()
    expect(cursors.read('events')).toEqual(theirs)
    term = 3
    await w.telemetry.idle()
    expect(w.telemetry.status().destinations['events']).toEqual(theirs)
  })

  it('saves and closes without a throw where the lease fails at the last moment', async () => {
    const { transport } = recorder('events', delivered, delivered, new Promise(() => {}))
    const w = world({ transports: [transport] })
    w.telemetry.start(course)
    w.telemetry.identify(42)
    for (const position of [0, 1, 2]) w.telemetry.record(position, 'open_step')
    w.clock.advance(1)
    await turns()
    w.telemetry.on('snapshot', () => (w.storage.lease.acquire = broken))
    w.telemetry.record(0, 'compile', {})
    w.telemetry.save()
    const closing = w.telemetry.close()
    await turns()
    w.clock.advance(1_000)
    await closing
    expect(w.faults).toContain('lease: Error: broken')
  })

  it('stores its cursors when it saves or closes, also in the middle of a run', async () => {
    for (const way of ['save', 'close'] as const) {
      const storage = memoryStorage()
      const events = recorder('events', delivered, delivered, new Promise<Outcome>(() => {}))
      const w = world({ storage, transports: [events.transport] })
      w.telemetry.start(course)
      w.telemetry.identify(42)
      for (let n = 0; n < 4; n++) w.telemetry.record(0, 'open_step')
      w.clock.advance(1)
      await vi.waitFor(() => expect(events.sent).toHaveLength(3))
      const { cursors } = storage.open(TELEMETRY_ID)
      expect(cursors.read('events')).toMatchObject({ delivered: 1 })
      const done = w.telemetry[way]()
      w.clock.advance(300)
      await done
      expect(cursors.read('events')).toMatchObject({ delivered: 2 })
    }
  })

  it.each(['save', 'close'] as const)(
    'renders what another appends while it lets go of the lease: %s',
    async (way) => {
      const storage = memoryStorage()
      const w = world({ storage })
      w.telemetry.start(course)
      const other = world({ storage, ids: countingIds() })
      other.telemetry.start(course)
      let asked = false
      storage.lease.asked = () => asked
      storage.lease.acquire = () => ((asked = false), 1)
      let inBetween = (): void => {
        other.telemetry.record(1, 'compile', { stdout: 'in between' })
        asked = true
        inBetween = () => {}
      }
      storage.lease.release = () => inBetween()
      await w.telemetry[way]()
      expect(JSON.parse(storage.telemetryJson!)).toMatchObject({
        steps: [{}, { compilations: [{}] }, {}, {}],
      })
    },
  )

  it('without the lease records and folds, but neither writes nor sends; once it has it, goes on where the other was', async () => {
    const storage = memoryStorage()
    let led = false
    storage.lease.acquire = () => (led ? 1 : undefined)
    const { transport, sent } = recorder('events')
    const w = world({ storage, transports: [transport] })
    w.telemetry.start(course)
    w.telemetry.identify(42)
    w.telemetry.record(0, 'open_step')
    w.telemetry.record(1, 'open_step')
    await w.telemetry.idle()
    expect([sent, storage.telemetryJson]).toEqual([[], undefined])
    expect(w.telemetry.snapshot().steps[1]).toHaveProperty('opened_at')

    // Meanwhile the holder delivers the first of them.
    const line = storage.log(TELEMETRY_ID).split('\n').slice(0, 3).join('\n').length + 1
    storage
      .open(TELEMETRY_ID)
      .cursors.write('events', { offset: line, delivered: 1, deadLettered: 0, attempts: 0 })
    led = true
    await w.telemetry.idle()
    expect(sent.map(({ body }) => JSON.parse(body).step_position)).toEqual([1])
    expect(JSON.parse(storage.telemetryJson!)).toEqual(jsonOf(w.telemetry.snapshot()))
  })

  it('without the lease asks who holds it to look once more', async () => {
    const storage = memoryStorage()
    storage.lease.acquire = () => undefined
    let asked = 0
    storage.lease.ask = () => void asked++
    const w = world({ storage })
    w.telemetry.start(course)
    await w.telemetry.close()
    w.telemetry.save()
    expect(asked).toBe(1)
  })

  it('with a new term of the lease, writes telemetry.json again: who held it between may have known less', async () => {
    const storage = memoryStorage()
    let term = 1
    storage.lease.acquire = () => term
    const w = world({ storage })
    w.telemetry.start(course)
    await w.telemetry.idle()
    const { telemetryJson } = storage
    storage.snapshot.replaceSync(['{"of":"who had read less of the log"}'])
    term = 3
    w.telemetry.save()
    expect(storage.telemetryJson).toBe(telemetryJson)
  })
})

describe('answers', () => {
  const started = async (...answers: Parameters<typeof recorder>[1][]) => {
    const events = recorder('events', ...answers)
    const w = world({ transports: [events.transport] })
    w.telemetry.start(course)
    w.telemetry.identify(42)
    w.telemetry.record(0, 'open_step')
    w.telemetry.record(1, 'open_step')
    await w.telemetry.idle()
    return { ...w, ...events, destination: () => w.telemetry.status().destinations['events']! }
  }
  const later = async (w: World, ms: number) => {
    w.clock.advance(ms)
    await w.telemetry.idle()
  }

  it('retry: with full jitter, 1 s doubling to 5 min; the parcel keeps its place', async () => {
    const w = await started(
      ...Array.from({ length: 12 }, (): Outcome => ({ kind: 'retry', reason: 'answered 503' })),
    )
    // Half of 1, 2, 4 ... seconds, because the injected dice always show 0.5.
    for (let attempt = 1; attempt <= 12; attempt++) {
      const wait = 0.5 * Math.min(300_000, 1_000 * 2 ** (attempt - 1))
      expect(w.destination()).toMatchObject({ attempts: attempt, lastError: 'answered 503', delivered: 0 })
      expect(w.destination().retryAt).toBe(w.clock.now() + wait)
      await later(w, wait - 1)
      expect(w.sent).toHaveLength(attempt)
      await later(w, 1)
    }
    expect(w.destination()).toEqual(
      expect.objectContaining({
        delivered: 2,
        attempts: 0,
        deadLettered: 0,
        retryAt: undefined,
        lastError: undefined,
      }),
    )
    expect(
      w.sent.slice(0, 13).every((parcel) => parcel.id === w.sent[0]!.id && parcel.body === w.sent[0]!.body),
    ).toBe(true)
  })

  it('retry after: as asked, at most 24 h', async () => {
    const w = await started(
      { kind: 'retry', reason: 'busy', after: 7_000 },
      { kind: 'retry', reason: 'busy', after: 9e9 },
      { kind: 'retry', reason: 'busy', after: -5 },
    )
    expect(w.destination().retryAt).toBe(w.clock.now() + 7_000)
    await later(w, 7_000)
    expect(w.destination().retryAt).toBe(w.clock.now() + 24 * 3_600_000)
    await later(w, 24 * 3_600_000)
    // Never less than the back-off, also where it says "at once" every time.
    expect(w.destination().retryAt).toBe(w.clock.now() + 2_000)
    await later(w, 2_000)
    expect(w.destination().delivered).toBe(2)
  })

  it.each([0, NaN, -Infinity])(
    'a transport that asks for %s ms again and again is not asked without end',
    async (after) => {
      let asked = 0
      const greedy = (): Outcome => (asked++, { kind: 'retry', reason: 'busy', after })
      const w = await started(...Array.from({ length: 50 }, () => greedy))
      await w.telemetry.idle()
      expect(asked).toBe(1)
      expect(w.destination()).toMatchObject({ attempts: 1, retryAt: w.clock.now() + 500 })
    },
  )

  it.each([undefined, null, {}, { kind: 'sent' }])(
    'an answer that is none is a retry: %j',
    async (outcome) => {
      const w = await started(() => outcome as never)
      expect(w.destination()).toMatchObject({
        attempts: 1,
        lastError: expect.stringContaining('the transport answered') as string,
      })
    },
  )

  it('a retry set by a clock that was wrong is not waited for', async () => {
    const storage = memoryStorage()
    const { cursors } = storage.open(TELEMETRY_ID)
    const at = 1_700_000_000_000
    cursors.write('events', {
      offset: 0,
      delivered: 0,
      deadLettered: 0,
      attempts: 3,
      retryAt: at + 60 * 24 * 3_600_000,
    })
    const { transport, sent } = recorder('events')
    const w = world({ storage, now: at, transports: [transport] })
    w.telemetry.start(course)
    w.telemetry.identify(42)
    w.telemetry.record(0, 'open_step')
    await w.telemetry.idle()
    expect(sent).toHaveLength(1)
  })

  it('a throw is a retry', async () => {
    const w = await started(() => Promise.reject(new Error('mine')))
    expect(w.destination()).toMatchObject({ attempts: 1, lastError: 'mine' })
    await later(w, 500)
    expect(w.destination()).toMatchObject({ delivered: 2 })
  })

  it('pause: nothing more until the next login, also after a restart', async () => {
    const w = await started({ kind: 'pause', reason: 'answered 401' })
    await later(w, 1e9)
    expect(w.sent).toHaveLength(1)
    expect(w.destination()).toMatchObject({ paused: { reason: 'answered 401' } })
    const again = recorder('events')
    const restarted = world({ storage: w.storage, transports: [again.transport] })
    restarted.telemetry.start(course)
    await restarted.telemetry.idle()
    expect(again.sent).toEqual([])
    restarted.telemetry.identify(42)
    await restarted.telemetry.idle()
    expect(again.sent).toHaveLength(2)
  })

  it('pause: ends at a login during the very request that brings it', async () => {
    let answer: (outcome: Outcome) => void = () => {}
    const events = recorder('events', new Promise<Outcome>((resolve) => (answer = resolve)))
    const w = world({ transports: [events.transport] })
    w.telemetry.start(course)
    w.telemetry.identify(42)
    w.telemetry.record(0, 'open_step')
    w.clock.advance(1)
    await turns()
    expect(events.sent).toHaveLength(1)
    w.telemetry.identify(42)
    w.clock.advance(1)
    answer({ kind: 'pause', reason: 'answered 401' })
    await w.telemetry.idle()
    expect(events.sent).toHaveLength(2)
    expect(w.telemetry.status().destinations['events']).toMatchObject({ delivered: 1, paused: undefined })
  })

  it('reject: the event goes to the dead letters and the next one is sent', async () => {
    const w = await started({ kind: 'reject', reason: 'answered 422' })
    expect(w.bodies().map(({ step_position }) => step_position)).toEqual([0, 1])
    expect(w.destination()).toMatchObject({ delivered: 1, deadLettered: 1 })
    const [opened] = logOf(w).filter(({ type }) => type === 'open_step')
    expect(w.storage.open(TELEMETRY_ID).deadLetters.list()).toEqual([
      {
        destination: 'events',
        id: opened!.id,
        offset: expect.any(Number) as number,
        at: w.clock.now(),
        reason: 'answered 422',
      },
    ])
  })

  it('reject of a batch: shown in status, the next trigger tries again', async () => {
    const { transport, sent } = recorder('snapshots', { kind: 'reject', reason: 'answered 400' })
    const w = world({ transports: [transport] })
    w.telemetry.start(course)
    w.telemetry.identify(42)
    await w.telemetry.idle()
    expect(w.telemetry.status().destinations['snapshots']).toMatchObject({
      lastError: 'answered 400',
      deadLettered: 0,
    })
    w.telemetry.record(0, 'open_step')
    await w.telemetry.idle()
    expect(sent).toHaveLength(2)
    expect(w.telemetry.status().destinations['snapshots']).toMatchObject({ delivered: 1 })
  })

  it('a dead letter can be sent again: same id, same bytes, once', async () => {
    const w = await started(
      { kind: 'reject', reason: 'answered 422' },
      delivered,
      { kind: 'reject', reason: 'answered 400' },
      { kind: 'retry', reason: 'answered 503', after: 1_000 },
    )
    const { deadLetters } = w.storage.open(TELEMETRY_ID)
    const [opened] = logOf(w).filter(({ type }) => type === 'open_step')
    const send = async () => {
      expect(w.telemetry.resend()).toBe(1)
      await w.telemetry.idle()
    }
    await send()
    expect(stillDead(deadLetters.list())).toMatchObject([{ id: opened!.id, reason: 'answered 400' }])
    expect(w.destination()).toMatchObject({ deadLettered: 1, delivered: 1 })
    await send()
    expect(w.sent).toHaveLength(4)
    await later(w, 1_000)
    expect(w.sent.map(({ id, body }) => [id, body])).toEqual(
      [0, 1, 0, 0, 0].map((n) => [w.sent[n]!.id, w.sent[n]!.body]),
    )
    expect(stillDead(deadLetters.list())).toEqual([])
    expect(w.destination()).toMatchObject({ deadLettered: 0, delivered: 2 })
    expect(w.telemetry.resend()).toBe(0)
    w.telemetry.record(2, 'open_step')
    await w.telemetry.idle()
    expect(w.bodies().at(-1)).toMatchObject({ step_position: 2 })
  })

  it('a dead letter that arrived is none any more for who looks, however soon the process dies', async () => {
    const hangs = new Promise<Outcome>(() => {})
    const rejects: Outcome = { kind: 'reject', reason: 'answered 422' }
    const { transport } = recorder('events', rejects, delivered, delivered, hangs)
    const w = world({ transports: [transport] })
    w.telemetry.start(course)
    w.telemetry.identify(42)
    w.telemetry.record(0, 'open_step')
    w.telemetry.record(1, 'open_step')
    await w.telemetry.idle()
    w.telemetry.record(2, 'open_step')
    w.telemetry.resend()
    await turns()
    const { cursors, deadLetters } = w.storage.open(TELEMETRY_ID)
    expect(stillDead(deadLetters.list())).toEqual([])
    expect(cursors.read('events')).toMatchObject({ deadLettered: 0 })
  })

  it('a dead letter of another destination, or of another id, is left alone', async () => {
    const w = await started({ kind: 'reject', reason: 'answered 422' })
    w.storage
      .open(TELEMETRY_ID)
      .deadLetters.append({ destination: 'gone', id: 'x', offset: 0, at: 1, reason: 'r' })
    expect(w.telemetry.resend(['nobody'])).toBe(0)
    expect(w.telemetry.resend()).toBe(1)
    await w.telemetry.idle()
    expect(w.sent).toHaveLength(3)
  })
})
