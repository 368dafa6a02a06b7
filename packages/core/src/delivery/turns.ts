// Long work that leaves the event loop to others.

import type { Clock } from '../ports'

/** Work holds the event loop no longer than this, ms. */
const SLICE_MS = 5

/**
 * Returns what is to be awaited between two pieces of work: nothing where the event loop has had a turn of late, else its
 * next one. That keeps no process alive.
 */
export function createTurns(clock: Clock): () => Promise<void> | undefined {
  let until = -Infinity
  let turn: Promise<void> | undefined
  return () => {
    if (clock.elapsed() < until) return undefined
    const last = turn
    until = clock.elapsed() + SLICE_MS
    turn = new Promise<void>((resolve) => clock.after(0, resolve)).then(() => void (turn = undefined))
    return last
  }
}
