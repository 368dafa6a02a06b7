// Follows the log and folds it in slices. At its end it asks the write side whether it has something to append; if not, and
// if this process leads, it renders and delivers.

import type { Clock, Storage } from '../ports'
import type { EndOfLog, WriteSide } from '../record/write-side'
import type { Leader } from './leader'
import { within } from './keep-alive'
import { goOnWithin, toTheEnd, type GoOn } from './patience'
import type { OpenTelemetry, Reader } from './reader'
import type { Reports } from './reports'
import { createSnapshotWriter } from './snapshot-writer'

/** How long one turn of folding goes on, ms: with the last slice and a garbage collection it stays under 10. */
const SLICE_MS = 1
/** Appended at the end of a log in one turn: a lost session start, and the file of somebody else. */
const MOST_APPENDED = 2
/** More processes than will ever end at once. */
const MOST_LOOKS = 100

export interface LoopOptions {
  readonly storage: Storage
  readonly clock: Clock
  readonly reports: Reports
  readonly mayRecord: () => boolean
  readonly leader: Leader
  readonly reader: Reader
  readonly write: WriteSide
}

export interface Loop {
  /** Something may have been appended: it is read when the event loop has time. */
  schedule(): void
  /** One turn: folds to the end of the log, at once. Returns whether it was reached. */
  turn(goOn?: GoOn): boolean
  /** Makes the state the batch that waits, once the log is folded to its end. */
  submit(goOn: GoOn): void
  /** Resolves once telemetry.json is what the log says. */
  written(): Promise<void>
  /** Renders what there is and lets go of the lease, for a process that may end. */
  save(goOn: GoOn): void
  /** Follows to the end, renders, waits for requests under way and leads no more. @param budgetMs how long it takes, ms */
  close(budgetMs: number): Promise<void>
}

export function createLoop({ storage, clock, reports, mayRecord, leader, reader, write }: LoopOptions): Loop {
  const { guarded } = reports
  let cancelScheduled: (() => void) | undefined
  let watched: OpenTelemetry | undefined
  let unwatch: (() => void) | undefined
  /** A batch was asked for before the end of the log was reached. */
  let submitAtEnd = false

  const fileKind = () => guarded('telemetry.json', () => storage.snapshot.read().kind)

  const writer = createSnapshotWriter({
    storage,
    clock,
    intact: () => fileKind() === 'ours',
    latest() {
      const { open, caughtUp } = reader
      if (open === undefined || !caughtUp || open.follower.counts.events === 0) return undefined
      const term = leader.look()
      if (term === undefined) return undefined
      // Never over a file that could not be read, kept or taken in (SPEC §7).
      const kind = fileKind()
      return kind === 'none' || kind === 'ours' ? { state: open.follower.state, term } : undefined
    },
    written: (state) => reports.emit('snapshot', state),
    failed: (error) => reports.fault('telemetry.json', error),
  })

  function schedule(): void {
    if (write.recorder.isClosed) return
    watch()
    cancelScheduled ??= clock.after(0, follow)
  }

  function follow(): void {
    cancelScheduled?.()
    cancelScheduled = undefined
    const until = clock.elapsed() + SLICE_MS
    turn(() => clock.elapsed() < until)
  }

  function watch(): void {
    if (watched === reader.open) return
    unwatch?.()
    watched = reader.open
    unwatch = watched?.log.watch(follow)
  }

  function turn(goOn = toTheEnd): boolean {
    const { open } = reader
    if (open === undefined || !mayRecord()) return false
    const read = (): boolean => {
      const reached = guarded('log', () => foldOn(open, goOn))
      if (reached === false) schedule()
      return reached === true
    }
    if (!read()) return false
    reader.reachedEnd(open)
    const term = leader.look()
    // What is appended there is read as well, to the end it has then.
    for (let more = MOST_APPENDED; more > 0 && write.appendAtEnd(endOf(open, term)); more--)
      if (!read()) return false
    // A listener may have logged in somebody else meanwhile, in whose telemetry the next turn goes on.
    if (open !== reader.open) {
      schedule()
      return false
    }
    if (submitAtEnd) open.submit(clock.now())
    submitAtEnd = false
    if (open.follower.counts.events > 0) guarded('refusals', () => reports.refusals.store(open.refusals))
    open.deliveries.wake(reader.turn(term))
    if (term !== undefined) writer.schedule()
    return true
  }

  /**
   * When several processes end at once, one renders what all of them appended: a process without the lease asks its
   * holder to, and the holder, once it has let go, looks whether it was asked. Processes that go on recording do not ask:
   * nobody waits for them.
   */
  function save(goOn: GoOn): void {
    const { open } = reader
    if (open === undefined || leader.hasResigned || !mayRecord()) return
    if (leader.look() === undefined) guarded('lease', () => storage.lease.ask())
    for (let looks = 0; looks < MOST_LOOKS && leader.look() !== undefined; looks++) {
      turn(goOn)
      writer.sync(goOn)
      open.deliveries.store()
      guarded('lease', () => storage.lease.release())
      if (!guarded('lease', () => storage.lease.asked())) break
    }
    write.keepIndex()
  }

  return {
    schedule,
    turn,
    submit(goOn) {
      submitAtEnd = true
      turn(goOn)
    },
    written: () => writer.now(),
    save,
    async close(budgetMs) {
      const deadline = clock.elapsed() + budgetMs
      const goOn = goOnWithin(clock, budgetMs)
      const inTime = (work: Promise<unknown>) => within(clock, Math.max(0, deadline - clock.elapsed()), work)
      write.giveUp()
      turn(goOn)
      if (write.importFile()) turn(goOn)
      write.recorder.close()
      cancelScheduled?.()
      unwatch?.()
      await inTime(Promise.all([writer.now(), reader.open?.deliveries.settled()]))
      writer.stop()
      reader.open?.deliveries.stop()
      save(goOn)
      leader.resign()
      await inTime(Promise.allSettled(reader.transports.map(async (transport) => transport.close?.())))
    },
  }
}

const endOf = ({ id, follower }: OpenTelemetry, term: number | undefined): EndOfLog => ({
  id,
  state: follower.state,
  position: follower.position,
  events: follower.counts.events,
  leads: term !== undefined,
})

/** Folds on. Returns whether the end of the log was reached. */
function foldOn({ follower }: OpenTelemetry, goOn: GoOn): boolean {
  for (;;) {
    const from = follower.position
    if (follower.step()) return true
    if (!goOn(follower.position - from)) return false
  }
}
