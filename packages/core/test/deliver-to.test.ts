// Where a telemetry is delivered to may be told at any time: a host names its URLs after the start (SPEC §9).

import { describe, expect, it } from 'vitest'
import type { Outcome, Transport } from '../src/index'
import { course, recorder, TELEMETRY_ID, world } from './support'

const offline: Outcome = { kind: 'retry', reason: 'fetch failed' }

const at = ({ transport }: { transport: Transport }, address: string): Transport => ({
  ...transport,
  address,
})

describe('destinations told after the start', () => {
  it('get what was recorded before', async () => {
    const [events, snapshots] = [recorder('events'), recorder('snapshots')]
    const w = world()
    w.telemetry.start(course)
    w.telemetry.identify(42)
    w.telemetry.record(0, 'open_step')
    await w.telemetry.idle()
    w.telemetry.deliverTo([events.transport, snapshots.transport])
    w.telemetry.record(0, 'compile', { stdout: 'later' })
    await w.telemetry.idle()
    expect(events.sent.map((parcel) => parcel.kind === 'event' && parcel.event.type)).toEqual([
      'open_step',
      'compile',
    ])
    expect(snapshots.sent).toHaveLength(1)
  })

  it('take the place of those before, which get nothing more', async () => {
    const [before, after] = [recorder('events'), recorder('events')]
    const w = world({ transports: [at(before, 'a')] })
    w.telemetry.start(course)
    w.telemetry.identify(42)
    w.telemetry.record(0, 'open_step')
    await w.telemetry.idle()
    w.telemetry.deliverTo([at(after, 'b')])
    w.telemetry.record(1, 'open_step')
    await w.telemetry.idle()
    expect([before.sent.length, after.sent.length]).toEqual([1, 2])
    // Once more where it was: it goes on behind what it has.
    w.telemetry.deliverTo([at(before, 'a')])
    await w.telemetry.idle()
    expect([before.sent.length, after.sent.length]).toEqual([2, 2])
  })

  it('abort the request of one that goes, and leave alone one that stays', async () => {
    const signals: Record<string, AbortSignal> = {}
    let answer: (outcome: Outcome) => void = () => {}
    const slow = (address: string): Transport => ({
      name: 'slow',
      address,
      wants: 'events',
      deliver(_, signal) {
        signals[address] = signal
        return new Promise((resolve) => (answer = resolve))
      },
    })
    const w = world({ transports: [slow('goes'), slow('stays')] })
    w.telemetry.start(course)
    w.telemetry.identify(42)
    w.telemetry.record(0, 'open_step')
    w.telemetry.state()
    await new Promise((resolve) => setImmediate(resolve))
    w.clock.advance(0)
    await new Promise((resolve) => setImmediate(resolve))
    w.telemetry.deliverTo([slow('stays')])
    expect(Object.entries(signals).map(([name, { aborted }]) => [name, aborted])).toEqual([
      ['goes', true],
      ['stays', false],
    ])
    answer({ kind: 'delivered' })
    await w.telemetry.idle()
    expect(w.telemetry.status().destinations).toMatchObject({ 'slow stays': { delivered: 1 } })
  })

  it('count for a telemetry that is opened later, and not after close', async () => {
    const { transport, sent } = recorder('events')
    const w = world()
    w.telemetry.deliverTo([transport])
    w.telemetry.start(course)
    w.telemetry.identify(42)
    w.telemetry.record(0, 'open_step')
    await w.telemetry.idle()
    expect(sent).toHaveLength(1)
    await Promise.all([w.telemetry.close(), w.clock.advance(400)])
    w.telemetry.deliverTo([])
    expect(Object.keys(w.telemetry.status().destinations)).toEqual(['events'])
  })
})

