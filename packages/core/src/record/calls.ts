// The order of calls: which wait for a session start, and which are refused because a login or logout could not be appended.

import type { Recorded } from './recorded'
import type { ReadSide } from './read-side'
import type { Call, Recorder } from './recorder'
import { AFTER_CLOSE } from './refusals'
import type { Reports } from './reports'

/** Calls that wait for a start, which may never come. */
const MOST_EARLY = 10_000

export type Run = (call: Call) => Recorded

export interface Calls {
  /** Runs a call now, or behind the next session start; either way it has the id and time of the call. */
  whenStarted(run: Run): Recorded
  /** The same, but needs no start where the folder is open and no other call waits: a logout stops sending at once. */
  whenFirst(run: Run): Recorded
  /** As `whenStarted`, once the latest login or logout is appended: it decides whose the call is. */
  whenSettled(run: Run): Recorded
  /** A login or logout. Where it cannot be appended it is tried again before anything else is recorded. */
  settle(change: () => Recorded): Recorded
  /** A session has started: what waited for it is run. */
  started(): void
  /** No start will come that calls could wait for. */
  waitNoMore(): void
  /** Refuses what still waits. */
  giveUp(): void
}

export interface CallsOptions {
  readonly recorder: Recorder
  readonly reading: Pick<ReadSide, 'hold'>
  readonly reports: Pick<Reports, 'answered' | 'refuse'>
  readonly hasSession: () => boolean
  /** Whether the folder is open. */
  readonly isOpen: () => boolean
}

export function createCalls({ recorder, reading, reports, hasSession, isOpen }: CallsOptions): Calls {
  const { refuse } = reports
  let early: (() => Recorded)[] = []
  let waits = true
  let unsettled: (() => Recorded) | undefined

  function whenStarted(run: Run): Recorded {
    if (recorder.isClosed) return refuse(AFTER_CLOSE)
    const call = recorder.called()
    if (hasSession() || !waits) return run(call)
    if (early.length >= MOST_EARLY) return refuse(`more than ${MOST_EARLY} calls before a start`)
    early.push(() => run(call))
    return { ok: true, id: call.id }
  }

  function settle(change: () => Recorded): Recorded {
    unsettled = change
    reading.hold(true)
    const recorded = change()
    if (recorded.ok) unsettled = undefined
    reading.hold(unsettled !== undefined)
    return recorded
  }

  return {
    whenStarted,
    whenFirst(run) {
      const isFirst = isOpen() && early.length === 0
      return isFirst && !recorder.isClosed ? run(recorder.called()) : whenStarted(run)
    },
    // What is done while recording is off must not wait for it to be on again.
    whenSettled: (run) =>
      recorder.refusal() ??
      whenStarted((call) => {
        const before = unsettled && settle(unsettled)
        return before?.ok === false ? before : run(call)
      }),
    settle,
    started() {
      const calls = early
      early = []
      for (const run of calls) reports.answered(run)
    },
    waitNoMore() {
      waits = false
    },
    giveUp() {
      for (const _ of early) refuse('recorded before a start that never came')
      early = []
    },
  }
}
