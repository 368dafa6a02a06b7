// What was delivered of a telemetry, what waits, and why.

import {
  destinationOf,
  stillDead,
  type DeadLetter,
  type TelemetryStore,
  type Transport,
} from '@learnpack/telemetry-core'
import { isoTime } from '../shared/output'
import type { Waiting } from './waiting'

export interface DestinationStatus {
  readonly destination: string
  /** Whether the course's learn.json still names it. */
  readonly configured: boolean
  readonly delivered: number
  /** Stream events not yet delivered; for a batch 1 while a newer one waits. Null where nothing is sent to any more. */
  readonly waiting: number | null
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
  waiting: Waiting,
): DestinationStatus[] {
  const states = new Map(store.cursors.list().map(({ destination, state }) => [destination, state]))
  const configured = new Map(transports.map((transport) => [destinationOf(transport), transport]))
  const letters = stillDead(store.deadLetters.list())
  return [...new Set([...states.keys(), ...configured.keys()])].map((destination) => {
    const transport = configured.get(destination)
    // One that was never tried has none.
    const state = states.get(destination)
    return {
      destination,
      configured: transport !== undefined,
      delivered: state?.delivered ?? 0,
      waiting: transport === undefined ? null : waiting.count(transport),
      paused: waiting.paused(destination) ?? null,
      next_attempt_at: state?.retryAt ?? null,
      last_error: state?.lastError ?? null,
      dead_letters: letters.filter((letter) => letter.destination === destination),
    }
  })
}

export function describeDestination(status: DestinationStatus, now: number): string {
  const { destination, configured, delivered, waiting, paused, next_attempt_at, last_error, dead_letters } =
    status
  const parts = [`${delivered} delivered`]
  if (waiting !== null) parts.push(`${waiting} waiting`)
  if (dead_letters.length > 0) parts.push(`${dead_letters.length} dead letters`)
  if (paused !== null) parts.push(`paused until the next login or a changed destination: ${paused}`)
  else if (next_attempt_at !== null) {
    const when = next_attempt_at > now ? `at ${isoTime(next_attempt_at)}` : 'when something next runs'
    parts.push(`next attempt ${when}: ${last_error ?? ''}`)
  } else if (last_error !== null) parts.push(`last answer: ${last_error}`)
  if (!configured) parts.push('not in learn.json')
  return `${destination}: ${parts.join(', ')}`
}
