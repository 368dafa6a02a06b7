// What waits in a log for a destination, and what holds it back, read without sending or changing anything.

import { backsOff, freshDelivery, isPaused } from './delivery'
import { sameStudent } from './events'
import { createFollower } from './follower'
import { streamedEvents, triggersBatch, waitingBatch, type WaitingBatch } from './parcels'
import type { Crc, TelemetryStore } from './ports'
import type { State } from './state'
import { destinationOf, type Parcel, type Transport } from './transport'

/** Why nothing is sent to a destination now. `reason` is what it answered, for a person. */
export type HeldBack =
  /** Until a student logs in, or the destination is another one. */
  | { readonly kind: 'paused'; readonly reason: string }
  /** No attempt before `until`, epoch ms. */
  | { readonly kind: 'backs off'; readonly reason: string; readonly until: number }

/** What waits in one telemetry, as it was when `readWaiting` read it. */
export interface Waiting {
  /** The whole log, folded. */
  readonly state: State
  /** Whether the student whose telemetry this is is logged in: else nothing is sent (SPEC §6). */
  readonly ownerIsHere: boolean
  /**
   * Every parcel that waits, in order, with the id and the bytes it will be sent with; of snapshots at most one. Read from
   * the log as they are asked for.
   * @throws RangeError for a batch longer than `LONGEST_STRING`
   */
  parcels(transport: Transport): Generator<Parcel>
  /**
   * Why nothing is sent to a destination until a student logs in; undefined where nothing keeps it.
   * @param destination as `destinationOf` names it
   */
  paused(destination: string): string | undefined
  /** What holds a destination back; undefined where nothing does. @param now epoch ms */
  heldBack(transport: Transport, now: number): HeldBack | undefined
}

/**
 * Folds a whole log to tell what waits in it. Writes nothing, sends nothing and takes no lease, so it may run beside a process
 * that delivers. @throws what the store does
 */
export function readWaiting({ log, cursors }: TelemetryStore, crc: Crc): Waiting {
  let batch: WaitingBatch | undefined
  let lastLogin = -1
  const follower = createFollower(log, crc, {
    folded(event, state, { offset, next }) {
      if (event.type === 'student_identified') lastLogin = offset
      if (triggersBatch(event)) batch = { state, at: event.at, offset: next }
    },
  })
  const state = follower.catchUp()
  const stateOf = (destination: string) => cursors.read(destination) ?? freshDelivery
  const paused = (destination: string) => {
    const delivery = stateOf(destination)
    return isPaused(delivery, lastLogin) ? delivery.paused?.reason : undefined
  }
  return {
    state,
    ownerIsHere: sameStudent(state.student, state.user_id),
    *parcels(transport) {
      const nextBehind =
        transport.wants === 'events' ? streamedEvents(log, crc, follower) : waitingBatch(() => batch)
      for (
        let next = nextBehind(stateOf(destinationOf(transport)));
        next !== undefined;
        next = nextBehind(next.cursor)
      )
        yield next.parcel
    },
    paused,
    heldBack(transport, now) {
      const destination = destinationOf(transport)
      const pause = paused(destination)
      if (pause !== undefined) return { kind: 'paused', reason: pause }
      const delivery = stateOf(destination)
      const { lastError: reason = '', retryAt = 0 } = delivery
      return backsOff(delivery, now) ? { kind: 'backs off', reason, until: retryAt } : undefined
    },
  }
}
