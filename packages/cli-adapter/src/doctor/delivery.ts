// What waits to be delivered, and what keeps it.

import {
  destinationOf,
  type Destinations,
  type TelemetryStore,
  type Transport,
} from '@learnpack/telemetry-core'
import { destinationStatus, type DestinationStatus } from '../reading/destinations'
import type { Waiting } from '../reading/waiting'
import { transportsOf } from '../sending/transports'
import { isoTime } from '../shared/output'
import { finding, type Finding } from './finding'

export function deliveryFindings(
  store: TelemetryStore,
  waiting: Waiting,
  /** Undefined if learn.json cannot be read. */
  destinations: Destinations | undefined,
  now: number,
  /** Why the login that is there does not count here. */
  foreign: string | undefined,
): Finding[] {
  const transports = transportsOf(destinations ?? {})
  const statuses = destinationStatus(store, transports, waiting)
  const found = statuses.flatMap((status) => {
    const transport = transports.find((one) => destinationOf(one) === status.destination)
    return [
      ...(transport === undefined
        ? [elsewhere(status, destinations !== undefined)]
        : waitingFindings(status, transport, waiting, now)),
      ...letterFindings(status),
    ]
  })
  return [...studentFindings(waiting, foreign), ...found]
}

function studentFindings({ follower, ownerIsHere }: Waiting, foreign: string | undefined): Finding[] {
  if (foreign !== undefined)
    return [finding('delivery/foreign-login', 'student', `nothing is sent: ${foreign}`)]
  if (ownerIsHere) return []
  const { user_id, student } = follower.state
  if (user_id === undefined) {
    const message = 'nobody has logged in yet: everything is recorded, and nothing is sent'
    return [finding('delivery/nobody', 'student', message, 'log in with LearnPack to have it sent')]
  }
  const message = `${user_id} is not logged in${student === undefined ? '' : ` (${student} is)`}: nothing is sent`
  return [finding('delivery/logged-out', 'student', message, `what waits is sent when ${user_id} logs in`)]
}

function waitingFindings(
  { destination, waiting: count, last_error, next_attempt_at }: DestinationStatus,
  transport: Transport,
  waiting: Waiting,
  now: number,
): Finding[] {
  const held = waiting.heldBack(transport, now)
  if (held?.kind === 'paused') {
    const advice = 'log in again, or correct its URL'
    return [finding('delivery/paused', destination, `paused: ${held.reason}`, advice)]
  }
  if (held?.kind === 'backs off' || next_attempt_at !== null) {
    const when = held ? `at ${isoTime(held.until)}` : 'at the latest when LearnPack starts'
    const message = `not reached (${last_error}), next attempt ${when}`
    const advice = 'nothing to do: it is tried again; doctor --probe shows whether it answers now'
    return [finding('delivery/backs-off', destination, message, advice)]
  }
  if (transport.wants === 'snapshots' && last_error !== null) {
    const message = `refused the last batch: ${last_error}`
    const advice = 'the next one is tried at the next step; ask who runs it what it answered'
    return [finding('delivery/rejected', destination, message, advice)]
  }
  if (count === 0) return []
  const [first] = waiting.parcels(transport)
  const since = first === undefined ? '' : ` since ${isoTime(first.at)}`
  return [finding('delivery/waiting', destination, `${count} waiting${since}`, 'learnpack-telemetry flush')]
}

function elsewhere({ destination, delivered }: DestinationStatus, isKnown: boolean): Finding {
  if (isKnown) {
    return finding('delivery/elsewhere', destination, `${delivered} delivered; learn.json does not name it`)
  }
  const message = `${delivered} delivered; nothing is sent while learn.json cannot be used`
  return finding('delivery/unknown', destination, message, 'correct learn.json, see above')
}

function letterFindings({ destination, dead_letters }: DestinationStatus): Finding[] {
  const [first] = dead_letters
  if (first === undefined) return []
  const message = `${dead_letters.length} dead letters since ${isoTime(first.at)}: ${first.reason}`
  const advice = 'learnpack-telemetry dead-letters resend, once the receiver accepts them'
  return [finding('delivery/dead-letters', destination, message, advice)]
}
