// What is kept of a destination, and what it means for the next attempt (SPEC §6).

import type { DeliveryState } from '../ports'

/** No destination may ask for more patience than this, ms. */
export const LONGEST_RETRY_AFTER_MS = 24 * 3_600_000

/** Of a parcel that is settled, or not tried yet. */
export const noWait = { attempts: 0, retryAt: undefined, retryAsked: undefined }

/** The state of a destination that was never tried: it starts at the first line of the log (SPEC §6). */
export const freshDelivery: DeliveryState = { offset: 0, delivered: 0, deadLettered: 0, attempts: 0 }

/** Offsets are of a log that is gone; a login in the new one ends a pause. */
export const atBeginning = (state: DeliveryState): DeliveryState => ({
  ...state,
  offset: 0,
  id: undefined,
  ...noWait,
  paused: state.paused && { ...state.paused, offset: 0 },
})

/**
 * Nothing is sent until a student logs in behind it, or it is sent in another way.
 * @param lastLogin byte offset of the latest login
 * @param settings as of the transport; undefined where they are not known
 */
export const isPaused = ({ paused }: DeliveryState, lastLogin: number, settings?: string): boolean =>
  paused !== undefined &&
  lastLogin < paused.offset &&
  (settings === undefined || settings === (paused.settings ?? settings))

/**
 * How long a process that begins to deliver makes no attempt, ms: as long as the receiver asked for. A back-off of another
 * process is not waited for, because what stood in its way, a network that was away for one, may be over. A time further
 * away than any that is ever set is of a clock that was wrong.
 * @param now epoch ms
 */
export function restOfWait({ retryAt = 0, retryAsked = 0 }: DeliveryState, now: number): number {
  const rest = retryAt - now
  return rest > 0 && rest <= LONGEST_RETRY_AFTER_MS ? Math.min(rest, retryAsked) : 0
}
