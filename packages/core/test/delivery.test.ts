// What delivery says, and what it does at its edges: letters whose line is gone, an exit, a transport that never waits.

import { describe, expect, it, vi } from 'vitest'
import { createFollower, destinationOf, encodeLine, evolve, initialState } from '../src/index'
import { fold } from '../src/fold/evolve'
import { triggersBatch, type Outcome, type Parcel, type Transport } from '../src/index'
import type { Clock, DeliveryState, TelemetryEvent, TelemetryEvents } from '../src/index'
import { createDelivery } from '../src/delivery/delivery'
import { memoryLog, memoryStorage } from '../src/memory'
import { countEvents, streamedEvents, waitingBatch } from '../src/delivery/parcels'
import { course, crc, event, on, started, TELEMETRY_ID, world, type World } from './support'

type Answer = Outcome | (() => Outcome | Promise<Outcome>)
const delivered: Outcome = { kind: 'delivered' }
const retry: Outcome = { kind: 'retry', reason: 'answered 503' }
const pause: Outcome = { kind: 'pause', reason: 'answered 401' }
const reject: Outcome = { kind: 'reject', reason: 'answered 422' }

function transportOf(wants: Transport['wants'], ...answers: Answer[]) {
  const sent: Parcel[] = []
  const signals: AbortSignal[] = []
  const transport: Transport = {
    name: wants,
    wants,
    async deliver(parcel, signal) {
      sent.push(parcel)
      signals.push(signal)
      const answer = answers.shift() ?? delivered
      return typeof answer === 'function' ? answer() : answer
    },
  }
  return { transport, sent, signals }
}

/** Everything that is said of parcels, in order: what, where, and what else but the parcel. */
function saidBy({ telemetry }: World) {
  const said: unknown[] = []
  const listener =
    (name: keyof TelemetryEvents) =>
    (destination: string, { body }: Parcel, ...rest: unknown[]) =>
      void said.push([name, destination, body, ...rest])
  for (const name of ['delivered', 'retrying', 'paused', 'deadLettered', 'rejected'] as const)
    telemetry.on(name, listener(name))
  return said
}

function working(...transports: Transport[]): World {
  const w = world({ transports })
  w.telemetry.start(course)
  w.telemetry.identify(42)
  return w
}

const turns = async () => {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve()
}

describe('what became of a parcel is said', () => {
  it('of an event: tried again, delivered, refused, held back', async () => {
    const { transport, sent } = transportOf('events', retry, delivered, reject, pause)
    const w = working(transport)
    const said = saidBy(w)
    for (const position of [0, 1, 2]) w.telemetry.record(position, 'open_step')
    await w.telemetry.idle()
    const at = w.clock.now() + 500
    w.clock.set(at)
    await w.telemetry.idle()
    expect(said).toEqual([
      ['retrying', 'events', sent[0]!.body, 'answered 503', at],
      ['delivered', 'events', sent[0]!.body],
      ['deadLettered', 'events', sent[2]!.body, 'answered 422'],
      ['paused', 'events', sent[3]!.body, 'answered 401'],
    ])
    expect(sent.slice(2).map(({ body }) => JSON.parse(body).step_position)).toEqual([1, 2])
  })

  it('of a batch that is refused: rejected, and no letter', async () => {
    const { transport, sent } = transportOf('snapshots', reject)
    const w = working(transport)
    const said = saidBy(w)
    await w.telemetry.idle()
    expect(said).toEqual([['rejected', 'snapshots', sent[0]!.body, 'answered 422']])
    expect(w.storage.open(TELEMETRY_ID).deadLetters.list()).toEqual([])
  })

  it.each([
    ['mine', '"mine"'],
    [Object.create(null), '{}'],
  ])('also of what a transport throws that is no error: %#', async (thrown, lastError) => {
    const { transport } = transportOf('events', () => Promise.reject(thrown))
    const w = working(transport)
    w.telemetry.record(0, 'open_step')
    await w.telemetry.idle()
    expect(w.telemetry.status().destinations['events']).toMatchObject({ attempts: 1, lastError })
  })

  it('in the state of its destination', async () => {
    const { transport } = transportOf('events', retry, pause)
    const w = working(transport)
    const state = () => w.telemetry.status().destinations['events']!
    w.telemetry.record(0, 'open_step')
    await w.telemetry.idle()
    w.clock.advance(500)
    await w.telemetry.idle()
    // A pause ends what was waited for.
    expect(state()).toMatchObject({ attempts: 0, retryAt: undefined, lastError: 'answered 401' })
    expect(state().paused).toEqual({ reason: 'answered 401', offset: state().paused!.offset })
    w.telemetry.identify(42)
    await w.telemetry.idle()
    expect(state()).toMatchObject({ delivered: 1, paused: undefined, lastError: undefined })
  })

  it('by the name of its destination, with its address where it has one', () => {
    const { transport } = transportOf('events')
    expect(destinationOf(transport)).toBe('events')
    expect(destinationOf({ ...transport, address: 'https://school.example/x' })).toBe(
      'events https://school.example/x',
    )
  })
})