describe('a wait for the next attempt', () => {
  it('is over when another process starts: three starts without a network, one with it', async () => {
    let online = false
    const got: string[] = []
    const transport: Transport = {
      name: 'events',
      wants: 'events',
      deliver: async ({ id }) => (online ? (got.push(id), { kind: 'delivered' }) : offline),
    }
    let w = world({ transports: [transport] })
    for (let start = 0; start < 4; start++) {
      online = start === 3
      w.telemetry.start(course)
      if (start === 0) w.telemetry.identify(42)
      w.telemetry.record(start % 2, 'open_step')
      await w.telemetry.idle()
      // No time goes by: whoever starts again is not kept waiting.
      w.telemetry.save()
      w = world({ transports: [transport], storage: w.storage, now: w.clock.now() })
    }
    expect(got).toHaveLength(4)
  })

  it('that the receiver asked for is waited for by every process', async () => {
    const busy = recorder('events', { kind: 'retry', reason: 'answered 429', after: 60_000 })
    const w = world({ transports: [busy.transport] })
    w.telemetry.start(course)
    w.telemetry.identify(42)
    w.telemetry.record(0, 'open_step')
    await w.telemetry.idle()
    w.telemetry.save()
    expect(w.storage.open(TELEMETRY_ID).cursors.read('events')).toMatchObject({ retryAsked: 60_000 })
    const again = recorder('events')
    const next = world({ transports: [again.transport], storage: w.storage, now: w.clock.now() + 1_000 })
    next.telemetry.open()
    await next.telemetry.idle()
    expect(again.sent).toEqual([])
    next.clock.advance(60_000)
    await next.telemetry.idle()
    expect(again.sent).toHaveLength(1)
  })
})

describe('whether something waits', () => {
  it('is told of what may be sent, now or at the next attempt', async () => {
    let answer: Outcome = { kind: 'delivered' }
    const transport: Transport = { name: 'events', wants: 'events', deliver: async () => answer }
    const w = world({ transports: [transport] })
    expect(w.telemetry.waits()).toBe(false)
    w.telemetry.start(course)
    w.telemetry.record(0, 'open_step')
    await w.telemetry.idle()
    // Nobody is logged in.
    expect(w.telemetry.waits()).toBe(false)
    answer = offline
    w.telemetry.identify(42)
    await w.telemetry.idle()
    expect(w.telemetry.waits()).toBe(true)
    answer = { kind: 'delivered' }
    w.clock.advance(1_000)
    await w.telemetry.idle()
    expect(w.telemetry.waits()).toBe(false)
    answer = { kind: 'pause', reason: 'answered 401' }
    w.telemetry.record(1, 'open_step')
    await w.telemetry.idle()
    expect(w.telemetry.waits()).toBe(false)
  })

  it('is told of a batch', async () => {
    const transport: Transport = { name: 'snapshots', wants: 'snapshots', deliver: async () => offline }
    const w = world({ transports: [transport] })
    w.telemetry.start(course)
    w.telemetry.identify(42)
    await w.telemetry.idle()
    expect(w.telemetry.waits()).toBe(true)
  })
})

describe('a pause', () => {
  it('is over where requests are made in another way', async () => {
    let settings = ''
    const asked: string[] = []
    const transport: Transport = {
      name: 'events',
      wants: 'events',
      settings: () => settings,
      async deliver() {
        asked.push(settings)
        return settings === 'authorized' ? { kind: 'delivered' } : { kind: 'pause', reason: 'answered 401' }
      },
    }
    const w = world({ transports: [transport] })
    w.telemetry.start(course)
    w.telemetry.identify(42)
    w.telemetry.record(0, 'open_step')
    await w.telemetry.idle()
    w.telemetry.record(1, 'open_step')
    await w.telemetry.idle()
    expect(asked).toEqual([''])
    settings = 'authorized'
    w.telemetry.record(0, 'compile', {})
    await w.telemetry.idle()
    expect(asked).toEqual(['', 'authorized', 'authorized', 'authorized'])
    expect(w.telemetry.status().destinations).toMatchObject({ events: { delivered: 3, paused: undefined } })
  })
})
