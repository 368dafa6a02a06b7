// Whether anything may be recorded is asked, each time: while the answer is no, nothing is appended, written or sent.

import { expect, it } from 'vitest'
import { encodeLine } from '../src/index'
import { memoryStorage } from '../src/memory'
import { course, crc, event, recorder, TELEMETRY_ID, world } from './support'

function asked() {
  const storage = memoryStorage()
  const { transport, sent } = recorder('events', { kind: 'retry', reason: 'answered 503' })
  const touched: string[] = []
  const { acquire } = storage.lease
  storage.lease.acquire = () => (touched.push('lease'), acquire())
  const { writeIndex } = storage
  storage.writeIndex = (index) => (touched.push('index'), writeIndex(index))
  let may = true
  const w = world({ storage, transports: [transport], mayRecord: () => may })
  return { ...w, sent, touched, allow: (is: boolean) => (may = is) }
}

const off = { ok: false, reason: 'recording is switched off' }

it('refuses every call, and leaves the folder as it is', async () => {
  const w = asked()
  w.allow(false)
  expect(w.telemetry.start(course)).toEqual(off)
  expect(w.telemetry.append({ v: 1, id: 'a', at: 1, session: 'a', type: 'new_kind' })).toEqual(off)
  w.telemetry.open()
  w.telemetry.submit()
  w.telemetry.save()
  await w.telemetry.close()
  expect(w.storage.list()).toEqual([])
  expect(w.storage.readIndex()).toBeUndefined()
  expect(w.storage.telemetryJson).toBeUndefined()
  expect(w.touched).toEqual([])
  expect(w.faults).toEqual([])
})

it('writes and sends nothing more once the answer is no, also when it ends', async () => {
  const w = asked()
  w.telemetry.start(course)
  w.telemetry.identify(42)
  w.telemetry.record(0, 'compile', { stdout: 'before' })
  // One request waits to be tried again, and telemetry.json to be written.
  w.clock.advance(1)
  for (let turn = 0; turn < 50; turn++) await Promise.resolve()
  expect(w.sent).toHaveLength(1)
  w.telemetry.record(0, 'compile', { stdout: 'last' })
  w.clock.advance(1)
  const written = w.storage.telemetryJson
  w.allow(false)
  // Of another process.
  w.storage.open(TELEMETRY_ID).log.append(encodeLine(event('student_cleared', 1_700_000_000_001), crc))
  const log = w.storage.log(TELEMETRY_ID)
  w.touched.splice(0)
  expect(w.telemetry.record(0, 'compile', { stdout: 'after' })).toEqual(off)
  expect(w.telemetry.identify(43)).toEqual(off)
  expect(w.telemetry.end('finished')).toEqual(off)
  w.clock.advance(10_000)
  await w.telemetry.settled()
  w.telemetry.save()
  await w.telemetry.close()
  expect(w.storage.log(TELEMETRY_ID)).toBe(log)
  expect(w.storage.telemetryJson).toBe(written)
  expect(w.sent).toHaveLength(1)
  expect(w.touched).toEqual([])
})

it('goes on where it was once the answer is yes again: who logged in meanwhile is logged in first', async () => {
  const w = asked()
  w.telemetry.start(course)
  w.telemetry.record(0, 'compile', { stdout: 'before' })
  w.allow(false)
  expect(w.telemetry.identify(42)).toEqual(off)
  w.allow(true)
  expect(w.telemetry.record(0, 'compile', { stdout: 'after' })).toMatchObject({ ok: true })
  await w.telemetry.idle()
  w.clock.advance(1_000)
  await w.telemetry.idle()
  const types = w.storage.log(TELEMETRY_ID).matchAll(/"type":"(\w+)"/g)
  expect([...types].map(([, type]) => type)).toEqual([
    'session_start',
    'compile',
    'student_identified',
    'compile',
  ])
  expect(w.sent).toHaveLength(3)
  expect(JSON.parse(w.storage.telemetryJson as string)).toMatchObject({ user_id: 42 })
})
