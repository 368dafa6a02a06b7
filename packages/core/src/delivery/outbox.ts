// The log as outbox: what in it is still to be sent, whose it is, and whether it may be sent now. The same code answers for
// delivering and for looking only.

import { parcelOf } from './dead-letters'
import { atBeginning } from './delivery-state'
import { sameStudent } from '../events/events'
import { createFollower, MEMORY_BYTES, type Follower, type FollowerHooks } from '../log/follower'
import { countEvents, hasEvents, isBehind, streamedEvents, triggersBatch, waitingBatch } from './parcels'
import type { Cursor, Parcels, WaitingBatch } from './parcels'
import type { Crc, DeadLetter, DeliveryState, EventLog } from '../ports'
import { initialState } from '../fold/state'
import type { Parcel, Transport } from './transport'

export interface Outbox {
  readonly follower: Follower
  /** Byte offset of the latest login, -1 where there was none. */
  readonly lastLogin: number
  /** Only the owner's work leaves, and only while they are logged in (SPEC §6). */
  readonly ownerIsHere: boolean
  /** Whether anything may be sent: the owner is here, and it is known of which telemetry it is. */
  readonly maySend: boolean
  /** The next parcel behind a cursor, for a destination that wants those. */
  parcels(wants: Transport['wants']): Parcels
  /** Whether a parcel waits behind a cursor. */
  waits(wants: Transport['wants'], from: Cursor): boolean
  /** How many parcels wait behind a cursor; of snapshots one at most. */
  count(wants: Transport['wants'], from: Cursor): number
  /**
   * The stored state of a destination, or a new beginning where it is about a log that was deleted or replaced while no
   * process followed it. Call it at the end of the log.
   */
  ofThisLog(state: DeliveryState): DeliveryState
  /** The parcel of a dead letter, with the same id and bytes as before; undefined where its line is gone. */
  revive(letter: DeadLetter): Parcel | undefined
  /** Makes the present state the batch that waits. @param at epoch ms */
  submit(at: number): void
}

/** @param memoryBytes as of `createFollower` */
export function createOutbox(
  log: EventLog,
  crc: Crc,
  hooks: FollowerHooks = {},
  memoryBytes = MEMORY_BYTES,
): Outbox {
  let batch: WaitingBatch | undefined
  /** As of the last event that was folded. */
  let before = initialState
  let lastLogin = -1
  const follow: FollowerHooks = {
    ...hooks,
    folded(event, state, line) {
      if (event.type === 'student_identified') lastLogin = line.offset
      // Half a telemetry is no batch, and an earlier one would hold what is too large.
      if (state.tooLarge) batch = undefined
      else if (triggersBatch(event, before, state)) batch = { state, at: event.at, offset: line.next }
      before = state
      hooks.folded?.(event, state, line)
    },
    restarted() {
      lastLogin = -1
      batch = undefined
      before = initialState
      hooks.restarted?.()
    },
  }
  const follower = createFollower(log, crc, follow, memoryBytes)
  /** Every parcel names its telemetry: where the session start cannot be read, nothing is sent until the next one. */
  const isKnown = (): boolean => follower.state.telemetry_id !== undefined
  const ownerIsHere = (): boolean => sameStudent(follower.state.student, follower.state.user_id)
  return {
    follower,
    get lastLogin() {
      return lastLogin
    },
    get ownerIsHere() {
      return ownerIsHere()
    },
    get maySend() {
      return isKnown() && ownerIsHere()
    },
    parcels(wants) {
      const next = wants === 'events' ? streamedEvents(crc, follower) : waitingBatch(() => batch)
      const known = (cursor: Cursor) => (isKnown() ? next(cursor) : undefined)
      return Object.assign(known, next.prepare && { prepare: next.prepare })
    },
    waits(wants, from) {
      if (!isKnown()) return false
      return wants === 'events' ? hasEvents(crc, follower, from) : isBehind(batch, from)
    },
    count(wants, from) {
      if (!isKnown()) return 0
      return wants === 'events' ? countEvents(crc, follower, from) : Number(isBehind(batch, from))
    },
    ofThisLog(state) {
      const furthest = Math.max(state.offset, state.paused?.offset ?? 0)
      // Another process was further: what it knew of is still to be read here.
      const isAhead = furthest > follower.position && furthest <= log.size()
      return isAhead || isIn(follower, state) ? state : atBeginning(state)
    },
    revive: (letter) => parcelOf(letter, crc, follower),
    submit(at) {
      const { state, position } = follower
      if (state.tooLarge) return
      batch = { state, at, offset: follower.behind(state.last_event_id ?? '') ?? position }
    },
  }
}

/** Whether the event a cursor names lies where the cursor says. */
function isIn(follower: Follower, { offset, id, paused }: DeliveryState): boolean {
  if ((paused?.offset ?? 0) > follower.position) return false
  if (id === undefined) return offset <= follower.position
  const behind = follower.behind(id)
  if (behind === undefined && !follower.remembersAll) return offset <= follower.position
  if (behind === undefined || behind === offset) return behind === offset
  // Before a damaged line that holds several events, until the last of them is delivered.
  return follower.lines(offset, 1)[0]?.next === behind
}
