// Time of a replay: how it passes, and which events have happened by then.

/** What is chosen from: times the learner's own pace. */
export const SPEEDS = [1, 10, 60, 300, 1_000, 3_000, 10_000] as const
export type Speed = (typeof SPEEDS)[number]

/** Nobody watches a learner think: at any speed, the next event is at most this far away, ms of the viewer. */
const LONGEST_WAIT_MS = 1_000

/** The moment `elapsed` ms of the viewer's later, epoch ms. `next` is when the next event happens. */
export function advance(now: number, elapsed: number, speed: number, next: number): number {
  return Math.max(now + elapsed * speed, next - LONGEST_WAIT_MS * speed)
}

/** How many events have happened by `time`. `when` is sorted. */
export function countAt(when: readonly number[], time: number): number {
  let low = 0
  let high = when.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((when[middle] as number) <= time) low = middle + 1
    else high = middle
  }
  return low
}
