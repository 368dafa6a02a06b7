import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTelemetry, type CourseInput } from '@learnpack/telemetry-core'
import { nodePorts, openCourseFolder } from '@learnpack/telemetry-transport-file'
import { describe, expect, it } from 'vitest'
import { main } from '../src/cli'
import { machineId } from '../src/logins/machine-id'
import type { CourseStatus } from '../src/reading/status'

const course: CourseInput = { slug: 'intro', agent: 'os', steps: [{ slug: '00-hello', position: 0 }] }

async function recorded() {
  const path = mkdtempSync(join(tmpdir(), 'telemetry-status-'))
  const storage = openCourseFolder(join(path, '.learn'))
  const telemetry = createTelemetry({
    storage,
    ...nodePorts,
    machine: machineId,
  })
  telemetry.start(course)
  telemetry.identify('ana')
  telemetry.record(0, 'open_step')
  telemetry.record(99, 'compile', {})
  telemetry.record(99, 'compile', {})
  const ana = telemetry.status().telemetry_id!
  await telemetry.idle()
  telemetry.identify('ben')
  const ben = telemetry.status().telemetry_id!
  await telemetry.close()
  storage.close()
  return { path, storage, ana, ben }
}

async function run(...args: string[]) {
  let out = ''
  let err = ''
  const code = await main(args, { out: (text) => (out += text), err: (text) => (err += text) })
  return { code, out, err }
}
const told = async (path: string) => JSON.parse((await run('status', path, '--json')).out) as CourseStatus

describe('learnpack-telemetry status', () => {
  it('tells of every telemetry, the current one first', async () => {
    const { path, storage, ana, ben } = await recorded()
    expect(await told(path)).toMatchObject({
      telemetry_json: { state: 'up to date', path: storage.snapshotPath },
      telemetries: [
        { telemetry_id: ben, current: true, user_id: 'ben', student: 'ben', log: { events: 2, damaged: [] } },
        {
          telemetry_id: ana,
          current: false,
          user_id: 'ana',
          student: null,
          log: { path: storage.logPath(ana), events: 4, lines: 4, bytes: expect.any(Number) as number },
          refused: [{ count: 2, reason: 'unknown step 99: no step of the course has that position' }],
        },
      ],
    })
    const { code, out, err } = await run('status', path)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain(`${ben}, the current one, of student ben, logged in\n`)
    expect(out).toMatch(/\nevent log {7}\d+ bytes, 4 events on 4 lines: /)
    expect(out).toContain(
      '\nnot recorded    2 x unknown step 99: no step of the course has that position (last 20',
    )
  })

  it('tells of damage, and of what is not finished', async () => {
    const { path, storage, ben } = await recorded()
    appendFileSync(storage.logPath(ben), 'hello\n{"v":1,')
    const [current] = (await told(path)).telemetries
    expect(current).toMatchObject({
      log: { damaged: [{ line: 3, reason: 'not JSON: "hello"' }], unfinished_bytes: 7 },
    })
    const { out } = await run('status', path)
    expect(out).toContain('\ndamaged         line 3: not JSON: "hello"\n')
    expect(out).toContain('\nunfinished      7 bytes at its end\n')
  })

  it('tells what telemetry.json is', async () => {
    const { path, storage } = await recorded()
    writeFileSync(storage.snapshotPath, '{}')
    expect((await told(path)).telemetry_json).toMatchObject({ state: 'differs from the log', bytes: 2 })
    rmSync(storage.snapshotPath)
    expect((await told(path)).telemetry_json).toMatchObject({ state: 'missing' })
  })

  it('is paused only until somebody logs in', async () => {
    const { path, storage, ben } = await recorded()
    const destination = 'http-batch http://localhost:9/'
    const state = { offset: 0, delivered: 0, deadLettered: 0, attempts: 0, lastError: 'answered 401' }
    const pausedAt = async (offset: number) => {
      const paused = { reason: 'answered 401', offset }
      storage.open(ben).cursors.write(destination, { ...state, paused })
      return { ...(await told(path)).telemetries[0]?.destinations[0], text: (await run('status', path)).out }
    }
    const held = await pausedAt(storage.open(ben).log.size())
    expect(held.paused).toBe('answered 401')
    expect(held.text).toContain('paused until the next login or a changed destination: answered 401')
    const over = await pausedAt(1)
    expect(over.paused).toBeNull()
    expect(over.text).toContain('last answer: answered 401')
  })

  it('says so where nothing was recorded', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'telemetry-status-'))
    expect(await run('status', empty)).toMatchObject({
      code: 1,
      err: expect.stringContaining('no event log in it') as string,
    })
    expect(await run('status', '/no/such')).toMatchObject({
      code: 1,
      err: 'learnpack-telemetry: /no/such: no such folder\n',
    })
    expect(await run('status', 'one', 'two')).toMatchObject({ code: 2 })
  })
})
