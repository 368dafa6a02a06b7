// Keeps telemetry.json fresh without rewriting it at every event: a burst is written once, and the larger
// the file has become, the rarer it is written.

import type { Clock, Replacement, Storage } from '../ports'
import { bounded, LONGEST_STRING } from '../fold/longest-string'
import { toTheEnd, type GoOn } from './patience'
import { snapshotJson } from '../fold/render'
import type { State } from '../fold/state'
import { createTurns } from '../delivery/turns'

/** Least time between two writes, ms; writing never takes more than a tenth of the time. */
const INTERVAL_MS = 500
const COST_FACTOR = 10
/** After a failure, ms: a full disk is not helped by haste. */
const RETRY_MS = 5_000
/** Rendered between two turns of the event loop, characters: well under 10 ms of work. */
const CHUNK = 64 * 1024
export interface SnapshotWriter {
  /** Writes what `latest` gives by then, as soon as the interval allows. */
  schedule(): void
  /** Resolves once what `latest` gives now is written, or has failed to be. */
  now(): Promise<void>
  /** Writes at once, for a process that is about to exit; gives it up, and says nothing, where `goOn` says so. */
  sync(goOn?: GoOn): void
  /** Writes nothing more by itself. */
  stop(): void
}

/** In another term than the one in which it was written, what is there may be another process's. */
interface Latest {
  readonly state: State
  readonly term: number
}

export interface SnapshotWriterOptions {
  readonly storage: Pick<Storage, 'snapshot'>
  readonly clock: Clock
  /** Whether what was written last is still there. */
  readonly intact: () => boolean
  /** What to write, in which term; undefined while nothing may be written. */
  readonly latest: () => Latest | undefined
  readonly written: (state: State) => void
  readonly failed: (error: unknown) => void
  readonly longest?: number
}

export function createSnapshotWriter(options: SnapshotWriterOptions): SnapshotWriter {
  const { storage, clock, intact, latest, written, failed, longest = LONGEST_STRING } = options
  let cancel: (() => void) | undefined
  let last: Latest | undefined
  let writing: Promise<void> | undefined
  /** The file that is being written. */
  let under: Replacement | undefined
  let dueAt = -Infinity
  /** It has become too large, and it only grows. */
  let standsStill = false
  let stopped = false
  /** Writes at once so far: one of them makes a write under way pointless. */
  let writes = 0

  function pending(): Latest | undefined {
    const given = standsStill ? undefined : latest()
    if (given === undefined) return undefined
    if (given.state.tooLarge) return (last = undefined)
    const isWritten = given.state === last?.state && given.term === last.term && intact()
    return isWritten ? undefined : given
  }

  async function write(given: Latest): Promise<void> {
    const overtaken = writes
    const beganAt = clock.elapsed()
    const nextTurn = createTurns(clock)
    const isOvertaken = (): boolean => stopped || overtaken !== writes
    let file: Replacement | undefined
    try {
      file = under = storage.snapshot.replace()
      let chunk = ''
      for (const piece of bounded(snapshotJson(given.state), longest)) {
        chunk += piece
        if (chunk.length < CHUNK) continue
        await file.write(chunk)
        chunk = ''
        // A process that has nothing else to do ends here: nothing of it is held by a turn.
        await nextTurn()
        if (isOvertaken()) return await file.discard()
      }
      await file.write(chunk)
      if (isOvertaken()) return await file.discard()
      await file.commit()
      const endedAt = clock.elapsed()
      dueAt = endedAt + Math.max(INTERVAL_MS, (endedAt - beganAt) * COST_FACTOR)
      done(given)
    } catch (error) {
      await file?.discard().catch(failed)
      if (isOvertaken()) return
      dueAt = clock.elapsed() + RETRY_MS
      fail(error)
    } finally {
      under = undefined
    }
  }

  function done(given: Latest): void {
    last = given
    written(given.state)
  }

  function fail(error: unknown): void {
    standsStill ||= error instanceof RangeError
    failed(error)
  }

  async function now(): Promise<void> {
    while (writing !== undefined) await writing
    const given = pending()
    if (given === undefined) return
    cancelTimer()
    writing = write(given).finally(() => {
      writing = undefined
      // What came while this was written is written in its turn.
      schedule()
    })
    await writing
  }

  function schedule(): void {
    if (stopped || writing !== undefined || cancel !== undefined || pending() === undefined) return
    cancel = clock.after(Math.max(0, dueAt - clock.elapsed()), () => {
      cancel = undefined
      void now()
    })
  }

  function cancelTimer(): void {
    cancel?.()
    cancel = undefined
  }

  return {
    now,
    schedule,
    sync(goOn = toTheEnd) {
      const given = pending()
      if (given === undefined) return
      writes++
      void under?.discard()
      try {
        storage.snapshot.replaceSync(whileAllowed(bounded(snapshotJson(given.state), longest), goOn))
        done(given)
      } catch (error) {
        if (error !== GIVEN_UP) fail(error)
      }
    },
    stop() {
      stopped = true
      cancelTimer()
    },
  }
}

const GIVEN_UP = Symbol('given up')

/** @throws GIVEN_UP once there is no time for the next piece */
function* whileAllowed(pieces: Iterable<string>, goOn: GoOn): Generator<string> {
  for (const piece of pieces) {
    if (!goOn(piece.length)) throw GIVEN_UP
    yield piece
  }
}
