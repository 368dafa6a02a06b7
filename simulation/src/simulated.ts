// What every simulated world is to whoever plays it.

import type { Timeline } from './timeline'
import type { Counts } from './weather'

/** A promise that was broken. */
export class Broken extends Error {}

export interface Simulated {
  readonly timeline: Timeline
  readonly model: { readonly acknowledged: number }
  /** How many requests arrived, the doubled ones among them. */
  readonly requests: number
  /** How often each kind of thing happened. */
  readonly counts: Counts
  /** How often each kind of fault struck. */
  readonly faults: Counts
  /** Something happens. Returns it in words; undefined where it could not happen now. */
  step(kind: number, salt: number): Promise<string | undefined>
  /** What must be true at every moment is. @throws Broken */
  check(): void
  /** Nothing goes wrong any more, and every student logs in on every machine until nothing waits. @throws Broken */
  end(): Promise<void>
  /** All that disks and receivers hold: the same for the same run. */
  kept(): unknown
}
