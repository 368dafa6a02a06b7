// Reads a log from its beginning and folds it, line by line, in the order of the file. Live events, a
// restart, another process's events and a replay all take this path.

import { decodeLine } from './codec'
import type { TelemetryEvent } from './events'
import { evolve } from './evolve'
import type { Crc, EventLog, LogLine } from './ports'
import { initialState, type State } from './state'

/** About 10 ms of folding at the speed of a slow laptop. */
const SLICE_BYTES = 512 * 1024

export interface FollowerHooks {
  /** After an event was folded into `state`. */
  folded?(event: TelemetryEvent, state: State, line: NumberedLine): void
  /** A line that could not be used (`lost`), or was used but is odd. */
  noticed?(message: string, line: NumberedLine, lost: boolean): void
}

export interface NumberedLine extends LogLine {
  /** Counted from 1. */
  readonly number: number
}

export interface Follower {
  readonly state: State
  /** Byte offset up to which the log is folded. */
  readonly position: number
  /** Offsets of lines that were dropped because their id was read before. */
  readonly dropped: ReadonlySet<number>
  readonly counts: Readonly<{ lines: number; events: number; lost: number; duplicates: number }>
  /** Folds the next slice. Returns whether the end of the log was reached. */
  step(): boolean
  /** Folds everything there is. */
  catchUp(): State
}

export function createFollower(log: EventLog, crc: Crc, hooks: FollowerHooks = {}): Follower {
  const known = new Set<string>()
  const dropped = new Set<number>()
  const counts = { lines: 0, events: 0, lost: 0, duplicates: 0 }
  let state = initialState
  let position = 0

  function take(read: LogLine): void {
    const line = { ...read, number: ++counts.lines }
    if (line.text === '') return
    const decoded = decodeLine(line.text, crc)
    const notice = decoded.ok ? decoded.notice : decoded.reason
    if (notice !== undefined) hooks.noticed?.(notice, line, !decoded.ok)
    if (!decoded.ok) return void counts.lost++
    if (known.has(decoded.event.id)) {
      counts.duplicates++
      dropped.add(line.offset)
      return
    }
    known.add(decoded.event.id)
    counts.events++
    state = evolve(state, decoded.event)
    hooks.folded?.(decoded.event, state, line)
  }

  function step(): boolean {
    const slice = log.read(position, SLICE_BYTES)
    for (const line of slice.lines) {
      position = line.next
      take(line)
    }
    position = slice.next
    return slice.atEnd
  }

  return {
    get state() {
      return state
    },
    get position() {
      return position
    },
    dropped,
    counts,
    step,
    catchUp() {
      while (!step());
      return state
    },
  }
}
