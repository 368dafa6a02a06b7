// A clock that is set, by a year either way, or that gives no time: nothing waits longer for it, and nothing is lost
// (SPEC §3).

import { describe, expect, it } from 'vitest'
import { createTelemetry, readWaiting, steadyNow, type Outcome, type Transport } from '../src/index'
import { manualClock, memoryStorage } from '../src/memory'
import { countingIds, course, crc, TELEMETRY_ID, world, type World } from './support'

const YEAR = 365 * 24 * 3_600_000
const HOUR = 3_600_000
const NOW = 1_700_000_000_000

const busy: Outcome = { kind: 'retry', reason: 'answered 503' }

function transportOf(...answers: Outcome[]) {
  const sent: string[] = []
  const transport: Transport = {
    name: 'events',
    wants: 'events',
    async deliver({ id }) {
      sent.push(id)
      return answers.shift() ?? { kind: 'delivered' }
    },
  }
  return { transport, sent }
}

const turns = async () => {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve()
}

/** Moves on in steps, so that what was put off in between runs as well. */
async function pass({ clock }: Pick<World, 'clock'>, ms: number) {
  for (let left = ms; left > 0; left -= 100) {
    clock.advance(Math.min(left, 100))
    await turns()
  }
}

describe.each([-YEAR, -10 * HOUR, 10 * HOUR, YEAR])('a clock that jumps by %i ms', (jump) => {
  it('leaves telemetry.json as fresh as ever', async () => {
    const w = world({ now: NOW })
    w.telemetry.start(course)
    await w.telemetry.idle()
    w.clock.jump(NOW + jump)
    w.telemetry.record(0, 'compile', { stdout: 'later' })
    await pass(w, 1_000)
    expect(JSON.parse(w.storage.telemetryJson!).steps[0].compilations).toHaveLength(1)
  })

  it('prolongs no retry: attempts go on after their wait, in this process and after a restart', async () => {
    const { transport, sent } = transportOf(busy, { ...busy, after: 1_000 })
    const w = world({ now: NOW + jump, transports: [transport] })
    w.telemetry.start(course)
    w.telemetry.identify(42)
    w.telemetry.record(0, 'open_step')
    await w.telemetry.idle()
    expect(sent).toHaveLength(1)
    // The clock is put right while it waits.
    w.clock.jump(NOW)
    await pass(w, 400)
    expect(sent).toHaveLength(1)
    await pass(w, 100)
    expect(sent).toHaveLength(2)

    // And again while nobody runs.
    const stored = w.storage.open(TELEMETRY_ID).cursors.read('events')!
    expect(stored).toMatchObject({ attempts: 2, retryAsked: 1_000 })
    w.telemetry.save()
    const after = world({ storage: w.storage, now: stored.retryAt! - jump, transports: [transport] })
    const seen = readWaiting(w.storage.open(TELEMETRY_ID), crc).heldBack(transport, after.clock.now())
    if (seen?.kind === 'backs off') expect(seen.until - after.clock.now()).toBeLessThanOrEqual(1_000)
    after.telemetry.open()
    await after.telemetry.idle()
    await pass(after, 1_000)
    expect(sent).toHaveLength(3)
  })

  it('does not put off that a foreign telemetry.json is looked at again', async () => {
    const storage = memoryStorage()
    const w = world({ storage, now: NOW })
    w.telemetry.start(course)
    await w.telemetry.idle()
    storage.telemetryJson = '{"torn'
    w.telemetry.record(0, 'open_step')
    await w.telemetry.idle()
    w.clock.jump(NOW + jump)
    for (const position of [1, 0, 1]) {
      w.telemetry.record(position, 'open_step')
      await pass(w, 6_000)
    }
    expect(storage.asides).toEqual(['{"torn'])
    expect(JSON.parse(storage.telemetryJson).telemetry_id).toBe(TELEMETRY_ID)
  })

  it('takes no time from a close, and gives it none', async () => {
    let close: (() => void) | undefined
    const { transport } = transportOf()
    const never = () => new Promise<never>(() => {})
    const hanging = { ...transport, deliver: never, close: never }
    const w = world({ now: NOW, transports: [hanging] })
    w.telemetry.start(course)
    w.telemetry.identify(42)
    w.telemetry.record(0, 'open_step')
    await turns()
    void w.telemetry.close(300).then(() => (close = () => {}))
    w.clock.jump(NOW + jump)
    await pass(w, 299)
    expect(close).toBeUndefined()
    await pass(w, 1)
    await pass(w, 1)
    expect(close).toBeDefined()
  })
})

describe('a time that the host gives', () => {
  const odd: [string, () => unknown][] = [
    ['NaN', () => NaN],
    ['Infinity', () => Infinity],
    ['a text', () => '1700000000000'],
    ['a BigInt', () => 1_700_000_000_000n],
    ['undefined', () => undefined],
    ['a Date', () => new Date(NOW)],
    ['before 1970', () => -1],
    ['more than an id can hold', () => 2 ** 48],
    [
      'thrown',
      () => {
        throw new Error('no clock')
      },
    ],
  ]

  it.each(odd)('that is none counts as the fallback: %s', (_, now) => {
    expect(steadyNow(now, () => NOW)()).toBe(NOW)
  })

  it('that is a fraction is rounded', () => {
    const times = [0.4, 1.5, -0.4, NOW + 0.25]
    expect(
      times.map((at) =>
        steadyNow(
          () => at,
          () => NaN,
        )(),
      ),
    ).toEqual([0, 2, 0, NOW])
  })

  it.each([...odd, ['a fraction', () => NOW + 0.5] as [string, () => unknown]])(
    'destroys no line and throws nothing into the host: %s',
    async (_, now) => {
      const storage = memoryStorage()
      const clock = manualClock(NOW)
      const telemetry = createTelemetry({
        storage,
        clock: { ...clock, now: now as () => number },
        ids: countingIds(),
        crc,
        random: () => 0.5,
      })
      expect(telemetry.start(course).ok).toBe(true)
      expect(telemetry.record(0, 'compile', { stdout: 'x' }).ok).toBe(true)
      await telemetry.close()
      expect(telemetry.status().log).toMatchObject({ events: 2, damaged: 0 })
      const times = storage
        .log(TELEMETRY_ID)
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { at: number }).at)
      expect(times.every((at) => Number.isSafeInteger(at) && at >= 0)).toBe(true)
    },
  )

  it('goes on from the last good one while it gives none', () => {
    const storage = memoryStorage()
    const clock = manualClock(NOW)
    let broken = false
    const now = () => (broken ? NaN : clock.now())
    const telemetry = createTelemetry({
      storage,
      clock: { ...clock, now },
      ids: countingIds(),
      crc,
      random: () => 0.5,
    })
    telemetry.start(course)
    broken = true
    clock.advance(5_000)
    telemetry.record(0, 'open_step')
    const last = storage.log(TELEMETRY_ID).trim().split('\n').at(-1)!
    expect(JSON.parse(last)).toMatchObject({ at: NOW + 5_000 })
  })
})
