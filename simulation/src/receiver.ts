// A receiver: counts each id once, and a network on which requests get lost, doubled or late on the way to it.

import type { Outcome, Parcel, Transport } from '@learnpack/telemetry-core'
import type { Host } from './host'
import type { Counted } from './model'
import type { Random } from './random'
import type { Timeline } from './timeline'
import { clearNetwork, count, type Counts, type NetworkWeather } from './weather'

export interface Receiver extends Counted {
  readonly weather: NetworkWeather
  /** How often each kind of fault struck. */
  readonly struck: Counts
  /** Requests that arrived, the doubled ones among them. */
  requests: number
}

export const createReceiver = (name: string): Receiver => ({
  name,
  weather: clearNetwork(),
  struck: new Map(),
  events: new Map(),
  lastBatch: undefined,
  ids: new Set(),
  attempts: new Map(),
  rejected: new Set(),
  requests: 0,
})

function take(receiver: Receiver, { id, kind, body }: Parcel): void {
  receiver.requests++
  if (kind === 'snapshot') receiver.lastBatch = id
  if (receiver.ids.has(id)) return
  receiver.ids.add(id)
  if (kind === 'snapshot') return
  const read = JSON.parse(body) as { user_id: unknown; data?: { n?: number } }
  const student = Number(read.user_id)
  const order = receiver.events.get(student) ?? []
  receiver.events.set(student, order)
  order.push(id)
  const n = read.data?.n
  if (n !== undefined) receiver.attempts.set(n, [...(receiver.attempts.get(n) ?? []), id])
}

/** Most requests take that long, ms, ... */
const SOON_MS = 200
/** ... and those that are delayed so long. */
const LATE_MS = 120_000

const ANSWERS: readonly (Outcome | undefined)[] = [
  { kind: 'retry', reason: 'answered 503' },
  { kind: 'retry', reason: 'answered 429', after: 60_000 },
  { kind: 'pause', reason: 'answered 401' },
  { kind: 'reject', reason: 'answered 400' },
  { kind: 'reject', reason: 'answered 422' },
  // A transport of somebody else's that returns nothing.
  undefined,
]

const LOST: Outcome = { kind: 'retry', reason: 'no answer' }

export interface Way {
  readonly receiver: Receiver
  readonly host: Host
  readonly timeline: Timeline
  /** Of the present step. */
  readonly chance: () => Random
  /** Told of every request before it leaves. */
  readonly sends: (parcel: Parcel, destination: string) => void
}

export function transportTo(
  { receiver, host, timeline, chance, sends }: Way,
  wants: Transport['wants'],
): Transport {
  const { weather, struck } = receiver
  const name = `${receiver.name}-${wants}`

  function happens(what: string, probability: number): boolean {
    const does = probability > 0 && chance().chance(probability)
    if (does) count(struck, what)
    return does
  }

  /** What the receiver makes of a request that has come to it. */
  function arrive(parcel: Parcel): Outcome {
    if (weather.refused > 0 && chance().chance(weather.refused)) {
      const answer = chance().pick(ANSWERS)
      count(struck, answer === undefined ? 'answered with nothing' : (answer as { reason: string }).reason)
      if (answer?.kind === 'reject') receiver.rejected.add(parcel.id)
      return answer as Outcome
    }
    take(receiver, parcel)
    if (happens('request doubled', weather.doubled)) take(receiver, parcel)
    return happens('answer lost', weather.answerLost) ? LOST : { kind: 'delivered' }
  }

  return {
    name,
    address: `https://${receiver.name}.example`,
    wants,
    deliver: (parcel, signal) =>
      new Promise((answered) => {
        const abort = (): void => resolve({ kind: 'retry', reason: 'aborted' })
        const resolve = (outcome: Outcome): void => {
          signal.removeEventListener('abort', abort)
          answered(outcome)
        }
        // Of a process that was killed in this moment nothing leaves.
        if (!host.isAlive) return
        // As the adapter asks the session file, where there is one, at the moment of each request.
        if (host.disk.hasSession && host.telemetry.status().student !== host.disk.student) {
          resolve({ kind: 'retry', reason: 'somebody else is logged in' })
          return
        }
        sends(parcel, name)
        signal.addEventListener('abort', abort)
        const { below, chance: likely } = chance()
        if (happens('request lost', weather.lost)) {
          host.after(below(5_000), () => resolve(LOST))
          return
        }
        const isLate = happens('request delayed', weather.delayed)
        const way = isLate ? below(LATE_MS) : likely(0.5) ? 0 : below(SOON_MS)
        if (way === 0) {
          resolve(arrive(parcel))
          return
        }
        // It is on its way, whatever becomes of the process that sent it; so is the answer.
        timeline.after(way, () => {
          const answer = arrive(parcel)
          host.after(0, () => resolve(answer))
        })
      }),
  }
}