describe('a dead letter', () => {
  it('whose line is gone, or is another, is given up; the others are sent', async () => {
    const { transport, sent } = transportOf('events', reject, reject)
    const w = working(transport)
    w.telemetry.record(0, 'open_step')
    await w.telemetry.idle()
    const { deadLetters, log } = w.storage.open(TELEMETRY_ID)
    const [letter] = deadLetters.list()
    const login = log.read(0, 1e6).lines[1]!
    for (const odd of [
      { id: 'nowhere', offset: log.size() },
      { id: 'between', offset: letter!.offset + 1 },
      { id: 'another', offset: letter!.offset },
      { id: (JSON.parse(login.text) as { id: string }).id, offset: login.offset },
    ])
      deadLetters.append({ ...letter!, ...odd })
    w.telemetry.record(1, 'open_step')
    await w.telemetry.idle()
    expect(w.telemetry.resend()).toBe(6)
    await w.telemetry.idle()
    expect(sent.map(({ body }) => JSON.parse(body).step_position)).toEqual([0, 1, 0, 1])
    expect(w.telemetry.status().destinations['events']).toMatchObject({ delivered: 2, deadLettered: 0 })
    expect(w.faults).toEqual([])
  })

  it('that is asked for twice before it is sent is sent once', async () => {
    const { transport, sent } = transportOf('events', reject, reject)
    const w = working(transport)
    w.telemetry.record(0, 'open_step')
    w.telemetry.record(1, 'open_step')
    await w.telemetry.idle()
    const [first] = w.storage.open(TELEMETRY_ID).deadLetters.list()
    expect(w.telemetry.resend([first!.id])).toBe(1)
    expect(w.telemetry.resend()).toBe(2)
    await w.telemetry.idle()
    expect(sent.map(({ body }) => JSON.parse(body).step_position)).toEqual([0, 1, 0, 1])
  })

  it('is sent to nobody but who refused it', async () => {
    const [refusing, other] = [transportOf('events', reject), transportOf('events')]
    const w = working(refusing.transport, { ...other.transport, name: 'other' })
    w.telemetry.record(0, 'open_step')
    await w.telemetry.idle()
    expect(w.telemetry.resend()).toBe(1)
    await w.telemetry.idle()
    expect([refusing.sent.length, other.sent.length]).toEqual([2, 1])
  })

  it('that cannot be written down is a fault, and its event is refused again at the next chance', async () => {
    const { transport, sent } = transportOf('events', reject)
    const w = working(transport)
    const { deadLetters } = w.storage.open(TELEMETRY_ID)
    const append = deadLetters.append.bind(deadLetters)
    deadLetters.append = () => {
      throw new Error('ENOSPC')
    }
    w.telemetry.record(0, 'open_step')
    await w.telemetry.idle()
    expect(w.faults).toContain('delivery to events: Error: ENOSPC')
    expect(w.telemetry.status().destinations['events']).toMatchObject({ offset: 0, deadLettered: 0 })
    deadLetters.append = append
    await w.telemetry.idle()
    expect(sent).toHaveLength(2)
  })

  it('that is refused again is a letter again, of the new reason and time', async () => {
    const { transport } = transportOf('events', reject, { kind: 'reject', reason: 'answered 400' })
    const w = working(transport)
    w.telemetry.record(0, 'open_step')
    await w.telemetry.idle()
    w.clock.advance(10)
    w.telemetry.resend()
    await w.telemetry.idle()
    const [first, second, ...more] = w.storage.open(TELEMETRY_ID).deadLetters.list()
    expect(more).toEqual([])
    expect(second).toEqual({ ...first, at: first!.at + 10, reason: 'answered 400' })
  })

  it('that arrives says when', async () => {
    const { transport } = transportOf('events', reject)
    const w = working(transport)
    w.telemetry.record(0, 'open_step')
    await w.telemetry.idle()
    w.clock.advance(10)
    w.telemetry.resend()
    await w.telemetry.idle()
    const now = w.clock.now()
    expect(w.storage.open(TELEMETRY_ID).deadLetters.list().at(-1)).toMatchObject({
      at: now,
      deliveredAt: now,
    })
  })
})

