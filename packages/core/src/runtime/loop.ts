// Follows the log of the telemetry that is open: folds it behind whoever records, in slices, and at its end renders
// and delivers, where this process leads.

import type { Follower } from '../log/follower'
import { createLeader } from './leader'
import type { OpenTelemetry } from './open-telemetry'
import { toTheEnd, type GoOn } from './patience'
import type { Clock, Storage } from '../ports'
import type { Reports } from './reports'
import { createSnapshotWriter } from './snapshot-writer'
import { initialState, type State } from '../fold/state'
import type { ImportFile } from './import-file'

/** How long one turn of folding goes on, ms: with the last slice and a garbage collection it stays under 10. */
const SLICE_MS = 1
/** More processes than will ever end at once. */
const MOST_LOOKS = 100

export interface LoopOptions {
  readonly storage: Storage
  readonly clock: Clock
  readonly reports: Reports
  readonly importFile: ImportFile
  /** Called at the end of the log, before anything is sent of it. Returns whether it appended something. */
  readonly atEnd: (open: OpenTelemetry) => boolean
}

export interface Loop {
  /** From here on that log is followed, and no other. */
  switchTelemetry(open: OpenTelemetry | undefined): void
  /** Something may have been appended: it is read when the event loop has time. */
  schedule(): void
  /** Reads to the end at once. Returns whether it was reached. */
  catchUp(goOn?: GoOn): boolean
  /** The state, caught up with the log. What was read is delivered when the log is followed. */
  state(): State
  /** Resolves once telemetry.json is what the log says. */
  written(): Promise<void>
  /** Renders what there is and lets go of the lease, for a process that may end. */
  save(goOn: GoOn): void
  /** Reads nothing more by itself. */
  stop(): void
  /** Renders once more, delivers and leads no more. */
  end(goOn: GoOn): void
}

export function createLoop({ storage, clock, reports, importFile, atEnd }: LoopOptions): Loop {
  const { guarded } = reports
  let current: OpenTelemetry | undefined
  let cancelScheduled: (() => void) | undefined
  let unwatch: (() => void) | undefined
  let stopped = false
  let ended = false

  const writer = createSnapshotWriter({
    storage,
    clock,
    intact: () => fileKind() === 'ours',
    latest: () => (mayWrite() ? current?.follower.state : undefined),
    written: (state) => reports.emit('snapshot', state),
    failed: (error) => reports.fault('telemetry.json', error),
  })

  const leading = createLeader(storage, () => writer.forget())
  const leads = (): boolean => !ended && guarded('lease', leading) === true
  const fileKind = () => guarded('telemetry.json', () => storage.snapshot.read().kind)

  /** Never over a file that could not be read, kept or taken in (SPEC §7). */
  function mayWrite(): boolean {
    if (!current?.caughtUp || current.follower.counts.events === 0 || !leads()) return false
    const kind = fileKind()
    return kind === 'none' || kind === 'ours'
  }

  function schedule(): void {
    if (stopped) return
    cancelScheduled ??= clock.after(0, () => {
      cancelScheduled = undefined
      follow()
    })
  }

  function follow(): void {
    const open = current
    if (open === undefined) return
    const until = clock.elapsed() + SLICE_MS
    const end = guarded('log', () => {
      let end = open.follower.step()
      while (!end && clock.elapsed() < until) end = open.follower.step()
      return end
    })
    if (end === false) schedule()
    if (end === true) reachedEnd(open)
  }

  function catchUp(goOn = toTheEnd): boolean {
    const open = current
    if (open === undefined) return false
    const read = (): boolean => guarded('log', () => foldOn(open.follower, goOn)) === true
    if (!read()) return false
    // What was appended at the end is read as well, to the end it has then.
    if (!reachedEnd(open)) return true
    if (!read()) return false
    reachedEnd(open)
    return true
  }

  /** Returns whether something was appended, so that the end is no longer where it was. */
  function reachedEnd(open: OpenTelemetry): boolean {
    if (atEnd(open)) return true
    open.reachedEnd()
    if (!leads()) return false
    const appended = !stopped && open.follower.counts.events > 0 && importFile({ patiently: true })
    writer.schedule()
    return appended
  }

  /**
   * Of several processes that end at once, one renders what all of them appended: who does not hold the lease asks
   * who does, and who lets go looks whether it was asked. Processes that go on recording ask nothing: nobody waits
   * for them.
   */
  function save(goOn: GoOn): void {
    if (current === undefined || ended) return
    if (!leads()) guarded('lease', () => storage.lease.ask())
    for (let looks = 0; looks < MOST_LOOKS && leads(); looks++) {
      catchUp(goOn)
      writer.sync(goOn)
      current.deliveries.forEach((delivery) => guarded('cursor', () => delivery.store()))
      guarded('lease', () => storage.lease.release())
      if (!guarded('lease', () => storage.lease.asked())) return
    }
  }

  return {
    switchTelemetry(open) {
      unwatch?.()
      current?.deliveries.forEach((delivery) => delivery.stop())
      current = open
      unwatch = open?.log.watch(follow)
    },
    schedule,
    catchUp,
    state() {
      guarded('log', () => current?.follower.catchUp())
      return current?.follower.state ?? initialState
    },
    written: () => writer.now(),
    save,
    stop() {
      stopped = true
      cancelScheduled?.()
      unwatch?.()
    },
    end(goOn) {
      writer.stop()
      current?.deliveries.forEach((delivery) => delivery.stop())
      save(goOn)
      ended = true
    },
  }
}

/** Folds on. Returns whether the end of the log was reached. */
function foldOn(follower: Follower, goOn: GoOn): boolean {
  for (;;) {
    const from = follower.position
    if (follower.step()) return true
    if (!goOn(follower.position - from)) return false
  }
}
