// What is sent of one telemetry, to whom: a delivery for each destination.

import { stillDead } from './dead-letters'
import { createDelivery, type Delivery, type DeliveryOptions } from './delivery'
import { isPaused } from './delivery-state'
import type { Outbox } from './outbox'
import type { DeliveryState } from '../ports'
import type { Transport } from './transport'
import type { Turn } from './turn'

export interface Deliveries {
  /** The state of each destination in this log, by `destinationOf`. @throws whatever `EventLog.size` throws */
  readonly states: Readonly<Record<string, DeliveryState>>
  /** From now on it is delivered there, and nowhere else. What was begun with a transport that stays goes on. */
  deliverTo(transports: readonly Transport[]): void
  /** Something may have come to send. */
  wake(turn: Turn): void
  /** Whether something waits for a destination that does not pause; as far as the log is folded. */
  waits(): boolean
  /** Sends the dead letters again, or only those with the given ids. Returns how many. */
  resend(ids?: readonly string[]): number
  /** Stores where each is now, for a process that is about to exit. */
  store(): void
  /** Resolves once nothing more can be sent now. */
  settled(): Promise<void>
  /** Aborts the requests under way and sends nothing more. */
  stop(): void
}

export interface DeliveriesOptions extends Omit<DeliveryOptions, 'transport' | 'outbox'> {
  readonly outbox: Outbox
  readonly transports: readonly Transport[]
}

export function createDeliveries({ transports: first, ...options }: DeliveriesOptions): Deliveries {
  const { outbox, look, deadLetters } = options
  const deliveryTo = (transport: Transport): Delivery => createDelivery({ ...options, transport })
  let transports = first
  let deliveries = transports.map(deliveryTo)

  const wake = (turn: Turn): void => deliveries.forEach((delivery) => delivery.wake(turn))

  return {
    get states() {
      return Object.fromEntries(
        deliveries.map(({ destination, state }) => [destination, outbox.ofThisLog(state)]),
      )
    },
    deliverTo(given) {
      const before = new Map(transports.map((transport, index) => [transport, deliveries[index] as Delivery]))
      transports = given
      for (const [transport, delivery] of before) {
        if (given.includes(transport)) continue
        delivery.store()
        delivery.stop()
      }
      deliveries = given.map((transport) => before.get(transport) ?? deliveryTo(transport))
      wake(look())
    },
    wake,
    waits: () =>
      transports.some((transport, index) => {
        const state = outbox.ofThisLog((deliveries[index] as Delivery).state)
        return (
          !isPaused(state, outbox.lastLogin, transport.settings?.()) && outbox.waits(transport.wants, state)
        )
      }),
    resend(ids) {
      const letters = stillDead(deadLetters.list()).filter(({ id }) => ids === undefined || ids.includes(id))
      deliveries.forEach((delivery) => delivery.resend(letters))
      const known = new Set(deliveries.map(({ destination }) => destination))
      return letters.filter(({ destination }) => known.has(destination)).length
    },
    store: () => deliveries.forEach((delivery) => delivery.store()),
    async settled() {
      await Promise.all(deliveries.map((delivery) => delivery.settled()))
    },
    stop: () => deliveries.forEach((delivery) => delivery.stop()),
  }
}
