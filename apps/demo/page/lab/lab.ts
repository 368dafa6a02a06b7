// The real engine and the real HTTP transports, fed with a session's events as they happen on the page.
// Going back in time undoes no delivery: what was sent was sent.

import {
  createTelemetry,
  destinationOf,
  deterministicId,
  evolve,
  initialState,
  isStepEvent,
  triggersBatch,
  type DeliveryState,
  type Telemetry,
  type TelemetryEvent,
} from '@learnpack/telemetry-core'
import { memoryStorage } from '@learnpack/telemetry-core/memory'
import { batchTransport, streamTransport } from '@learnpack/telemetry-transport-http'
import { loginFor } from '../../src/login'
import { crc32 } from '../model/crc'
import type { Timeline } from '../model/timeline'
import { skippingClock } from './clock'
import { BATCH_URL, STREAM_URL } from './faults'

/** Events recorded before the page gets a turn again. */
const SLICE = 100

export interface Destination {
  readonly name: 'batch' | 'stream'
  /** Empty until the first event is recorded. */
  readonly state: Partial<DeliveryState>
  /** Events that wait; for the batch 1 while one does. */
  readonly waiting: number
}

export interface LabStatus {
  /** Events of the session that were recorded. */
  readonly recorded: number
  readonly destinations: readonly Destination[]
  /** ms until the next attempt, of the destination that makes one first. */
  readonly nextAttempt: number | undefined
  /** The student whose work is sent, and whether they were made up for the demo. */
  readonly student: string | undefined
  readonly invented: boolean
}

export interface Lab {
  status(): LabStatus
  /** Records what has happened of `timeline` up to `count` events. */
  record(timeline: Timeline, count: number): void
  /** The student logs in again: what had paused goes on. */
  logIn(): void
  resend(): void
  /** Lets the time until the next attempt pass. */
  skipWait(): void
  stop(): void
}

/** @param changed called after anything that changes `status` */
export function startLab(changed: () => void): Lab {
  const clock = skippingClock()
  const origin = location.origin
  const transports = [
    batchTransport({ url: `${origin}${BATCH_URL}`, now: clock.now }),
    streamTransport({ url: `${origin}${STREAM_URL}`, now: clock.now }),
  ]
  const telemetry: Telemetry = createTelemetry({
    storage: memoryStorage(),
    clock,
    crc: crc32,
    ids: {
      event: (at) => deterministicId(at, crypto.randomUUID()),
      telemetry: () => crypto.randomUUID().replaceAll('-', '').slice(0, 16),
    },
    random: Math.random,
    transports,
  })
  for (const what of ['delivered', 'retrying', 'paused', 'deadLettered', 'rejected', 'recorded'] as const) {
    telemetry.on(what, changed)
  }
  telemetry.on('fault', (what, error) => console.error(what, error))

  /** Events of the session that were recorded, of those `wanted`. */
  let recorded = 0
  let wanted = 0
  let feeding: ReturnType<typeof setTimeout> | undefined
  let invented = false
  /** By event id: how many events, streamed events and batches there were up to it. */
  const places = new Map<string, { streamed: number; batches: number }>()
  let total = { streamed: 0, batches: 0 }
  let last: TelemetryEvent | undefined
  let state = initialState

  function append(event: TelemetryEvent): void {
    if (!telemetry.append(event).ok) return
    const before = state
    state = evolve(state, event)
    last = event
    total = {
      streamed: total.streamed + (isStepEvent(event) ? 1 : 0),
      batches: total.batches + (triggersBatch(event, before, state) ? 1 : 0),
    }
    places.set(event.id, total)
  }

  function feed(timeline: Timeline): void {
    feeding = undefined
    const login = loginFor(timeline.events)
    for (let slice = 0; recorded < wanted && slice < SLICE; slice++) {
      const event = timeline.events[recorded++] as TelemetryEvent
      append(event)
      if (login?.behind === event) {
        append(login.event)
        invented = login.invented
      }
    }
    changed()
    if (recorded < wanted) feeding = setTimeout(() => feed(timeline))
  }

  return {
    status() {
      const { destinations, student } = telemetry.status()
      const found = transports.map((transport): Destination => {
        const state: Partial<DeliveryState> = destinations[destinationOf(transport)] ?? {}
        const done = places.get(state.id ?? '') ?? { streamed: 0, batches: 0 }
        return transport.wants === 'events'
          ? { name: 'stream', state, waiting: total.streamed - done.streamed }
          : { name: 'batch', state, waiting: total.batches > done.batches ? 1 : 0 }
      })
      const waits = found.flatMap(({ state: { retryAt } }) =>
        retryAt === undefined || retryAt <= clock.now() ? [] : [retryAt - clock.now()],
      )
      return {
        recorded,
        destinations: found,
        nextAttempt: waits.length === 0 ? undefined : Math.min(...waits),
        student: student === undefined ? undefined : String(student),
        invented,
      }
    },
    record(timeline, count) {
      wanted = Math.max(wanted, count)
      if (recorded < wanted) feeding ??= setTimeout(() => feed(timeline))
    },
    logIn() {
      const { student } = telemetry.status()
      if (student === undefined || last === undefined) return
      const at = clock.now()
      append({
        v: 1,
        id: deterministicId(at, crypto.randomUUID()),
        at: last.at,
        session: last.session,
        type: 'student_identified',
        data: { user_id: student },
      })
    },
    resend() {
      telemetry.resend()
      changed()
    },
    skipWait() {
      const { nextAttempt } = this.status()
      if (nextAttempt !== undefined) clock.skip(nextAttempt)
    },
    stop() {
      clearTimeout(feeding)
      void telemetry.close(0)
    },
  }
}
