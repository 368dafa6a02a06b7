// What goes to a destination, in order: the streamed events of the log behind a cursor, or the batch that
// waits. Nothing is kept in memory but the slice of the log being sent: the log is the outbox.

import { batchJson } from './batch'
import { eventsOn } from '../events/codec'
import { isStepEvent, type StepEvent, type TelemetryEvent } from '../events/events'
import type { Follower } from '../log/follower'
import type { Crc, LogLine } from '../ports'
import { bounded } from '../fold/longest-string'
import type { State } from '../fold/state'
import type { EventParcel, Parcel, SnapshotParcel } from './transport'
import { streamBody } from '../fold/wire'

export interface Next {
  readonly parcel: Parcel
  /** Where the parcel's line begins, bytes; for a snapshot where its state ends. */
  readonly offset: number
  /** The cursor once this is delivered. */
  readonly cursor: { readonly offset: number; readonly id: string }
}

/** The next parcel behind a cursor, or undefined while there is none. */
export interface Parcels {
  (cursor: Cursor): Next | undefined
  /** Does the slow part of making the next parcel beforehand, in pieces; otherwise it is made in one go when asked for. */
  prepare?(cursor: Cursor, turn: () => Promise<void> | undefined): Promise<void>
}

/** How far a destination is: behind which line, by byte offset, and behind which event of it, by id. */
export interface Cursor {
  readonly offset: number
  readonly id?: string | undefined
}

/**
 * Whether the snapshot is sent after an event (SPEC §6): at session start and end, at every opened step, at login, and
 * whenever a step became completed, be it by an import.
 * @param before the state without it
 * @param after the state with it
 */
export const triggersBatch = (event: TelemetryEvent, before: State, after: State): boolean =>
  ['session_start', 'open_step', 'student_identified', 'session_end'].includes(event.type) ||
  completes(event, before, after)

function completes(event: TelemetryEvent, before: State, after: State): boolean {
  if (before.activity === after.activity) return false
  // Of a long course, only the step that the event is about is looked at.
  const slugs = isStepEvent(event) ? [event.step.slug] : [...after.activity.keys()]
  return slugs.some((slug) => !isCompleted(before, slug) && isCompleted(after, slug))
}

const isCompleted = ({ activity }: State, slug: string): boolean =>
  activity.get(slug)?.completed_at !== undefined

const READ_BYTES = 64 * 1024

export function streamedEvents(crc: Crc, follower: Follower): Parcels {
  const walk = walker(crc, follower)
  return (cursor) => {
    const found = walk(cursor)
    return found && { ...found, parcel: eventParcel(found.event, follower.state) }
  }
}

/** Whether a streamed event waits behind a cursor, among those that are folded. @throws what `log.read` does */
export const hasEvents = (crc: Crc, follower: Follower, from: Cursor): boolean =>
  walker(crc, follower)(from) !== undefined

/** How many streamed events wait behind a cursor, among those that are folded. @throws what `log.read` does */
export function countEvents(crc: Crc, follower: Follower, from: Cursor): number {
  const walk = walker(crc, follower)
  let count = 0
  for (let next = walk(from); next !== undefined; next = walk(next.cursor)) count++
  return count
}

/** The next streamed event behind a cursor. */
function walker(crc: Crc, follower: Follower) {
  let lines: LogLine[] = []
  let restarts = follower.restarts

  /** The line at or behind `offset`, never one that is not folded yet. */
  function lineAt(offset: number): LogLine | undefined {
    if (restarts !== follower.restarts) lines = []
    restarts = follower.restarts
    while (lines[0] && lines[0].offset < offset) lines.shift()
    if (lines[0]?.offset !== offset) lines = [...follower.lines(offset, READ_BYTES)]
    const line = lines[0]
    return line && line.next <= follower.position ? line : undefined
  }

  return (cursor: Cursor) => {
    for (let line = lineAt(cursor.offset); line; line = lineAt(line.next)) {
      const { offset, next, text } = line
      const { events } = eventsOn(text, crc)
      // A damaged line may hold several: the cursor stays in front of it until the last of them is delivered.
      const done = offset === cursor.offset ? events.findIndex(({ id }) => id === cursor.id) : -1
      for (const [index, event] of events.entries()) {
        if (index <= done || !isStepEvent(event) || follower.dropped(offset, event.id)) continue
        if (follower.state.moved?.has(event.id)) continue
        const cursor = { offset: index === events.length - 1 ? next : offset, id: event.id }
        return { event, offset, cursor }
      }
    }
    return undefined
  }
}

export function eventParcel(event: StepEvent, state: State): EventParcel {
  const body = JSON.stringify(streamBody(event, state))
  return { kind: 'event', id: event.id, at: event.at, contentType: 'application/json', body, event }
}

export interface WaitingBatch {
  readonly state: State
  readonly at: number
  /** Byte offset behind the last line folded into `state`. */
  readonly offset: number
}

/**
 * Whether a batch waits behind a cursor. Receivers need its telemetry and its course (SPEC §10): until both are known, none
 * does.
 */
export const isBehind = (batch: WaitingBatch | undefined, { offset }: Cursor): batch is WaitingBatch =>
  batch?.state.telemetry_id !== undefined && batch.state.slug !== undefined && batch.offset > offset

/**
 * The batch that waits, unless it was delivered already.
 * @throws RangeError, once, when the telemetry has become longer than a string can be: from then on none is sent
 */
export function waitingBatch(waiting: () => WaitingBatch | undefined, longest?: number): Parcels {
  let rendered: { batch: WaitingBatch; next: Next } | undefined
  /** What was prepared is sent, also where a newer one waits by then. */
  let isPrepared = false
  let standsStill = false

  /** The batch to be rendered next, if it is not yet. */
  function unrendered(cursor: Cursor): WaitingBatch | undefined {
    const batch = waiting()
    const waits = !standsStill && isBehind(batch, cursor) && batch.state.last_event_id !== undefined
    if (!waits) rendered = undefined
    return waits && rendered?.batch !== batch ? batch : undefined
  }

  function* piecesOf({ state }: WaitingBatch): Generator<string> {
    standsStill = true
    yield* bounded(batchJson(state), longest)
    standsStill = false
  }

  function finish(batch: WaitingBatch, pieces: string[]): void {
    const { state, at, offset } = batch
    const lastId = state.last_event_id as string
    const id = `${state.telemetry_id}-${lastId}`
    const body = pieces.join('')
    const parcel: SnapshotParcel = { kind: 'snapshot', id, at, contentType: 'application/json', body }
    rendered = { batch, next: { parcel, offset, cursor: { offset, id: lastId } } }
  }

  function parcels(cursor: Cursor): Next | undefined {
    if (!isPrepared) {
      const batch = unrendered(cursor)
      if (batch !== undefined) finish(batch, [...piecesOf(batch)])
    }
    isPrepared = false
    return rendered?.next
  }

  return Object.assign(parcels, {
    async prepare(cursor: Cursor, turn: () => Promise<void> | undefined) {
      isPrepared = false
      const batch = unrendered(cursor)
      if (batch === undefined) return
      const pieces: string[] = []
      for (const piece of piecesOf(batch)) {
        pieces.push(piece)
        const pause = turn()
        if (pause !== undefined) await pause
      }
      finish(batch, pieces)
      isPrepared = true
    },
  })
}
