// A receiver: counts each id once, and a network on which requests get lost, doubled or late on the way to it.

import type { Outcome, Parcel, Transport } from '@learnpack/telemetry-core'
import type { Host } from './host'
import type { Counted } from './model'
import type { Random } from './random'
import { clearNetwork, type NetworkWeather } from './weather'

export interface Receiver extends Counted {
  readonly weather: NetworkWeather
  /** Requests that arrived, the doubled ones among them. */
  requests: number
}

export const createReceiver = (name: string): Receiver => ({
  name,
  weather: clearNetwork(),
  events: new Map(),
  ids: new Set(),
  rejected: new Set(),
  requests: 0,
})

function take(receiver: Receiver, { id, kind, body }: Parcel): void {
  receiver.requests++
  if (receiver.ids.has(id)) return
  receiver.ids.add(id)
  if (kind !== 'event') return
  const student = Number((JSON.parse(body) as { user_id: unknown }).user_id)
  receiver.events.set(student, [...(receiver.events.get(student) ?? []), id])
}

const LATE_MS = 120_000

const REFUSALS: readonly Outcome[] = [
  { kind: 'retry', reason: 'answered 503' },
  { kind: 'retry', reason: 'answered 429', after: 60_000 },
  { kind: 'pause', reason: 'answered 401' },
  { kind: 'reject', reason: 'answered 400' },
]

/**
 * @param chance of the present step
 * @param sends told of every request before it leaves
 */
export function transportTo(
  receiver: Receiver,
  host: Host,
  wants: Transport['wants'],
  chance: () => Random,
  sends: (parcel: Parcel) => void,
): Transport {
  const { weather } = receiver
  const later = (ms: number, signal: AbortSignal, run: () => Outcome): Promise<Outcome> =>
    new Promise((resolve) => {
      const end = (outcome: Outcome): void => {
        cancel()
        signal.removeEventListener('abort', abort)
        resolve(outcome)
      }
      const abort = (): void => end({ kind: 'retry', reason: 'aborted' })
      const cancel = host.after(ms, () => end(run()))
      signal.addEventListener('abort', abort)
    })

  return {
    name: `${receiver.name}-${wants}`,
    address: `https://${receiver.name}.example`,
    wants,
    async deliver(parcel, signal) {
      // As the adapter asks the session file at the moment of each request.
      if (host.telemetry.status().student !== host.disk.student)
        return { kind: 'retry', reason: 'somebody else is logged in' }
      sends(parcel)
      const { below, chance: likely, pick } = chance()
      if (likely(weather.lost)) return later(below(5_000), signal, () => LOST)
      const answer = (): Outcome => {
        if (likely(weather.refused)) {
          const refusal = pick(REFUSALS)
          if (refusal.kind === 'reject') receiver.rejected.add(parcel.id)
          return refusal
        }
        take(receiver, parcel)
        if (likely(weather.doubled)) take(receiver, parcel)
        return likely(weather.answerLost) ? LOST : { kind: 'delivered' }
      }
      return likely(weather.delayed) ? later(below(LATE_MS), signal, answer) : answer()
    },
  }
}

const LOST: Outcome = { kind: 'retry', reason: 'no answer' }
