// One run from one seed: the same seed is the same run, and a run that breaks a promise is made as short as it can be.

import { random } from './random'
import { createMachineWorld } from './machine/world'
import { Broken, type Simulated } from './simulated'
import { temperOf } from './temper'
import { createWorld } from './world'

/** What happens at one step, and all chance in it. */
export interface Step {
  readonly kind: number
  readonly salt: number
}

/** Core on ports in memory; or the adapter as it is shipped, on whole machines. */
const WORLDS = { ports: createWorld, machines: createMachineWorld }
export type Kind = keyof typeof WORLDS

/** A world by its seed, and what happens in it. */
export interface Plan {
  readonly kind: Kind
  readonly seed: number
  readonly steps: readonly Step[]
}

export interface Result {
  readonly world: Simulated
  /** What happened, in words. */
  readonly story: readonly string[]
  /** The promise that was broken; undefined where all were kept. */
  readonly broken: string | undefined
}

export function planOf(seed: number, count: number, kind: Kind = 'ports'): Plan {
  const { below } = random(seed)
  const steps = Array.from({ length: count }, () => ({ kind: below(2 ** 30), salt: below(2 ** 30) }))
  return { kind, seed, steps }
}

/** @param change of the text of every program on machines, to see what comes of it. Default: none */
export async function play({ kind, seed, steps }: Plan, change?: (text: string) => string): Promise<Result> {
  const world = WORLDS[kind](temperOf(seed), change)
  const story: string[] = []
  let broken: string | undefined
  try {
    for (const { kind, salt } of steps) {
      const words = await world.step(kind, salt)
      if (words !== undefined) story.push(words)
      world.check()
    }
    await world.end()
  } catch (error) {
    broken = (error as Error).message
    if (!(error instanceof Broken)) broken = (error as Error).stack ?? broken
  }
  return { world, story, broken }
}

/** A broken promise without the names of what broke it. */
const kindOf = (broken: string | undefined): string | undefined =>
  broken?.split('\n')[0]?.replace(/[0-9a-f-]{36}|t[0-9a-f]{15}|\d+/g, '')

/** Whether a run breaks the same promise. */
const breaks =
  (promise: string) =>
  async (plan: Plan): Promise<boolean> =>
    kindOf((await play(plan)).broken) === kindOf(promise)

/**
 * The shortest run found that still breaks a promise: pieces are left out as long as that holds.
 * @param promise as `play` told it
 * @param isBroken whether a run does. Default: it is played
 */
export async function shrunk(plan: Plan, promise: string, isBroken = breaks(promise)): Promise<Plan> {
  let shortest = plan.steps
  for (let size = Math.ceil(shortest.length / 2); size >= 1; size = size > 1 ? Math.ceil(size / 2) : 0) {
    for (let at = 0; at < shortest.length;) {
      const without = [...shortest.slice(0, at), ...shortest.slice(at + size)]
      if (await isBroken({ ...plan, steps: without })) shortest = without
      else at += size
    }
  }
  return { ...plan, steps: shortest }
}
