// What was delivered of a telemetry, what waits, and why.

import {
  countWaiting,
  createFollower,
  decodeLine,
  destinationOf,
  freshDelivery,
  readWaiting,
  stillDead,
  triggersBatch,
  type DeadLetter,
  type EventLog,
  type TelemetryStore,
  type Transport,
} from '@learnpack/telemetry-core'
import { crc32 } from '@learnpack/telemetry-transport-file'

export interface DestinationStatus {
  readonly destination: string
  /** Whether the course's learn.json still names it. */
  readonly configured: boolean
  readonly delivered: number
  /** Stream events not yet delivered; for a batch 1 while a newer one waits. */
  readonly waiting: number
  /** Why nothing is sent until the next login; null again once there was one. */
  readonly paused: string | null
  /** No attempt before this time, epoch ms. */
  readonly next_attempt_at: number | null
  readonly last_error: string | null
  readonly dead_letters: readonly DeadLetter[]
}

/** Every destination of learn.json, and every other one that was ever tried. */
export function destinationStatus(
  store: TelemetryStore,
  transports: readonly Transport[],
  follower = createFollower(store.log, crc32),
): DestinationStatus[] {
  follower.catchUp()
  const states = new Map(store.cursors.list().map(({ destination, state }) => [destination, state]))
  const configured = transports.map(destinationOf)
  for (const destination of configured) if (!states.has(destination)) states.set(destination, freshDelivery)
  const isOrWasPaused = [...states.values()].some(({ paused }) => paused !== undefined)
  const waiting = isOrWasPaused ? readWaiting(store, crc32) : undefined
  const letters = stillDead(store.deadLetters.list())
  return [...states].map(([destination, state]) => ({
    destination,
    configured: configured.includes(destination),
    delivered: state.delivered,
    waiting: destination.startsWith('http-batch ')
      ? Number(batchWaits(store.log, state.offset))
      : countWaiting(store.log, crc32, follower, state),
    paused: waiting?.paused(destination) ?? null,
    next_attempt_at: state.retryAt ?? null,
    last_error: state.lastError ?? null,
    dead_letters: letters.filter((letter) => letter.destination === destination),
  }))
}

/** Whether something that triggers a batch came behind `offset`. */
function batchWaits(log: EventLog, offset: number): boolean {
  for (let from = offset, atEnd = false; !atEnd;) {
    const slice = log.read(from, 1024 * 1024)
    for (const { text } of slice.lines) {
      const decoded = decodeLine(text, crc32)
      if (decoded.ok && triggersBatch(decoded.event)) return true
    }
    ;({ next: from, atEnd } = slice)
  }
  return false
}

export function describeDestination(status: DestinationStatus, now: number): string {
  const { destination, configured, delivered, waiting, paused, next_attempt_at, last_error, dead_letters } =
    status
  const parts = [`${delivered} delivered`, `${waiting} waiting`]
  if (dead_letters.length > 0) parts.push(`${dead_letters.length} dead letters`)
  if (paused !== null) parts.push(`paused until the next login: ${paused}`)
  else if (next_attempt_at !== null) {
    const when =
      next_attempt_at > now ? `at ${new Date(next_attempt_at).toISOString()}` : 'when something next runs'
    parts.push(`next attempt ${when}: ${last_error ?? ''}`)
  } else if (last_error !== null) parts.push(`last answer: ${last_error}`)
  if (!configured) parts.push('no longer in learn.json')
  return `${destination}: ${parts.join(', ')}`
}
