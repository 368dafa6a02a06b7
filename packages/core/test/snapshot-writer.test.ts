import { describe, expect, it, vi } from 'vitest'
import { initialState, type State } from '../src/index'
import { fold } from '../src/fold/evolve'
import { manualClock, memoryStorage } from '../src/memory'
import { waitingBatch } from '../src/delivery/parcels'
import { createSnapshotWriter } from '../src/runtime/snapshot-writer'
import { on, started } from './support'

function writing({ cost = 0, longest = undefined as number | undefined } = {}) {
  const clock = manualClock()
  const storage = memoryStorage()
  const store = storage.snapshot
  let state: State = fold(initialState, [started(1)])
  let events = 1
  const written: number[] = []
  const failed = vi.fn()
  const replace = store.replace.bind(store)
  store.replace = () => {
    const file = replace()
    return { ...file, commit: () => (clock.set(clock.now() + cost), file.commit()) }
  }
  const writer = createSnapshotWriter({
    storage,
    clock,
    intact: () => true,
    latest: () => ({ state, term: 1 }),
    written: () => written.push(clock.now()),
    failed,
    ...(longest !== undefined && { longest }),
  })
  const advance = async (ms: number) => {
    for (let left = ms; left > 0; left -= 10) {
      clock.advance(10)
      for (let turn = 0; turn < 20; turn++) await Promise.resolve()
    }
  }
  return {
    writer,
    store,
    written,
    failed,
    advance,
    change() {
      state = fold(state, [on(1, 'compile', ++events, { stdout: 'x' })])
      writer.schedule()
    },
  }
}

describe('telemetry.json', () => {
  it('is written at most every 500 ms while it is cheap, and at last with the last state', async () => {
    const w = writing()
    for (let n = 0; n < 100; n++) {
      w.change()
      await w.advance(10)
    }
    expect(w.written.length).toBeGreaterThan(1)
    expect(w.written.length).toBeLessThanOrEqual(3)
    const { length } = w.written
    await w.advance(1_000)
    expect(w.written).toHaveLength(length + 1)
  })

  it('takes no more than a tenth of the time when it is dear', async () => {
    const w = writing({ cost: 100 })
    for (let n = 0; n < 300; n++) {
      w.change()
      await w.advance(10)
    }
    const gaps = w.written.slice(1).map((at, index) => at - w.written[index]!)
    expect(gaps.length).toBeGreaterThan(0)
    for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(1_000)
  })

  it('is tried again after a while when it could not be written', async () => {
    const w = writing()
    const { replace } = w.store
    w.store.replace = () => ({ ...replace(), commit: () => Promise.reject(new Error('ENOSPC')) })
    w.change()
    await w.advance(1_000)
    expect(w.failed).toHaveBeenCalledTimes(1)
    w.store.replace = replace
    await w.advance(5_000)
    expect(w.written).toHaveLength(1)
  })

  it('is no rejection nobody handles when what was begun cannot be discarded either', async () => {
    const w = writing()
    const { replace } = w.store
    const broken = (what: string) => () => Promise.reject(new Error(what))
    w.store.replace = () => ({ ...replace(), commit: broken('commit'), discard: broken('discard') })
    w.change()
    await expect(w.writer.now()).resolves.toBeUndefined()
    expect(w.failed.mock.calls.map(([error]) => (error as Error).message)).toEqual(['discard', 'commit'])
    w.store.replace = replace
    await w.advance(5_000)
    expect(w.written).toHaveLength(1)
  })

  it('that is longer than a string can be stands still, and says why, once', async () => {
    const w = writing({ longest: 2_000 })
    for (let n = 0; n < 200; n++) {
      w.change()
      await w.advance(100)
    }
    expect(w.failed).toHaveBeenCalledTimes(1)
    expect(String(w.failed.mock.calls[0]![0])).toContain(
      'longer than the longest string of JavaScript (2000 characters)',
    )
    w.writer.sync()
    expect(w.failed).toHaveBeenCalledTimes(1)
    expect(w.written.length).toBeGreaterThan(0)
  })
})

describe('a batch', () => {
  it('that is longer than a string can be is not sent, and says why, once', () => {
    const state = fold(initialState, [started(1), on(1, 'compile', 2, { stdout: 'x'.repeat(1_000) })])
    const parcels = waitingBatch(() => ({ state, at: 2, offset: 99 }), 2_000)
    expect(() => parcels({ offset: 0 })).toThrow(
      'longer than the longest string of JavaScript (2000 characters)',
    )
    expect(parcels({ offset: 0 })).toBeUndefined()
    expect(waitingBatch(() => ({ state, at: 2, offset: 99 }))({ offset: 0 })).toMatchObject({ offset: 99 })
  })
})
