// Reads a log from its beginning and folds it, line by line, in the order of the file. Live events, a
// restart, another process's events and a replay all take this path.

import { eventsOn } from '../events/codec'
import { isStepEventType, type TelemetryEvent } from '../events/events'
import { evolve } from '../fold/evolve'
import type { Crc, EventLog, LogLine } from '../ports'
import { initialState, withoutAttempts, type State } from '../fold/state'
import { weightOf } from '../fold/weight'

/** Read and folded between two looks at the clock: about a millisecond of work. */
const SLICE_BYTES = 16 * 1024
/** What an event costs beside its texts: its id, which is remembered, and the objects it is kept in. */
const EVENT_BYTES = 300
/** Base64 of what a line holds. */
const KEPT_PER_BYTE = 4 / 3
/** Of a log that is too large, a part of the memory goes on holding the latest ids: enough for a line that was written twice. */
const IDS_SHARE = 8
const LEAST_IDS = 1_000
/** What of a log is kept in memory unless it is said otherwise, bytes. */
export const MEMORY_BYTES = 256 * 2 ** 20

/** Called while a slice is folded, in the order of the log. One that throws ends the call that folds. */
export interface FollowerHooks {
  /** After an event was folded into `state`. Not for one that was dropped; a damaged line may hold several. */
  folded?(event: TelemetryEvent, state: State, line: NumberedLine): void
  /** The log was deleted or replaced, and is read from its beginning. */
  restarted?(): void
  /** A line that is damaged, or whole but odd. The message is for a person and quotes its beginning. */
  noticed?(message: string, line: NumberedLine, damaged: boolean): void
  /** The log has become larger than what of it may be kept: behind that line the state is `tooLarge`. For a person, once. */
  outgrown?(message: string, line: NumberedLine): void
}

/**
 * A line of a log with its place in it.
 * @inline
 */
export interface NumberedLine extends LogLine {
  /** Counted from 1. */
  readonly number: number
}

/**
 * A log being folded. It keeps the state and every id it read, never the lines.
 * @inline
 */
export interface Follower {
  /** Of what is folded so far. */
  readonly state: State
  /** Byte offset up to which the log is folded. */
  readonly position: number
  /** Whether the event on the line at that offset was dropped because its id was read before. */
  dropped(offset: number, id: string): boolean
  /** Byte offset behind the line that event was folded from; undefined where it is not in what is folded. */
  behind(id: string): number | undefined
  /** Whether that is told of every event: of a log that is too large, only of the latest. */
  readonly remembersAll: boolean
  /** Of what is folded so far; begun anew when the log is another one. `events`: folded, each id once. */
  readonly counts: Readonly<{ lines: number; events: number; damaged: number; duplicates: number }>
  /** How often the log was replaced by another one. */
  readonly restarts: number
  /**
   * Lines from byte `from` on, about `maxBytes` of them, for whoever reads behind what is folded. None where the log
   * turns out to be another one, which is then folded from its beginning: a log tells that once.
   * @throws what `log.read` does
   */
  lines(from: number, maxBytes: number): readonly LogLine[]
  /** Folds the next slice, of about 16 KB. Returns whether the end of the log was reached. @throws what `log.read` does */
  step(): boolean
  /** Folds everything there is, however long that takes. @throws what `log.read` does */
  catchUp(): State
}

/**
 * Folds a log from its beginning, line by line: drops an id that was read before, and goes on behind a damaged line with
 * what can be recovered of it. Reads nothing until it is told to, and never writes.
 * @param hooks what to tell along the way. Default: nothing
 * @param memoryBytes how much of the log may be kept in memory, about; beyond that the state is `tooLarge`, and ids that
 *   were read long ago are forgotten. Default: any amount
 */
export function createFollower(
  log: EventLog,
  crc: Crc,
  hooks: FollowerHooks = {},
  memoryBytes = Infinity,
): Follower {
  /** The offset behind its line by the id of each event. */
  let known = new Map<string, number>()
  /** Those that will be forgotten next, where not all can be remembered. */
  let older = new Map<string, number>()
  let remembersAll = true
  const latestIds = Math.max(LEAST_IDS, memoryBytes / EVENT_BYTES / IDS_SHARE)
  let kept = 0
  let dropped = new Set<string>()
  let counts = { lines: 0, events: 0, damaged: 0, duplicates: 0 }
  let state = initialState
  let position = 0
  let restarts = 0

  /** The log was deleted or replaced: what was read is not what is there. */
  function startOver(): void {
    known = new Map()
    older = new Map()
    remembersAll = true
    kept = 0
    dropped = new Set()
    counts = { lines: 0, events: 0, damaged: 0, duplicates: 0 }
    state = initialState
    restarts++
    hooks.restarted?.()
  }

  function take(read: LogLine): void {
    const line = { ...read, number: ++counts.lines }
    const { events, notice, damaged } = eventsOn(line.text, crc)
    if (damaged) counts.damaged++
    for (const event of events) {
      if (known.has(event.id) || older.has(event.id)) {
        counts.duplicates++
        dropped.add(`${line.offset} ${event.id}`)
        kept += EVENT_BYTES
        continue
      }
      known.set(event.id, line.next)
      counts.events++
      state = evolve(state, event)
      weigh(event, line)
      hooks.folded?.(event, state, line)
    }
    if (state.tooLarge) forgetOldest()
    if (notice !== undefined) hooks.noticed?.(notice, line, damaged)
  }

  /** An import may hold what is known already, so what it added is looked at. */
  function weigh({ type }: TelemetryEvent, line: NumberedLine): void {
    if (state.tooLarge) return
    kept =
      type === 'import'
        ? known.size * EVENT_BYTES + weightOf(state)
        : kept +
          EVENT_BYTES +
          (isStepEventType(type) || type === 'patch' ? (line.next - line.offset) * KEPT_PER_BYTE : 0)
    if (kept <= memoryBytes) return
    state = withoutAttempts(state)
    const mb = Math.round(memoryBytes / 2 ** 20)
    const what = `from here on, this telemetry is too large to be kept in memory (more than ${mb} MB)`
    hooks.outgrown?.(
      `${what}: telemetry.json and the batches stand still; events are recorded and streamed all the same`,
      line,
    )
  }

  function forgetOldest(): void {
    if (dropped.size > latestIds) dropped.clear()
    if (known.size <= latestIds) return
    if (older.size > 0) remembersAll = false
    older = known
    known = new Map()
  }

  function step(): boolean {
    const slice = log.read(position, SLICE_BYTES)
    if (slice.from !== position) startOver()
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
    get counts() {
      return counts
    },
    get restarts() {
      return restarts
    },
    dropped: (offset, id) => dropped.has(`${offset} ${id}`),
    behind: (id) => known.get(id) ?? older.get(id),
    get remembersAll() {
      return remembersAll
    },
    lines(from, maxBytes) {
      const slice = log.read(from, maxBytes)
      // Behind what is folded, `from` may be of a longer log that lay here before we looked.
      if (slice.from === from || from > position) return slice.lines
      startOver()
      position = slice.from
      return []
    },
    step,
    catchUp() {
      while (!step());
      return state
    },
  }
}
