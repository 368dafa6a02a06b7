// What waits in a log for a destination, and what holds it back, read without sending or changing anything.

import { freshDelivery, isPaused, restOfWait } from './delivery-state'
import type { Follower, FollowerHooks } from '../log/follower'
import { createOutbox } from './outbox'
import type { Crc, TelemetryStore } from '../ports'
import { destinationOf, type Parcel, type Transport } from './transport'

/**
 * Why nothing is sent to a destination now. `reason` is what it answered, for a person.
 * @inline
 */
export type HeldBack =
  /** Until a student logs in, or the destination is another one. */
  | { readonly kind: 'paused'; readonly reason: string }
  /** No attempt before `until`, epoch ms. */
  | { readonly kind: 'backs off'; readonly reason: string; readonly until: number }

/**
 * What waits in one telemetry, as it was when `readWaiting` read it.
 * @inline
 */
export interface Waiting {
  /** At the end of the log: the whole of it is folded. */
  readonly follower: Follower
  /** Whether the student whose telemetry this is is logged in: else nothing is sent (SPEC §6). */
  readonly ownerIsHere: boolean
  /**
   * Every parcel that waits, in order, with the id and the bytes it will be sent with; of snapshots at most one. Read from
   * the log as they are asked for.
   * @throws RangeError for a batch longer than a string can be
   */
  parcels(transport: Transport): Generator<Parcel>
  /** How many they are, without making them; of snapshots at most one. */
  count(transport: Transport): number
  /**
   * Why nothing is sent to a destination until a student logs in, or it is sent in another way; undefined where nothing keeps it.
   * @param destination as `destinationOf` names it
   */
  paused(destination: string): string | undefined
  /** What holds a destination back; undefined where nothing does. @param now epoch ms */
  heldBack(transport: Transport, now: number): HeldBack | undefined
}

/**
 * Folds a whole log to tell what waits in it. Writes nothing, sends nothing and takes no lease, so it may run beside a process
 * that delivers.
 * @param hooks told of every event and every odd line on the way
 * @param memoryBytes as of `createTelemetry`: with another one, a batch may wait here that never goes out there
 * @throws what the store does
 */
export function readWaiting(
  { log, cursors }: TelemetryStore,
  crc: Crc,
  hooks?: FollowerHooks,
  memoryBytes?: number,
): Waiting {
  const outbox = createOutbox(log, crc, hooks, memoryBytes)
  outbox.follower.catchUp()
  const stateOf = (destination: string) => outbox.ofThisLog(cursors.read(destination) ?? freshDelivery)
  const paused = (destination: string, settings?: string) => {
    const delivery = stateOf(destination)
    return isPaused(delivery, outbox.lastLogin, settings) ? delivery.paused?.reason : undefined
  }
  return {
    follower: outbox.follower,
    ownerIsHere: outbox.ownerIsHere,
    *parcels(transport) {
      const nextBehind = outbox.parcels(transport.wants)
      for (
        let next = nextBehind(stateOf(destinationOf(transport)));
        next !== undefined;
        next = nextBehind(next.cursor)
      )
        yield next.parcel
    },
    count: (transport) => outbox.count(transport.wants, stateOf(destinationOf(transport))),
    paused: (destination) => paused(destination),
    heldBack(transport, now) {
      const destination = destinationOf(transport)
      const pause = paused(destination, transport.settings?.())
      if (pause !== undefined) return { kind: 'paused', reason: pause }
      const delivery = stateOf(destination)
      const { lastError: reason = '' } = delivery
      const rest = restOfWait(delivery, now)
      return rest > 0 ? { kind: 'backs off', reason, until: now + rest } : undefined
    },
  }
}
