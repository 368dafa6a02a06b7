// One run from one seed: the same seed is the same run, and a run that breaks a promise is made as short as it can be.

import { random } from './random'
import { createWorld, type World } from './world'

/** What happens at one step, and all chance in it. */
export interface Step {
  readonly kind: number
  readonly salt: number
}

export interface Result {
  readonly world: World
  /** What happened, in words. */
  readonly story: readonly string[]
  /** The promise that was broken; undefined where all were kept. */
  readonly broken: string | undefined
}

export function stepsOf(seed: number, count: number): Step[] {
  const { below } = random(seed)
  return Array.from({ length: count }, () => ({ kind: below(2 ** 30), salt: below(2 ** 30) }))
}

export async function play(steps: readonly Step[]): Promise<Result> {
  const world = createWorld()
  const story: string[] = []
  let broken: string | undefined
  try {
    for (const { kind, salt } of steps) {
      const words = await world.step(kind, salt)
      if (words !== undefined) story.push(words)
    }
    await world.end()
  } catch (error) {
    broken = (error as Error).stack
  }
  return { world, story, broken }
}

const breaks = async (steps: readonly Step[]): Promise<boolean> => (await play(steps)).broken !== undefined

/**
 * The shortest run found that still breaks a promise: pieces are left out as long as that holds.
 * @param isBroken whether a run does. Default: it is played
 */
export async function shrunk(steps: readonly Step[], isBroken = breaks): Promise<readonly Step[]> {
  let shortest = steps
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = size > 1 ? Math.ceil(size / 2) : 0) {
    for (let at = 0; at < shortest.length;) {
      const without = [...shortest.slice(0, at), ...shortest.slice(at + size)]
      if (await isBroken(without)) shortest = without
      else at += size
    }
  }
  return shortest
}
