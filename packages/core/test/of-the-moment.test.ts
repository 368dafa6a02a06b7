// A disk that fails for a moment, or a host with too many files open: what could not be read then is not missing, and nothing
// is begun beside it.

import { describe, expect, it } from 'vitest'
import { memoryStorage } from '../src/memory'
import { eventsOf } from './arbitraries'
import { course, TELEMETRY_ID, world } from './support'

const failure = Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' })

/** The storage of a learner who is logged in, and how to make one of its answers fail. */
async function recorded() {
  const storage = memoryStorage()
  const before = world({ storage })
  before.telemetry.start(course)
  before.telemetry.identify(42)
  before.telemetry.record(0, 'open_step')
  await before.telemetry.idle()
  before.telemetry.save()
  let failing = 0
  const fail = () => {
    if (failing-- > 0) throw failure
  }
  const flaky = {
    ...storage,
    readIndex: () => (fail(), storage.readIndex()),
    list: () => (fail(), storage.list()),
  }
  return { storage, flaky, fail: (times: number) => (failing = times) }
}

describe('a failure of the moment', () => {
  it('at the start begins nothing anew: the start is refused, and the next one goes on', async () => {
    const { storage, flaky, fail } = await recorded()
    const w = world({ storage: flaky })
    fail(1)
    expect(w.telemetry.start(course)).toMatchObject({ ok: false })
    expect(w.telemetry.record(1, 'open_step').ok).toBe(true)
    expect(w.telemetry.start(course).ok).toBe(true)
    await w.telemetry.idle()
    expect(storage.list()).toEqual([TELEMETRY_ID])
    expect(w.telemetry.status().student).toBe(42)
    const types = eventsOf(storage.log(TELEMETRY_ID)).map(({ type }) => type)
    expect(types.slice(-2)).toEqual(['session_start', 'open_step'])
  })

  it('while another student logs in leaves what follows in their telemetry', async () => {
    const { storage, flaky, fail } = await recorded()
    const w = world({ storage: flaky })
    w.telemetry.start(course)
    fail(100)
    expect(w.telemetry.identify(43).ok).toBe(true)
    w.telemetry.record(1, 'open_step')
    fail(0)
    w.telemetry.record(2, 'open_step')
    await w.telemetry.idle()
    const theirs = storage.list().find((id) => id !== TELEMETRY_ID)!
    const opened = eventsOf(storage.log(theirs)).filter(({ type }) => type === 'open_step')
    expect(opened).toHaveLength(2)
    expect(w.telemetry.status()).toMatchObject({ telemetry_id: theirs, student: 43 })
  })

  it('of a command that only looks is told as a fault', async () => {
    const { flaky, fail } = await recorded()
    const w = world({ storage: flaky })
    fail(1)
    w.telemetry.open()
    expect(w.faults).toEqual(['index: Error: EIO: i/o error, read'])
    expect(w.telemetry.status().telemetry_id).toBeUndefined()
  })
})
