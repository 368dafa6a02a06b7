// A log of any size (SPEC §6, §7): what an exit does of it is bounded by time, what is kept of it by memory. Here the time
// passes with every read, and the memory is some KB.

import { describe, expect, it } from 'vitest'
import { createFollower, createTelemetry, encodeLine, readWaiting, snapshot } from '../src/index'
import { snapshotJson } from '../src/fold/render'
import type { Parcel, Transport } from '../src/index'
import { manualClock, memoryLog, memoryStorage, type MemoryStorage } from '../src/memory'
import { countingIds, course, crc, event, on, started, TELEMETRY_ID } from './support'

const NOW = 1_700_000_000_000
const KB = 1_024
const text = 'x'.repeat(10 * KB)

/** A course with that much history. */
function withHistory(mb: number): MemoryStorage {
  const storage = memoryStorage()
  storage.claimIndex({ current: TELEMETRY_ID, owners: {} })
  const { log } = storage.open(TELEMETRY_ID)
  log.append(encodeLine(started(NOW), crc))
  for (let n = 0; log.size() < mb * 1_024 * KB; n++)
    log.append(encodeLine(on(0, 'compile', NOW + n, { stdout: text }), crc))
  return storage
}

function recording(
  storage: MemoryStorage,
  { readMs = 0, renderMs = 0, memoryBytes = undefined as number | undefined } = {},
) {
  const still = manualClock(NOW)
  /** What reading and rendering took, ms: it passes without anything falling due on the way. */
  let spent = 0
  const clock = {
    ...still,
    now: () => still.now() + spent,
    elapsed: () => still.elapsed() + spent,
    after(ms: number, run: () => void) {
      if (ms > 0) return still.after(ms, run)
      const soon = setImmediate(run)
      return () => clearImmediate(soon)
    },
  }
  const sent: Parcel[] = []
  const transport = (wants: Transport['wants']): Transport => ({
    name: wants,
    wants,
    deliver: async (parcel) => (sent.push(parcel), { kind: 'delivered' }),
  })
  const open = storage.open.bind(storage)
  let read = 0
  let written = 0
  const slow: MemoryStorage = Object.assign(Object.create(storage) as MemoryStorage, {
    open(id: string) {
      const store = open(id)
      const log = Object.assign(Object.create(store.log) as typeof store.log, {
        read(from: number, maxBytes: number) {
          spent += readMs
          const slice = store.log.read(from, maxBytes)
          read += slice.next - from
          return slice
        },
      })
      return { ...store, log }
    },
    snapshot: {
      ...storage.snapshot,
      replaceSync(pieces: Iterable<string>) {
        const all: string[] = []
        for (const piece of pieces) {
          spent += renderMs
          written += piece.length
          all.push(piece)
        }
        storage.snapshot.replaceSync(all)
      },
    },
  })
  const telemetry = createTelemetry({
    storage: slow,
    clock,
    ids: countingIds(),
    crc,
    random: () => 0.5,
    transports: [transport('events'), transport('snapshots')],
    ...(memoryBytes !== undefined && { memoryBytes }),
  })
  const said: string[] = []
  telemetry.on('noticed', (message) => said.push(message))
  telemetry.on('fault', (what, error) => said.push(`${what}: ${String(error)}`))
  return { telemetry, clock, sent, said, read: () => read, written: () => written }
}

const lastLine = (storage: MemoryStorage) =>
  JSON.parse(storage.log(TELEMETRY_ID).trim().split('\n').at(-1)!) as Record<string, unknown>

