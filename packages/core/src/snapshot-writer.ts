// Keeps telemetry.json fresh without rewriting it at every event: a burst is written once, and the larger
// the file has become, the rarer it is written.

import type { Clock, SnapshotStore } from './ports'
import { snapshotJson } from './render'
import type { State } from './state'

/** Least time between two writes, ms; writing never takes more than a tenth of the time. */
const INTERVAL_MS = 200
const COST_FACTOR = 10

export interface SnapshotWriter {
  /** Writes what `latest` gives by then, within the interval. */
  soon(latest: () => State | undefined): void
  /** Writes `state` unless it was written already. */
  now(state: State): void
  cancel(): void
}

export interface SnapshotWriterOptions {
  readonly store: SnapshotStore
  readonly clock: Clock
  readonly written: (state: State) => void
  readonly failed: (error: unknown) => void
}

export function createSnapshotWriter({
  store,
  clock,
  written,
  failed,
}: SnapshotWriterOptions): SnapshotWriter {
  let cancel: (() => void) | undefined
  let last: State | undefined
  let endedAt = -Infinity
  let cost = 0

  function now(state: State): void {
    if (state === last) return
    const beganAt = clock.now()
    try {
      store.write(snapshotJson(state))
      last = state
      written(state)
    } catch (error) {
      failed(error)
    }
    endedAt = clock.now()
    cost = endedAt - beganAt
  }

  return {
    now,
    soon(latest) {
      const due = endedAt + Math.max(INTERVAL_MS, cost * COST_FACTOR)
      cancel ??= clock.after(Math.max(0, due - clock.now()), () => {
        cancel = undefined
        const state = latest()
        if (state !== undefined) now(state)
      })
    },
    cancel() {
      cancel?.()
      cancel = undefined
    },
  }
}
