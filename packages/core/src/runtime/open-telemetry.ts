// One telemetry that is open: its log, its fold, and what is sent of it.

import { createDelivery, type Delivery, type DeliveryHooks } from '../delivery/delivery'
import { stillDead } from '../delivery/dead-letters'
import type { Follower, FollowerHooks, NumberedLine } from '../log/follower'
import { createLeader } from './leader'
import { createOutbox } from '../delivery/outbox'
import type { Clock, Crc, EventLog, RefusalStore, Storage } from '../ports'
import { destinationOf, type Transport } from '../delivery/transport'

export interface OpenTelemetry {
  readonly id: string
  readonly log: EventLog
  readonly refusals: RefusalStore
  readonly follower: Follower
  readonly deliveries: readonly Delivery[]
  /** From now on it is delivered there, and nowhere else. What was begun with a destination that stays goes on. */
  deliverTo(transports: readonly Transport[]): void
  /** The end of the log was reached once: only then is it known who is logged in, and what to render. */
  readonly caughtUp: boolean
  reachedEnd(): void
  /** Whether something waits that may be sent now; as far as it is folded. */
  waits(): boolean
  /** Makes the present state the batch that waits. */
  submit(): void
  /** Sends the dead letters again, or only those with the given ids. Returns how many. */
  resend(ids?: readonly string[]): number
  /** Resolves once nothing more can be sent now. */
  settled(): Promise<void>
}

export interface OpenOptions {
  readonly storage: Storage
  readonly clock: Clock
  readonly crc: Crc
  readonly random: () => number
  readonly transports: readonly Transport[]
  /** As of `createTelemetry`. */
  readonly memoryBytes?: number | undefined
  /** Whether anything may be sent as far as the caller knows. */
  readonly mayLeave: () => boolean
  readonly noticed: (message: string) => void
  /** The log was deleted or replaced. */
  readonly restarted: () => void
  readonly hooks: DeliveryHooks
}

export function openTelemetry(id: string, options: OpenOptions): OpenTelemetry {
  const { storage, clock, crc, random, memoryBytes, mayLeave, noticed, restarted, hooks } = options
  const { log, cursors, deadLetters, refusals } = storage.open(id)
  let caughtUp = false
  /** Whether this process delivers. Whoever takes over goes on where the one before left off. */
  const leads = createLeader(storage, () => deliveries.forEach((delivery) => delivery.reload()))

  const notice = (message: string, { number }: NumberedLine): void =>
    noticed(`${id}/events.ndjson line ${number}: ${message}`)
  const told: FollowerHooks = {
    restarted() {
      restarted()
      caughtUp = false
      deliveries.forEach((delivery) => delivery.restart())
    },
    noticed: notice,
    outgrown: notice,
  }
  const outbox = createOutbox(log, crc, told, memoryBytes)
  const { follower } = outbox

  const deliveryTo = (transport: Transport): Delivery =>
    createDelivery({
      transport,
      parcels: outbox.parcels(transport.wants),
      revive: (letter) => outbox.revive(letter),
      allowed: () => caughtUp && mayLeave() && outbox.isSent && leads(),
      leads,
      ofThisLog: (state) => outbox.ofThisLog(state),
      position: () => follower.position,
      lastLogin: () => outbox.lastLogin,
      cursors,
      deadLetters,
      clock,
      random,
      hooks,
    })
  let { transports } = options
  let deliveries: readonly Delivery[] = transports.map(deliveryTo)

  return {
    id,
    log,
    refusals,
    follower,
    get deliveries() {
      return deliveries
    },
    deliverTo(given) {
      transports = given
      const before = new Map(deliveries.map((delivery) => [delivery.destination, delivery]))
      deliveries = transports.map(
        (transport) => before.get(destinationOf(transport)) ?? deliveryTo(transport),
      )
      for (const delivery of before.values()) {
        if (deliveries.includes(delivery)) continue
        delivery.store()
        delivery.stop()
      }
      if (caughtUp) deliveries.forEach((delivery) => delivery.wake())
    },
    get caughtUp() {
      return caughtUp
    },
    reachedEnd() {
      caughtUp = true
      deliveries.forEach((delivery) => delivery.wake())
    },
    waits() {
      if (!mayLeave() || !outbox.isSent) return false
      return transports.some((transport, index) => {
        const { paused, state } = deliveries[index] as Delivery
        return !paused && outbox.waits(transport.wants, outbox.ofThisLog(state))
      })
    },
    submit() {
      outbox.submit(clock.now())
      deliveries.forEach((delivery) => delivery.wake())
    },
    resend(ids) {
      const letters = stillDead(deadLetters.list()).filter(({ id }) => ids === undefined || ids.includes(id))
      deliveries.forEach((delivery) => delivery.resend(letters))
      const known = new Set(deliveries.map(({ destination }) => destination))
      return letters.filter(({ destination }) => known.has(destination)).length
    },
    async settled() {
      await Promise.all(deliveries.map((delivery) => delivery.settled()))
    },
  }
}
