// What is kept of a destination, and what it means for the next attempt (SPEC §6).

import type { DeliveryState } from '../ports'

/** No destination may ask for more patience than this, ms. */
export const LONGEST_RETRY_AFTER_MS = 24 * 3_600_000

/** Of a parcel that is settled, or not tried yet. */
export const noWait = { attempts: 0, retryAt: undefined, retryAsked: undefined }

/** The state of a destination that was never tried: it starts at the first line of the log (SPEC §6). */
export const freshDelivery: DeliveryState = { offset: 0, delivered: 0, deadLettered: 0, attempts: 0 }

/** The state to begin a new log with, after the one it is about was replaced; a login in the new log ends a pause. */
export const atBeginning = (state: DeliveryState): DeliveryState => ({
  ...state,
  offset: 0,
  id: undefined,
  ...noWait,
  paused: state.paused && { ...state.paused, offset: 0 },
})

/**
 * Whether the destination is paused: until a student logs in later in the log, or its `settings` change.
 * @param lastLogin byte offset of the latest login
 * @param settings as of the transport; undefined where they are not known
 */
export const isPaused = ({ paused }: DeliveryState, lastLogin: number, settings?: string): boolean =>
  paused !== undefined &&
  lastLogin < paused.offset &&
  (settings === undefined || settings === (paused.settings ?? settings))

/**
 * How long a process that begins to deliver waits before its first attempt, ms: as long as the receiver asked for. It does
 * not wait out the back-off of another process: the cause, such as a lost network, may be gone. A time further away than the
 * longest wait was set by a wrong clock, and is ignored.
 * @param now epoch ms
 */
export function restOfWait({ retryAt = 0, retryAsked = 0 }: DeliveryState, now: number): number {
  const rest = retryAt - now
  return rest > 0 && rest <= LONGEST_RETRY_AFTER_MS ? Math.min(rest, retryAsked) : 0
}
