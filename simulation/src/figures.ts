// What came of runs, in numbers that add up.

import { createHash } from 'node:crypto'
import type { Result } from './run'
import { count, type Counts } from './weather'

export interface Figures {
  seeds: number
  steps: number
  /** Ms of virtual time. */
  time: number
  acknowledged: number
  requests: number
  /** How often each kind of thing happened, and each kind of fault struck. */
  readonly happenings: Counts
  readonly faults: Counts
}

export const noFigures = (): Figures => ({
  seeds: 0,
  steps: 0,
  time: 0,
  acknowledged: 0,
  requests: 0,
  happenings: new Map(),
  faults: new Map(),
})

export function figuresOf({ world }: Result, steps: number): Figures {
  const { timeline, model, requests, counts, faults } = world
  return {
    seeds: 1,
    steps,
    time: timeline.now,
    acknowledged: model.acknowledged,
    requests,
    happenings: counts,
    faults,
  }
}

export function add(sum: Figures, { happenings, faults, ...numbers }: Figures): void {
  for (const name of Object.keys(numbers) as (keyof typeof numbers)[]) sum[name] += numbers[name]
  for (const [what, times] of happenings) count(sum.happenings, what, times)
  for (const [what, times] of faults) count(sum.faults, what, times)
}

/** The same for the same run, byte for byte: of its story, and of what all disks and receivers hold at its end. */
export function digestOf({ world, story, broken }: Result): string {
  const plain = (_: string, value: unknown): unknown =>
    value instanceof Map || value instanceof Set ? [...(value as Iterable<unknown>)] : value
  return createHash('sha256')
    .update(JSON.stringify([story, broken, ...(world.kept() as unknown[])], plain))
    .digest('hex')
}
