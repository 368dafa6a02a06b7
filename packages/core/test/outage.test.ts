// A week without a network, simulated: nothing is lost, nothing overtakes, nothing is asked more than it must.

import { describe, expect, it } from 'vitest'
import type { Outcome, Transport } from '../src/index'
import { eventsOf } from './arbitraries'
import { course, TELEMETRY_ID, world } from './support'

const HOUR = 3_600_000

/** A destination that can be cut off, and notes what it was asked and what it took. */
function destination(wants: Transport['wants']) {
  const attempts: string[] = []
  const taken: string[] = []
  let online = true
  let underWay = 0
  let atOnce = 0
  const transport: Transport = {
    name: wants,
    wants,
    async deliver({ id }): Promise<Outcome> {
      atOnce = Math.max(atOnce, ++underWay)
      attempts.push(id)
      await Promise.resolve()
      underWay--
      if (!online) return { kind: 'retry', reason: 'fetch failed' }
      taken.push(id)
      return { kind: 'delivered' }
    },
  }
  return { transport, attempts, taken, atOnce: () => atOnce, online: (is: boolean) => (online = is) }
}

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await Promise.resolve()
}

describe('a week offline', () => {
  it('then back: everything arrives, in order, one request at a time', async () => {
    const events = destination('events')
    const snapshots = destination('snapshots')
    const w = world({ transports: [events.transport, snapshots.transport] })
    w.telemetry.start(course)
    w.telemetry.identify(42)
    await w.telemetry.idle()
    events.online(false)
    snapshots.online(false)
    for (let hour = 0; hour < 7 * 24; hour++) {
      w.telemetry.record(hour % 4, 'open_step')
      w.telemetry.record(hour % 4, 'compile', { stdout: `hour ${hour}` })
      for (let minute = 0; minute < 60; minute += 5) {
        w.clock.advance(HOUR / 12)
        await turns(20)
      }
    }
    const asked = events.attempts.length
    // At most every 5 minutes; with the injected dice every 2.5, of which a look every 5 sees one.
    expect(asked).toBeGreaterThan(7 * 24 * 5)
    expect(asked).toBeLessThan(7 * 24 * 30)
    expect(new Set(events.attempts).size).toBe(1)

    events.online(true)
    snapshots.online(true)
    w.clock.advance(HOUR)
    await turns(5_000)
    const log = eventsOf(w.storage.log(TELEMETRY_ID))
    const streamed = log.filter(({ type }) => type === 'open_step' || type === 'compile')
    expect(events.taken).toEqual(streamed.map(({ id }) => id))
    expect(streamed).toHaveLength(2 * 7 * 24)
    // Of the batches that waited, only the newest is sent.
    const lastOpened = log.findLast(({ type }) => type === 'open_step')!
    expect(snapshots.taken.slice(1)).toEqual([`${TELEMETRY_ID}-${lastOpened.id}`])
    expect([events.atOnce(), snapshots.atOnce()]).toEqual([1, 1])
  })

  it('through restarts: the log is the outbox', async () => {
    const events = destination('events')
    let w = world({ transports: [events.transport] })
    w.telemetry.start(course)
    w.telemetry.identify(42)
    events.online(false)
    for (let day = 0; day < 7; day++) {
      w.telemetry.record(day % 4, 'open_step')
      await w.telemetry.idle()
      await Promise.all([w.telemetry.close(), w.clock.advance(400)])
      w = world({ transports: [events.transport], storage: w.storage, now: w.clock.now() + 24 * HOUR })
      w.telemetry.start(course)
    }
    events.online(true)
    await w.telemetry.idle()
    w.clock.advance(HOUR)
    await turns(500)
    const opened = eventsOf(w.storage.log(TELEMETRY_ID)).filter(({ type }) => type === 'open_step')
    expect(events.taken).toEqual(opened.map(({ id }) => id))
    expect(opened).toHaveLength(7)
  })
})