describe('an exit', () => {
  it('aborts the request under way, and nothing is asked any more', async () => {
    let answer: (outcome: Outcome) => void = () => {}
    const { transport, sent, signals } = transportOf(
      'events',
      () => new Promise<Outcome>((resolve) => (answer = resolve)),
    )
    const w = working(transport)
    const said = saidBy(w)
    w.telemetry.record(0, 'open_step')
    w.telemetry.record(1, 'open_step')
    w.clock.advance(1)
    await vi.waitFor(() => expect(sent).toHaveLength(1))
    expect(signals[0]!.aborted).toBe(false)
    const closing = w.telemetry.close()
    w.clock.advance(300)
    await closing
    expect(signals[0]!.aborted).toBe(true)
    answer(delivered)
    await turns()
    w.clock.advance(3_600_000)
    await turns()
    expect([sent.length, said]).toEqual([1, []])
    expect(w.storage.open(TELEMETRY_ID).cursors.read('events')).toBeUndefined()
  })

  it('ends the wait for a retry', async () => {
    const { transport, sent } = transportOf('events', retry)
    const w = working(transport)
    w.telemetry.record(0, 'open_step')
    await w.telemetry.close()
    w.clock.advance(3_600_000)
    await turns()
    expect(sent).toHaveLength(1)
  })
})

describe('a transport that never waits', () => {
  /** A clock that goes on with every parcel, whose timers run when the test says so. */
  function deliveryOf(count: number, cost: number) {
    let now = 0
    const timers: (() => void)[] = []
    const clock: Clock = {
      now: () => now,
      elapsed: () => now,
      after: (_, run) => {
        timers.push(run)
        return () => {}
      },
      hold: () => () => {},
    }
    const sent: number[] = []
    const store = memoryStorage().open('x')
    const said = () => {}
    const body = { contentType: 'application/json', kind: 'event', at: 0, body: '' } as const
    const next = ({ offset }: Pick<DeliveryState, 'offset'>) =>
      offset < count
        ? {
            parcel: { ...body, id: String(offset), event: on(0, 'open_step', 0) as never },
            offset,
            cursor: { offset: offset + 1, id: String(offset) },
          }
        : undefined
    const turn = { term: 1, maySend: true, position: count, lastLogin: -1, restarts: 0 }
    const delivery = createDelivery({
      transport: {
        name: 'eager',
        wants: 'events',
        deliver: async ({ id }) => {
          now += cost
          sent.push(Number(id))
          return delivered
        },
      },
      outbox: {
        parcels: () => next,
        revive: () => undefined,
        ofThisLog: (state) => state,
      },
      look: () => turn,
      cursors: store.cursors,
      deadLetters: store.deadLetters,
      clock,
      random: () => 0.5,
      hooks: {
        ...{ delivered: said, retrying: said, paused: said },
        ...{ deadLettered: said, rejected: said, failed: said },
      },
    })
    return { delivery, turn, sent, timers }
  }

  it('leaves the event loop a turn every 5 ms', async () => {
    const { delivery, turn, sent, timers } = deliveryOf(100, 1)
    delivery.wake(turn)
    await turns()
    // Of the first turn nobody waits; behind the second nothing goes on before the loop came round.
    expect(sent.length).toBeGreaterThan(0)
    expect(sent.length).toBeLessThanOrEqual(10)
    for (let turn = 0; turn < 100; turn++) {
      const before = sent.length
      timers.splice(0).forEach((run) => run())
      await turns()
      expect(sent.length - before).toBeLessThanOrEqual(10)
    }
    expect(sent).toEqual(Array.from({ length: 100 }, (_, n) => n))
  })
})

describe('what waits in a log', () => {
  const logged = (...events: TelemetryEvent[]) => {
    const log = memoryLog()
    for (const one of events) log.append(encodeLine(one, crc))
    return { log, follower: createFollower(log, crc) }
  }

  it('is no event before it is folded: what it belongs to is not known', () => {
    const { follower } = logged(started(1), on(0, 'open_step', 2))
    const next = streamedEvents(crc, follower)
    expect(next({ offset: 0 })).toBeUndefined()
    follower.catchUp()
    expect(next({ offset: 0 })?.parcel).toMatchObject({ kind: 'event', at: 2 })
  })

  it('is counted from a cursor on', () => {
    const clicks = [1, 2, 3].map((at) => on(0, 'compile', at))
    const { log, follower } = logged(started(0), ...clicks, event('student_cleared', 9))
    follower.catchUp()
    expect(countEvents(crc, follower, { offset: 0 })).toBe(3)
    const first = streamedEvents(crc, follower)({ offset: 0 })!
    expect(countEvents(crc, follower, first.cursor)).toBe(2)
    expect(countEvents(crc, follower, { offset: log.size() })).toBe(0)
  })

  it('is nothing once all is delivered: the cursor stands behind the last line that was', async () => {
    const w = working(transportOf('events').transport)
    w.telemetry.record(0, 'open_step')
    await w.telemetry.idle()
    const { log, cursors } = w.storage.open(TELEMETRY_ID)
    expect(cursors.read('events')).toMatchObject({ offset: log.size(), id: JSON.parse(lastLine(w)).id })
  })

  it('of odd lines is said with the file and the line', () => {
    const w = working()
    w.storage.open(TELEMETRY_ID).log.append('torn')
    w.telemetry.state()
    expect(w.notices).toEqual([`${TELEMETRY_ID}/events.ndjson line 3: not JSON: "torn"`])
  })
})