describe('an exit', () => {
  const ends = {
    save: ({ telemetry }: ReturnType<typeof recording>) => telemetry.save(),
    close: ({ telemetry }: ReturnType<typeof recording>) => telemetry.close(),
    'submit and save': ({ telemetry }: ReturnType<typeof recording>) => {
      telemetry.submit()
      telemetry.save()
      telemetry.save()
    },
  }

  it.each(Object.entries(ends))(
    'by %s folds no longer than its budget, however long the log is; the session end is in the log',
    async (_, end) => {
      const storage = withHistory(8)
      const w = recording(storage, { readMs: 10 })
      w.telemetry.start(course)
      expect(w.telemetry.end('exit').ok).toBe(true)
      const from = w.clock.elapsed()
      const read = w.read()
      await end(w)
      // Without a budget, reading all of it takes 5,000 ms. A megabyte a call is always read.
      expect(w.clock.elapsed() - from).toBeLessThan(2_500)
      expect(w.read() - read).toBeLessThan(4 * 1_024 * KB)
      expect(storage.telemetryJson).toBeUndefined()
      expect(lastLine(storage)).toMatchObject({ type: 'session_end', data: { reason: 'exit' } })
      expect(w.said).toEqual([])
    },
  )

  it('renders no longer than its budget: the former telemetry.json stays, whole, and the next start renders', async () => {
    const storage = withHistory(8)
    const w = recording(storage, { renderMs: 50 })
    w.telemetry.start(course)
    await w.telemetry.idle()
    const before = storage.telemetryJson
    expect(before).toBeDefined()
    w.telemetry.record(0, 'compile', { stdout: 'last' })
    w.telemetry.save()
    expect(w.written()).toBeLessThan(3 * 1_024 * KB)
    expect(storage.telemetryJson).toBe(before)
    expect(w.said).toEqual([])

    const next = recording(storage)
    next.telemetry.start(course)
    await next.telemetry.idle()
    expect(storage.telemetryJson).toContain('"stdout":"bGFzdA=="')
  })

  it('folds and renders a small log to its end, whatever the time', () => {
    const storage = memoryStorage()
    const w = recording(storage, { readMs: 1_000, renderMs: 1_000 })
    w.telemetry.start(course)
    w.telemetry.record(0, 'compile', { stdout: text })
    w.telemetry.save()
    expect(JSON.parse(storage.telemetryJson!)).toEqual(JSON.parse(JSON.stringify(w.telemetry.snapshot())))
  })

  it('that was not one is followed by another with a budget of its own', () => {
    const storage = withHistory(4)
    const w = recording(storage, { readMs: 10 })
    w.telemetry.start(course)
    w.telemetry.save()
    for (let saves = 0; saves < 20 && storage.telemetryJson === undefined; saves++) {
      w.clock.advance(10_000)
      w.telemetry.save()
    }
    expect(storage.telemetryJson).toBeDefined()
  })

  it('with a batch asked for sends it once the log is folded', async () => {
    const storage = withHistory(4)
    const w = recording(storage, { readMs: 10 })
    w.telemetry.start(course)
    w.telemetry.identify(42)
    await w.telemetry.idle()
    const { length } = w.sent
    w.telemetry.record(0, 'compile', { stdout: 'x' })
    w.telemetry.submit()
    await w.telemetry.idle()
    expect(
      w.sent
        .slice(length)
        .map(({ kind }) => kind)
        .sort(),
    ).toEqual(['event', 'snapshot'])
  })
})

