// The adapter as it is shipped, on simulated machines. What was found there is kept as a story, beside the test of what was mended.

import { describe, expect, it } from 'vitest'
import { digestOf } from '../src/figures'
import { LEARN } from '../src/machine/computer'
import type { Manager } from '../src/machine/happenings'
import { textAt } from '../src/machine/place'
import { HOME } from '../src/machine/process'
import { createMachineWorld } from '../src/machine/world'
import { planOf, play } from '../src/run'
import type { Temper } from '../src/temper'

const SEEDS = 30
const STEPS = 100
const calm: Temper = { disk: 0, network: 0, processes: 0, clocks: 0, folders: 0, hosts: 2, slowness: 0 }

const played = (seed: number) => play(planOf(seed, STEPS, 'machines'))

describe('simulated machines', () => {
  it(`keep every promise in ${SEEDS} runs of ${STEPS} steps`, async () => {
    let acknowledged = 0
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { world, broken } = await played(seed)
      expect(broken, `seed ${seed}`).toBeUndefined()
      acknowledged += world.model.acknowledged
    }
    expect(acknowledged).toBeGreaterThan(SEEDS)
  })

  it('are the same at every run of a seed', async () => {
    const [one, two] = [await played(7), await played(7)]
    expect(digestOf(one)).toBe(digestOf(two))
    expect(one.story).not.toEqual((await played(8)).story)
  })
})

describe('a power cut', () => {
  /** One machine, after these have happened. */
  async function after(...names: string[]) {
    const world = createMachineWorld(calm)
    for (const name of names) expect(await world.happen(name, 1), name).toBeDefined()
    return world.computers[0]!
  }
  const choice = `${HOME}/.config/learnpack-telemetry/consent.json`
  const machine = `${HOME}/.config/learnpack-telemetry/machine`

  it('right behind disable, leaves it off', async () => {
    const computer = await after('start', 'switch')
    expect(computer.isOff).toBe(true)
    const before = textAt(computer.disk, choice)
    computer.disk.cutPower(() => 0)
    expect(textAt(computer.disk, choice)).toBe(before)
  })

  it('leaves no index that tells of a login which it has taken', async () => {
    const computer = await after('start', 'a button', 'time passes')
    computer.logIn(1)
    const host = computer.start('index.cjs')
    host.run(() => {
      const { createTelemetryManager } = host.exports as { createTelemetryManager: () => Manager }
      const manager = createTelemetryManager()
      void manager.start('vscode', [{ slug: 'step-0', position: 0, files: [] }], LEARN, 'a-course')
    })
    expect(computer.place.student).toBe(1)
    computer.disk.cutPower(() => 0)
    computer.place.replaced()
    const lines = [...computer.place.logs().values()].flat()
    expect(lines.filter((line) => line.includes('"type":"student_identified"'))).toHaveLength(1)
  })

  it('leaves the machine its name, and a course that was started here one that was', async () => {
    const computer = await after('start')
    const before = textAt(computer.disk, machine)
    computer.disk.cutPower(() => 0)
    expect(textAt(computer.disk, machine)).toBe(before)
    expect(computer.wasStarted()).toBe(true)
  })
})
