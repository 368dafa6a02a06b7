// All chance of a run comes from one seed, so that the same seed is the same run everywhere.

import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

export interface Random {
  /** An integer in [0, n). */
  below(n: number): number
  /** @param probability in [0, 1] */
  chance(probability: number): boolean
  pick<T>(from: readonly T[]): T
}

const WHOLE = 2 ** 31 - 1

export function random(seed: number): Random {
  const generator = xoroshiro128plus(seed)
  const below = (n: number): number => uniformInt(generator, 0, n - 1)
  return {
    below,
    chance: (probability) => below(WHOLE) < probability * WHOLE,
    pick: (from) => from[below(from.length)] as (typeof from)[number],
  }
}
