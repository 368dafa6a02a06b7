// What a host could not deliver before it ended arrives all the same, and the host ends as it would without us (SPEC §6).

import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { startedBefore } from './started-before'

const host = fileURLToPath(new URL('children/ending-host.cjs', import.meta.url))

interface Got {
  readonly id: string
  readonly path: string
  readonly body: { readonly data?: { readonly stdout: string }; readonly workout_session?: object[] }
}

/** Answers as it is told to. */
async function receiver(answer: (response: ServerResponse) => void = (response) => void response.end()) {
  const got: Got[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Got['body']
      got.push({ id: String(request.headers['webhook-id']), path: request.url ?? '', body })
      answer(response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return { got, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

function newCourse(): string {
  const dirPath = join(mkdtempSync(join(tmpdir(), 'telemetry-detached-')), '.learn')
  mkdirSync(dirPath)
  startedBefore(dirPath)
  return dirPath
}

/** Runs a host to its end. */
async function run(whose: 'ours' | 'none', dirPath: string, url: string, way: string, detached = true) {
  const { LEARNPACK_TELEMETRY_DETACHED: _, ...inherited } = process.env
  const env = { ...inherited, MARK, ...(!detached && { LEARNPACK_TELEMETRY_DETACHED: '0' }) }
  const child = spawn(process.execPath, [host, whose, dirPath, url, way], { env })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)))
  // Only whoever holds none of the host's output lets this come.
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.once('close', (...how) => resolve(how)),
  )
  return { code, signal, output }
}

/** In the environment of the hosts of this file, and so of what they leave behind: others run at the same time. */
const MARK = `detached-${process.pid}`

/** The processes that deliver what those hosts left. */
const delivering = (): number[] =>
  readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .filter((pid) => {
      try {
        const isOurs = readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`MARK=${MARK}`)
        return isOurs && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('deliver-later')
      } catch {
        return false
      }
    })
    .map(Number)

const streamed = (got: Got[]) => got.filter(({ path }) => path === '/stream')
const lastBatch = (got: Got[]) => got.findLast(({ path }) => path === '/batch')
const long = { timeout: 20_000 }

describe.each(['natural', 'exit', 'close', 'SIGINT'])('a host that ends (%s)', (way) => {
  it('has all of it delivered, in order, and ends as without us', async () => {
    const { got, url } = await receiver()
    const dirPath = newCourse()
    const ended = await run('ours', dirPath, url, way)
    expect(ended).toEqual(await run('none', dirPath, url, way))
    await vi.waitFor(() => {
      expect([...new Set(streamed(got).map(({ body }) => body.data?.stdout))]).toEqual(
        [0, 1, 2, 3, 4].map((n) => btoa(String(n))),
      )
      expect(lastBatch(got)?.body.workout_session).toEqual([
        expect.objectContaining({ ended_at: expect.any(Number) as number }),
      ])
    }, long)
    // What came twice, because its answer was not waited for, has the same id.
    expect(new Set(streamed(got).map(({ id }) => id)).size).toBe(5)
  })
})

it('a host that is killed has it delivered at its next start', async () => {
  const { got, url } = await receiver()
  const dirPath = newCourse()
  expect(await run('ours', dirPath, url, 'SIGKILL')).toMatchObject({ signal: 'SIGKILL' })
  await run('ours', dirPath, url, 'natural')
  await vi.waitFor(() => expect(new Set(streamed(got).map(({ id }) => id)).size).toBe(10), long)
})

it('three starts without a network and one with it deliver everything', async () => {
  let isAway = true
  const { got, url } = await receiver((response) => void (isAway ? response.destroy() : response.end()))
  const dirPath = newCourse()
  // What delivers the rest of one is still there when the next one starts.
  for (const way of ['natural', 'exit', 'SIGINT']) await run('ours', dirPath, url, way)
  isAway = false
  got.splice(0)
  await run('ours', dirPath, url, 'exit')
  await vi.waitFor(() => expect(new Set(streamed(got).map(({ id }) => id)).size).toBe(20), long)
})

describe('the process that delivers the rest', () => {
  it('holds nothing of the host: its folder, its terminal, its output', async () => {
    const held: ServerResponse[] = []
    const { got, url } = await receiver((response) => void held.push(response))
    const dirPath = newCourse()
    const before = delivering()
    await run('ours', dirPath, url, 'exit')
    await vi.waitFor(() => expect(held.length).toBeGreaterThan(0), long)
    const [pid] = delivering().filter((one) => !before.includes(one)) as [number]
    expect(readlinkSync(`/proc/${pid}/cwd`)).toBe('/')
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    const [, , group, session, terminal] = status.map(Number)
    expect([group, session, terminal]).toEqual([pid, pid, 0])
    expect([1, 2].map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))).toEqual(['/dev/null', '/dev/null'])
    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.toContain('secret')
    process.kill(pid, 'SIGKILL')
    expect(got.length).toBeGreaterThan(0)
  })

  it('is not there where it is switched off, and where nothing waits', async () => {
    const { url } = await receiver()
    const before = delivering()
    await run('ours', newCourse(), url, 'exit', false)
    await run('none', newCourse(), url, 'exit')
    // Those of the tests before may have ended meanwhile.
    expect(delivering().filter((one) => !before.includes(one))).toEqual([])
  })

  it('leaves whoever logged out alone', async () => {
    const { got, url } = await receiver()
    const dirPath = newCourse()
    mkdirSync(join(dirPath, '.session'))
    await run('ours', dirPath, url, 'exit')
    expect(existsSync(join(dirPath, 'telemetry'))).toBe(true)
    expect(got).toEqual([])
  })
})
