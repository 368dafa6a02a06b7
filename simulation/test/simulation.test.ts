// Orders of things that nobody thought of: each seed is another one. What is found is printed with its seed, and
// `npm run simulate -- --seed <n> --seeds 1` tells the shortest story of it.

import { describe, expect, it } from 'vitest'
import { play, shrunk, stepsOf } from '../src/run'
import { createWorld } from '../src/world'

const SEEDS = 150
const STEPS = 200
/** One in which a student who is logged in does something. */
const SPOILED = 4

describe('the simulated world', () => {
  it(`keeps every promise in ${SEEDS} runs of ${STEPS} steps`, async () => {
    let acknowledged = 0
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { world, broken } = await play(stepsOf(seed, STEPS))
      expect(broken, `seed ${seed}`).toBeUndefined()
      acknowledged += world.model.acknowledged
    }
    expect(acknowledged).toBeGreaterThan(SEEDS)
  })

  it('is the same at every run of a seed', async () => {
    const [one, two] = [await play(stepsOf(7, STEPS)), await play(stepsOf(7, STEPS))]
    expect(one.story).toEqual(two.story)
    const contents = ({ world }: typeof one) => world.disks.map((disk) => disk.contents)
    expect(contents(one)).toEqual(contents(two))
    expect(one.story).not.toEqual((await play(stepsOf(8, STEPS))).story)
  })

  it('sees an event that is gone, and one that nobody has counted', async () => {
    const end = async (spoil: (world: ReturnType<typeof createWorld>) => void) => {
      const world = createWorld()
      for (const { kind, salt } of stepsOf(SPOILED, STEPS)) await world.step(kind, salt)
      expect(world.model.acknowledged).toBeGreaterThan(0)
      spoil(world)
      return world.end().then(
        () => 'kept',
        (error: Error) => error.message,
      )
    }
    expect(await end(() => {})).toBe('kept')
    expect(
      await end(({ disks }) => {
        for (const { contents } of disks)
          for (const kept of contents.telemetries.values()) kept.log = undefined
      }),
    ).toMatch(/is in no log/)
    expect(
      await end(({ receivers }) => {
        for (const { ids } of receivers) {
          ids.clear()
          ids.add = () => ids
        }
      }),
    ).toMatch(/has not counted it/)
  })
})

describe('a run that broke a promise', () => {
  it('is made shorter, and breaks the same way', async () => {
    const steps = stepsOf(3, 40)
    const short = await shrunk(steps, async (some) => some.some(({ salt }) => salt === steps[17]?.salt))
    expect(short).toEqual([steps[17]])
  })
})