const lastLine = (w: World) => w.storage.log(TELEMETRY_ID).trimEnd().split('\n').at(-1)!

describe('a batch', () => {
  it('is the same at every attempt, and says what it is', async () => {
    const { transport, sent } = transportOf('snapshots', retry)
    const w = working(transport)
    await w.telemetry.idle()
    w.clock.advance(500)
    await w.telemetry.idle()
    expect(sent).toHaveLength(2)
    expect(sent[1]).toBe(sent[0])
    expect(sent[0]).toMatchObject({
      kind: 'snapshot',
      contentType: 'application/json',
      at: 1_700_000_000_000,
    })
  })

  it('of a telemetry longer than any string is none, which is said once', () => {
    const state = fold(initialState, [started(1)])
    const next = waitingBatch(() => ({ state, at: 1, offset: 9 }), 100)
    expect(() => next({ offset: 0 })).toThrow(RangeError)
    expect(next({ offset: 0 })).toBeUndefined()
  })

  it.each(['session_start', 'open_step', 'student_identified', 'session_end'])('is due at %s', (type) => {
    expect(triggersBatch(event(type, 1), initialState, initialState)).toBe(true)
  })
  it.each(['compile', 'test', 'ai_interaction', 'student_cleared', 'import', 'odd'])(
    'is not at %s',
    (type) => {
      const about = { step: { slug: '02-add', position: 2 } }
      expect(triggersBatch(event(type, 1, about), initialState, initialState)).toBe(false)
    },
  )

  const pass = { exit_code: 0 }
  const completed = (...slugs: string[]) => ({
    snapshot: { telemetry_id: TELEMETRY_ID, steps: slugs.map((slug) => ({ slug, completed_at: 5 })) },
  })
  it.each<[string, boolean, TelemetryEvent[], TelemetryEvent]>([
    ['a test that passes', true, [], on(2, 'test', 5, pass)],
    ['one of a step that is not testeable', true, [], on(0, 'test', 5, pass)],
    ['one that passes again', false, [on(2, 'test', 4, pass)], on(2, 'test', 5, pass)],
    ['one that passes in another step', true, [on(2, 'test', 4, pass)], on(3, 'test', 5, pass)],
    ['one that fails', false, [], on(2, 'test', 5, { exit_code: 1 })],
    ['a run', false, [], on(2, 'compile', 5, pass)],
    ['leaving a step that is not testeable', true, [on(0, 'open_step', 4)], on(1, 'open_step', 5)],
    [
      'an import that tells of a completion',
      true,
      [],
      event('import', 5, { data: completed('02-add', 'x') }),
    ],
    [
      'one that tells it again',
      false,
      [on(2, 'test', 4, pass)],
      event('import', 5, { data: completed('02-add') }),
    ],
  ])('at %s: due is %s', (_, due, earlier, one) => {
    const before = fold(initialState, [started(1), ...earlier])
    expect(triggersBatch(one, before, evolve(before, one))).toBe(due)
  })

  it('is sent when the last step of a course becomes completed, and says so', async () => {
    const { transport, sent } = transportOf('snapshots')
    const w = working(transport)
    const [first] = course.steps
    w.telemetry.start({ ...course, steps: [first!] })
    w.telemetry.record(0, 'open_step')
    await w.telemetry.idle()
    const before = sent.length
    w.telemetry.record(0, 'test', { exit_code: 1 })
    await w.telemetry.idle()
    expect(sent).toHaveLength(before)
    w.telemetry.record(0, 'test', { exit_code: 0 })
    w.telemetry.record(0, 'compile', {})
    await w.telemetry.idle()
    expect(sent).toHaveLength(before + 1)
    const { global_metrics, steps } = JSON.parse(sent.at(-1)!.body) as Record<string, object>
    expect(global_metrics).toMatchObject({ completion_rate: 100, steps_not_completed: 0 })
    expect(steps).toMatchObject([{ tests: [{ exit_code: 1 }, { exit_code: 0 }], compilations: [] }])
  })
})
