// The suite passes on what keeps its promises, and fails on what breaks one of them.

import { describe, expect, it, test } from 'vitest'
import type { EventLog, Parcel, Transport } from '../src/index'
import { memoryLog } from '../src/memory'
import {
  logConformance,
  transportConformance,
  type ConformanceCase,
  type Received,
  type TransportUnderTest,
} from '../src/testing'

const inMemory =
  (change: Partial<Transport> = {}, wants: Transport['wants'] = 'events') =>
  async (): Promise<TransportUnderTest> => {
    const got: Received[] = []
    const transport: Transport = {
      name: 'memory',
      wants,
      async deliver({ id, body }) {
        got.push({ id, body })
        return { kind: 'delivered' }
      },
      ...change,
    }
    return { transport, received: async () => got }
  }

describe.each(['events', 'snapshots'] as const)('a transport in memory that wants %s', (wants) => {
  for (const { name, run } of transportConformance(inMemory({}, wants))) test(name, run)
})

describe('a log in memory', () => {
  for (const { name, run } of logConformance(() => memoryLog())) test(name, run)
})

/** Names of the cases that fail. */
async function failing(cases: readonly ConformanceCase[]): Promise<string[]> {
  const failed: string[] = []
  for (const { name, run } of cases) await run().catch(() => failed.push(name))
  return failed
}

describe('the suite', () => {
  const sink = (take: (got: Received[], parcel: Parcel) => void) => async (): Promise<TransportUnderTest> => {
    const got: Received[] = []
    const deliver: Transport['deliver'] = async (parcel) => (take(got, parcel), { kind: 'delivered' })
    return { transport: { name: 'faulty', wants: 'events', deliver }, received: async () => got }
  }

  it.each<[string, () => Promise<TransportUnderTest>, string]>([
    ['no name', inMemory({ name: '' }), 'names itself, and what it wants'],
    ['one that loses', sink(() => {}), 'delivers every parcel, in order'],
    [
      'one that reorders',
      sink((got, { id, body }) => got.unshift({ id, body })),
      'delivers every parcel, in order',
    ],
    [
      'one that trims',
      sink((got, { id, body }) => got.push({ id, body: body.replace(/🎉/g, '?') })),
      'delivers bodies as they are, whatever is in them',
    ],
    [
      'one that cuts',
      sink((got, { id, body }) => got.push({ id, body: body.slice(0, 65_536) })),
      'delivers a body of a megabyte',
    ],
    [
      'one that renames',
      sink((got, { body }) => got.push({ id: String(got.length), body })),
      'takes a parcel again, with the same id and body',
    ],
    [
      'one that writes on it',
      sink((got, parcel) => void ((parcel as { body: string }).body = got.join())),
      'leaves the parcel as it was',
    ],
    [
      'one that makes up outcomes',
      inMemory({ deliver: async () => ({ kind: 'perhaps' }) as never }),
      'settles when it is aborted under way',
    ],
    [
      'one that throws at the second close',
      inMemory({
        close: (() => {
          let closed = 0
          return async () => {
            if (closed++ > 0) throw new Error('closed')
          }
        })(),
      }),
      'can be closed, twice',
    ],
  ])('finds %s', async (_, create, name) => {
    expect(await failing(transportConformance(create))).toContain(name)
  })

  it('finds one that says delivered of what it did not deliver', async () => {
    const create = async () => {
      const test = await inMemory()()
      const { deliver } = test.transport
      const lazy: Transport['deliver'] = async (parcel, signal) =>
        signal.aborted ? { kind: 'delivered' } : deliver(parcel, signal)
      return { ...test, transport: { ...test.transport, deliver: lazy } }
    }
    expect(await failing(transportConformance(create))).toEqual([
      'settles when it is aborted before it begins, and says delivered only of what was',
    ])
  })

  it.each<[string, (log: EventLog) => Partial<EventLog>, string]>([
    [
      'that drops empty lines',
      (log) => ({ append: (line) => void (line !== '' && log.append(line)) }),
      'gives back every line, in order, in slices of any size',
    ],
    ['that does not know its size', () => ({ size: () => 7 }), 'is empty at first'],
    [
      'that always reads from the start',
      (log) => ({ read: (_, max) => log.read(0, max) }),
      'is read on from where a line began or ended',
    ],
    [
      'that is slow to show',
      (log) => ({ read: (from, max) => ({ ...log.read(from, max), lines: [] }) }),
      'shows a line at once, to a reader at the end',
    ],
  ])('finds a log %s', async (_, change, name) => {
    const create = () => {
      const log = memoryLog()
      return { ...log, ...change(log) }
    }
    expect(await failing(logConformance(create))).toContain(name)
  })
})
