// What is said to wait is what delivery then sends, with the same ids and bytes.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { destinationOf, readWaiting, type Outcome, type Parcel, type Transport } from '../src'
import { freshDelivery } from '../src/delivery/delivery-state'
import { memoryStorage } from '../src/memory'
import { course, crc, event, on, world } from './support'

const NOW = 1_700_000_000_000

function recorder(wants: Transport['wants'], outcomes: Outcome[] = []) {
  const tried: Parcel[] = []
  const transport: Transport = {
    name: wants,
    wants,
    async deliver(parcel) {
      tried.push(parcel)
      return outcomes.shift() ?? { kind: 'delivered' }
    },
  }
  return { transport, tried }
}

const essential = ({ id, body }: Parcel) => ({ id, body })

async function recorded(calls: readonly number[]) {
  const storage = memoryStorage()
  const { telemetry, clock } = world({ storage })
  telemetry.start(course)
  telemetry.identify(42)
  for (const [n, position] of calls.entries()) {
    clock.advance(1_000)
    telemetry.record(position, n % 3 === 0 ? 'open_step' : 'compile', { n })
  }
  await telemetry.close()
  return storage
}

describe('what waits', () => {
  it('is nothing while it is not known of which telemetry', () => {
    const storage = memoryStorage()
    const { telemetry } = world({ storage })
    telemetry.append(event('student_identified', 1, { data: { user_id: 42 } }))
    telemetry.append(on(0, 'open_step', 2))
    const waiting = readWaiting(storage.open(telemetry.status().telemetry_id!), crc)
    for (const wants of ['events', 'snapshots'] as const) {
      const { transport } = recorder(wants)
      expect([...waiting.parcels(transport)]).toEqual([])
      expect(waiting.count(transport)).toBe(0)
    }
    expect(waiting.ownerIsHere).toBe(true)
  })

  it('is what is then delivered, whatever was delivered before', async () => {
    const calls = fc.array(fc.nat(2), { maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(
        calls,
        fc.nat(8),
        fc.constantFrom('events', 'snapshots'),
        async (steps, before, wants) => {
          const storage = await recorded(steps)
          const id = storage.list()[0]!
          // Delivers some of it, then meets a receiver that is not there.
          const first = recorder(wants, [
            ...Array.from({ length: before }, (): Outcome => ({ kind: 'delivered' })),
            ...Array.from({ length: 99 }, (): Outcome => ({ kind: 'pause', reason: 'away' })),
          ])
          const one = world({ storage, transports: [first.transport] }).telemetry
          one.open()
          await one.settled()
          await one.close()
          const { cursors } = storage.open(id)
          const state = cursors.read(destinationOf(first.transport))
          if (state !== undefined)
            cursors.write(destinationOf(first.transport), { ...state, paused: undefined })
          const waiting = [...readWaiting(storage.open(id), crc).parcels(first.transport)]
          const second = recorder(wants)
          const two = world({ storage, transports: [second.transport] }).telemetry
          two.open()
          await two.settled()
          expect(waiting.map(essential)).toEqual(second.tried.map(essential))
          expect([...readWaiting(storage.open(id), crc).parcels(second.transport)]).toEqual([])
          await two.close()
        },
      ),
    )
  })

  it('is held back by a pause until a login behind it, and by a wait until it is over', async () => {
    const storage = await recorded([0, 1])
    const store = storage.open(storage.list()[0]!)
    const { transport } = recorder('events')
    const heldBack = () => readWaiting(store, crc).heldBack(transport, NOW)
    const write = (state: object) =>
      store.cursors.write('events', { offset: 0, delivered: 0, deadLettered: 0, attempts: 1, ...state })
    expect(heldBack()).toBeUndefined()
    write({ retryAt: NOW + 5, retryAsked: 5, lastError: 'away' })
    expect(heldBack()).toEqual({ kind: 'backs off', reason: 'away', until: NOW + 5 })
    for (const retryAt of [NOW, NOW + 25 * 3_600_000]) {
      write({ retryAt, retryAsked: 30 * 3_600_000, lastError: 'away' })
      expect(heldBack()).toBeUndefined()
    }
    // A back-off is of the process that set it.
    write({ retryAt: NOW + 5, lastError: 'away' })
    expect(heldBack()).toBeUndefined()
    write({ paused: { reason: 'unwelcome', offset: store.log.size() } })
    expect(heldBack()).toEqual({ kind: 'paused', reason: 'unwelcome' })
    expect(readWaiting(store, crc).ownerIsHere).toBe(true)
    write({ retryAt: NOW + 5, retryAsked: 5 })
    expect(heldBack()).toEqual({ kind: 'backs off', reason: '', until: NOW + 5 })
    write({ paused: { reason: 'unwelcome', offset: store.log.size() } })
    const { telemetry } = world({ storage })
    telemetry.start(course)
    telemetry.clear()
    expect(heldBack()).toEqual({ kind: 'paused', reason: 'unwelcome' })
    telemetry.identify(42)
    await telemetry.close()
    expect(heldBack()).toBeUndefined()
  })

  it('is held back by a pause from the beginning of a log in which nobody logs in', () => {
    const storage = memoryStorage()
    world({ storage }).telemetry.start(course)
    const { cursors, ...store } = storage.open(storage.list()[0]!)
    cursors.write('events', { ...freshDelivery, paused: { reason: 'unwelcome', offset: 0 } })
    const waiting = readWaiting({ cursors, ...store }, crc)
    expect(waiting.heldBack(recorder('events').transport, NOW)).toEqual({
      kind: 'paused',
      reason: 'unwelcome',
    })
    expect(waiting.ownerIsHere).toBe(false)
  })

  it('is the batch of the last trigger, and every event', async () => {
    const storage = await recorded([0, 1, 2])
    const id = storage.list()[0]!
    const { parcels } = readWaiting(storage.open(id), crc)
    const [batch, ...more] = parcels(recorder('snapshots').transport)
    expect(more).toEqual([])
    // The first of the three opened a step; the two compilations behind it wait for the next trigger.
    expect(JSON.parse(batch!.body)).toMatchObject({
      telemetry_id: id,
      last_interaction_at: NOW + 1_000,
      steps: [{ opened_at: NOW + 1_000 }, { compilations: [] }, { compilations: [] }, {}],
    })
    const events = [...parcels(recorder('events').transport)]
    expect(events.map(({ body }) => JSON.parse(body).event)).toEqual(['open_step', 'compile', 'compile'])
  })
})
