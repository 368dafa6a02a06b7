// How much work a process still does when it ends: small work always, large work for a limited time (SPEC §6), which all
// calls of one exit share.

import type { Clock } from '../ports'
import { EXIT_BUDGET_MS } from './api'

/** So much is done whatever the time, bytes: tens of ms. */
const ALWAYS_BYTES = 1024 * 1024
/** Of what the host waits, for folding and rendering: the rest is for requests under way and files to be closed. */
const WORK_SHARE = 2 / 3
/** Calls that come within that of the last one's end are of the same exit, ms. */
const SAME_EXIT_MS = 2_000

/** Whether to go on, asked before every piece of work. @param bytes what the piece before took in or gave out */
export type GoOn = (bytes: number) => boolean

/** To the end, however long that takes. */
export const toTheEnd: GoOn = () => true

/** @param budgetMs what the host waits from now on */
export const goOnWithin = (clock: Clock, budgetMs: number): GoOn =>
  goOnUntil(clock, clock.elapsed() + budgetMs * WORK_SHARE)

/** @param until by `clock.elapsed` */
function goOnUntil(clock: Clock, until: number): GoOn {
  let done = 0
  return (bytes) => (done += bytes) <= ALWAYS_BYTES || clock.elapsed() < until
}

/** What each of a series of calls may do at once; calls of the same exit share one time limit. */
export function createPatience(clock: Clock): () => GoOn {
  let until = -Infinity
  return () => {
    const now = clock.elapsed()
    if (now > until + SAME_EXIT_MS) until = now + EXIT_BUDGET_MS * WORK_SHARE
    return goOnUntil(clock, until)
  }
}