describe('a telemetry that is too large to be kept', () => {
  it('is recorded and streamed all the same; telemetry.json and batches stand still, which is said once', async () => {
    const storage = memoryStorage()
    const w = recording(storage, { memoryBytes: 100 * KB })
    w.telemetry.start(course)
    w.telemetry.identify(42)
    await w.telemetry.idle()
    const record = async () => {
      const recorded = w.telemetry.record(0, 'compile', { stdout: text })
      expect(recorded.ok).toBe(true)
      w.clock.advance(10_000)
      await w.telemetry.idle()
    }
    for (let n = 0; n < 4; n++) await record()
    const before = storage.telemetryJson
    expect(JSON.parse(before!).steps[0].compilations).toHaveLength(4)
    for (let n = 0; n < 20; n++) await record()
    w.telemetry.record(1, 'open_step')
    w.telemetry.submit()
    await w.telemetry.idle()
    w.telemetry.save()

    const last = JSON.parse(storage.telemetryJson!)
    // The last one that was whole, never a part.
    expect(last.steps[0].compilations.length).toBeGreaterThanOrEqual(4)
    expect(last.steps[0].compilations.length).toBeLessThan(8)
    expect(w.sent.filter(({ kind }) => kind === 'event')).toHaveLength(25)
    for (const parcel of w.sent)
      if (parcel.kind === 'snapshot') expect(JSON.parse(parcel.body).steps[0].compilations).toHaveLength(0)
    expect(w.said).toHaveLength(1)
    expect(w.said[0]).toMatch(/^q1lllj6jq1lllj6j\/events\.ndjson line \d+: .*too large to be kept in memory/)
    expect(() => w.telemetry.snapshot()).toThrow(RangeError)
    expect(w.telemetry.status()).toMatchObject({ student: 42, refused: 0 })
    await w.telemetry.close()
    expect(w.said).toHaveLength(1)
  })

  it('is folded again as a whole by who may keep it', async () => {
    const storage = withHistory(1)
    const small = recording(storage, { memoryBytes: 10 * KB })
    small.telemetry.start(course)
    await small.telemetry.close()
    expect(storage.telemetryJson).toBeUndefined()
    const large = recording(storage)
    large.telemetry.start(course)
    await large.telemetry.close()
    expect(JSON.parse(storage.telemetryJson!).steps[0].compilations.length).toBeGreaterThan(100)
  })

  it('keeps whose it is, where it stands and when it ended, and nothing of its attempts', () => {
    const log = memoryLog()
    const events = [
      started(NOW),
      event('student_identified', NOW + 1, { data: { user_id: 42 } }),
      on(0, 'open_step', NOW + 2),
      ...Array.from({ length: 50 }, (_, n) => on(0, 'compile', NOW + 10 + n, { stdout: text })),
      on(0, 'test', NOW + 100, { exit_code: 0 }),
      event('import', NOW + 101, {
        data: {
          snapshot: {
            telemetry_id: TELEMETRY_ID,
            steps: [{ slug: course.steps[0]!.slug, position: 0, compilations: [{ stdout: 'eA==' }] }],
          },
        },
      }),
      event('student_cleared', NOW + 102),
      event('session_end', NOW + 103, { session: 'session', data: { reason: 'exit' } }),
    ]
    for (const one of events) log.append(encodeLine(one, crc))
    const whole = createFollower(log, crc).catchUp()
    const state = createFollower(log, crc, {}, 50 * KB).catchUp()
    const { activity, tooLarge, ...kept } = state
    expect(tooLarge).toBe(true)
    expect(kept).toEqual({ ...kept, ...(({ activity: _, ...rest }) => rest)(whole) })
    expect(JSON.stringify([...activity]).length).toBeLessThan(1_000)
    expect(activity.get(course.steps[0]!.slug)).toMatchObject({ opened_at: NOW + 2, completed_at: NOW + 100 })
    expect(() => snapshot(state)).toThrow('too large')
    expect(() => [...snapshotJson(state)]).toThrow('too large')
  })

  it('is not made of one telemetry.json that was taken in again and again', () => {
    const log = memoryLog()
    const snapshotOfOthers = {
      telemetry_id: TELEMETRY_ID,
      tutorial_started_at: NOW,
      steps: [{ slug: 'a', position: 0, compilations: [{ stdout: text, starting_at: NOW }] }],
    }
    for (let n = 0; n < 50; n++)
      log.append(encodeLine(event('import', NOW + n, { data: { snapshot: snapshotOfOthers } }), crc))
    expect(createFollower(log, crc, {}, 50 * KB).catchUp().tooLarge).toBeUndefined()
  })

  it('remembers ids that were read of late, and forgets those of long ago', () => {
    const log = memoryLog()
    const lines = Array.from({ length: 2_500 }, (_, n) => encodeLine(event('odd', NOW + n), crc))
    for (const line of lines) log.append(line)
    const follower = createFollower(log, crc, {}, 0)
    follower.catchUp()
    expect(follower.counts).toMatchObject({ events: 2_500, duplicates: 0 })
    log.append(lines.at(-1)!)
    follower.catchUp()
    expect(follower.counts.duplicates).toBe(1)
    log.append(lines[0]!)
    follower.catchUp()
    expect(follower.counts).toMatchObject({ events: 2_501, duplicates: 1 })
  })

  it('has no batch waiting for who only looks', () => {
    const storage = withHistory(1)
    const waiting = readWaiting(storage.open(TELEMETRY_ID), crc, {}, 10 * KB)
    const batches: Transport = { name: 'b', wants: 'snapshots', deliver: async () => ({ kind: 'delivered' }) }
    expect([...waiting.parcels(batches)]).toEqual([])
    expect(waiting.count(batches)).toBe(0)
  })
})
