// How wild a world is, from its seed: in some nothing but learners stirs, in others everything fails at once.

import { random } from './random'

export interface Temper {
  /** How often, by what is usual, disks fail. */
  readonly disk: number
  readonly network: number
  /** Processes that crash, pause or end. */
  readonly processes: number
  readonly clocks: number
  /** Folders that are copied, restored, removed, damaged. */
  readonly folders: number
  /** Processes on a folder at a time. */
  readonly hosts: number
  /** Ms that each look at its clock takes a process. */
  readonly slowness: number
}

const HOW_OFTEN = [0, 0.3, 1, 1, 3]

export function temperOf(seed: number): Temper {
  const { pick } = random(seed ^ 0x5eed)
  return {
    disk: pick(HOW_OFTEN),
    network: pick(HOW_OFTEN),
    processes: pick(HOW_OFTEN),
    clocks: pick(HOW_OFTEN),
    folders: pick(HOW_OFTEN),
    hosts: pick([1, 1, 2, 3]),
    slowness: pick([0, 0, 0.1, 2]),
  }
}
