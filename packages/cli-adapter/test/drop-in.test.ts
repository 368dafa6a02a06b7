// The manager in the place of stock's, called in the order in which the host of 2.1.34 calls (SPEC §9): the session file tells
// who is logged in, and the URLs come after the start.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createManaged, type Managed } from '../src/host/manager'
import type { ManagerOptions } from '../src/host/manager-api'
import { startedBefore } from './started-before'

const steps = [0, 1, 2].map((position) => ({
  slug: `0${position}-step`,
  position,
  files: [],
  is_testeable: position > 0,
}))

interface Got {
  readonly path: string
  readonly user_id: unknown
  readonly event: unknown
  readonly token: string | undefined
}

async function receiver(status: (got: Got) => number = () => 200) {
  const got: Got[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const sent = Buffer.concat(chunks)
      const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent
      const { user_id, event } = JSON.parse(text.toString()) as Record<string, unknown>
      const one = { path: request.url ?? '', user_id, event, token: request.headers.authorization }
      got.push(one)
      response.writeHead(status(one)).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { got, origin, urls: { streaming: `${origin}/stream`, batch: `${origin}/batch?asset_id=7` } }
}

beforeEach(() => {
  vi.stubEnv('XDG_CONFIG_HOME', mkdtempSync(join(tmpdir(), 'telemetry-config-')))
  vi.stubEnv('DO_NOT_TRACK', '')
  return () => vi.unstubAllEnvs()
})

/** A course, and what other processes do to its session file. */
function course() {
  const dirPath = join(mkdtempSync(join(tmpdir(), 'telemetry-drop-in-')), '.learn')
  mkdirSync(dirPath)
  startedBefore(dirPath)
  const folder = join(dirPath, '.session')
  const file = join(folder, '9f89c84a559f573636a47ff8daed0d33')
  return {
    dirPath,
    /** As the host does at its start. */
    init: () => void mkdirSync(folder, { recursive: true }),
    login(user_id: unknown, token = `token-${String(user_id)}`) {
      mkdirSync(folder, { recursive: true })
      writeFileSync(
        file,
        JSON.stringify({ key: 'bc-payload', value: { token, user_id, email: 'a@b.example' } }),
      )
    },
    logout: () => rmSync(file),
    vanish: () => rmSync(folder, { recursive: true }),
    write: (text: string) => writeFileSync(file, text),
  }
}

function open(dirPath: string, options: ManagerOptions = {}): Managed {
  const manager = createManaged(options)
  onTestFinished(() => manager.close())
  void manager.start('vscode', steps, dirPath, 'intro')
  return manager
}

const arrived = (got: Got[], count: number) => vi.waitFor(() => expect(got).toHaveLength(count))
const settled = (manager: Managed) => manager.telemetry.settled()
const events = (got: Got[]) => got.flatMap(({ event }) => (event === undefined ? [] : [event]))
const students = (got: Got[]) => [...new Set(got.map(({ user_id }) => user_id))]

describe('urls', () => {
  it('set after the start, with work recorded before: all of it is delivered', async () => {
    const { got, urls } = await receiver()
    const { dirPath, login } = course()
    login(42)
    const manager = open(dirPath)
    manager.registerStepEvent(0, 'open_step', {})
    await settled(manager)
    manager.urls = urls
    manager.registerStepEvent(1, 'open_step', {})
    await vi.waitFor(() => expect(events(got)).toEqual(['open_step', 'open_step']))
    await settled(manager)
    expect(got.filter(({ path }) => path === '/batch?asset_id=7').length).toBeGreaterThan(0)
    expect(students(got)).toEqual([42])
  })

  it('changed in place count from the next event on', async () => {
    const { got, urls } = await receiver()
    const { dirPath, login } = course()
    login(42)
    const manager = open(dirPath)
    manager.urls.streaming = urls.streaming
    manager.registerStepEvent(0, 'open_step', {})
    await arrived(got, 1)
    await settled(manager)
    delete manager.urls.streaming
    manager.registerStepEvent(1, 'open_step', {})
    await settled(manager)
    expect(got).toHaveLength(1)
  })

  it('that are nonsense harm nothing', async () => {
    const { dirPath } = course()
    const manager = open(dirPath)
    for (const urls of [undefined, null, 7, 'x', { batch: 'x' }, { streaming: 'https://a:b@c.example' }]) {
      manager.urls = urls as never
      manager.registerStepEvent(0, 'open_step', {})
    }
    expect(manager.telemetry.status()).toMatchObject({ recorded: 7, refused: 0 })
  })
})

describe('the session file', () => {
  const openCourse = async () => {
    const there = await receiver()
    const here = course()
    here.init()
    const manager = open(here.dirPath)
    manager.urls = there.urls
    return { ...there, ...here, manager }
  }

  it('without anybody in it sends nothing, and refuses questions to the tutor', async () => {
    const { got, manager } = await openCourse()
    manager.registerStepEvent(0, 'open_step', {})
    manager.registerStepEvent(0, 'ai_interaction', { student_message: 'why' })
    await settled(manager)
    expect(got).toEqual([])
    expect(manager.current?.steps[0]?.ai_interactions).toEqual([])
  })

  it('written by another process logs in, without a word of the host', async () => {
    const { got, manager, login } = await openCourse()
    manager.registerStepEvent(0, 'open_step', {})
    login(42)
    manager.registerStepEvent(0, 'ai_interaction', { student_message: 'why' })
    await vi.waitFor(() => expect(events(got)).toEqual(['open_step', 'ai_interaction']))
    expect(manager.current?.user_id).toBe(42)
  })

  it.each(['logout', 'vanish'] as const)('that is gone (%s) stops every request at once', async (how) => {
    const { got, manager, login, ...here } = await openCourse()
    login(42)
    manager.registerStepEvent(0, 'open_step', {})
    await vi.waitFor(() => expect(events(got)).toHaveLength(1))
    await settled(manager)
    const before = got.length
    here[how]()
    for (const position of [1, 2]) manager.registerStepEvent(position, 'open_step', {})
    await manager.submit()
    await settled(manager)
    expect(got).toHaveLength(before)
    login(42, 'another token')
    manager.registerStepEvent(0, 'open_step', {})
    await vi.waitFor(() => expect(events(got)).toHaveLength(4))
  })

  it('is looked at before each request: what already waits goes out no more', async () => {
    const { got, manager, login, logout } = await openCourse()
    login(42)
    manager.registerStepEvent(0, 'open_step', {})
    // Nothing was sent yet: requests are made behind this turn.
    logout()
    await settled(manager)
    expect(got).toEqual([])
    expect(manager.telemetry.status().student).toBeUndefined()
  })

  it('with another student in it begins their own telemetry', async () => {
    const { got, manager, login } = await openCourse()
    login(42)
    manager.registerStepEvent(0, 'open_step', {})
    await vi.waitFor(() => expect(events(got)).toHaveLength(1))
    await settled(manager)
    got.splice(0)
    login(43)
    manager.registerStepEvent(1, 'open_step', {})
    await vi.waitFor(() => expect(events(got)).toHaveLength(1))
    expect(students(got)).toEqual([43])
  })

  it('that cannot be read sends nothing until it can', async () => {
    const { got, manager, login, write } = await openCourse()
    login(42)
    manager.registerStepEvent(0, 'open_step', {})
    write('{"key":"bc-payl')
    await settled(manager)
    expect(got).toEqual([])
    expect(Object.values(manager.telemetry.status().destinations)[0]?.lastError).toMatch(
      /^nothing is sent: it cannot be told who is logged in \(.*\.session cannot be read\)$/,
    )
    expect(manager.telemetry.status().student).toBe(42)
  })

  it('counts at the start of the host as well: who logged out meanwhile is logged out', async () => {
    const { manager, login, logout, dirPath, urls, got } = await openCourse()
    login(42)
    manager.registerStepEvent(0, 'open_step', {})
    await vi.waitFor(() => expect(events(got)).toHaveLength(1))
    await manager.close()
    logout()
    got.splice(0)
    const next = open(dirPath)
    next.urls = urls
    next.registerStepEvent(1, 'open_step', {})
    await settled(next)
    expect(got).toEqual([])
  })

  it('comes a moment after setStudent, as at a login through the web page: that is one login', async () => {
    const { manager, login, dirPath } = await openCourse()
    manager.setStudent({ user_id: 42, email: 'a@b.example', token: 'token-42' })
    manager.registerStepEvent(0, 'ai_interaction', { student_message: 'why' })
    login(42)
    manager.registerStepEvent(1, 'open_step', {})
    const { telemetry_id = '' } = manager.telemetry.status()
    const log = readFileSync(join(dirPath, 'telemetry', telemetry_id, 'events.ndjson'), 'utf8')
    expect(log.match(/"type":"student_\w+"/g)).toEqual(['"type":"student_identified"'])
    expect(manager.current?.steps[0]?.ai_interactions).toHaveLength(1)
  })
})

it('a login while it cannot be told whether recording is on counts once it can, also at the first start', async () => {
  const config = join(process.env['XDG_CONFIG_HOME']!, 'learnpack-telemetry')
  mkdirSync(config, { recursive: true })
  writeFileSync(join(config, 'consent.json'), '{')
  const dirPath = join(mkdtempSync(join(tmpdir(), 'telemetry-drop-in-')), '.learn')
  mkdirSync(join(dirPath, '.session'), { recursive: true })
  const manager = open(dirPath)
  const login = { key: 'bc-payload', value: { user_id: 42, token: 'mine' } }
  writeFileSync(join(dirPath, '.session', 'payload'), JSON.stringify(login))
  rmSync(join(config, 'consent.json'))
  manager.registerStepEvent(0, 'open_step', {})
  expect(manager.telemetry.status()).toMatchObject({ student: 42, recorded: 3 })
})

describe('a host without a session file', () => {
  it('decides by setStudent alone, also before the start and over restarts', async () => {
    const { got, urls, origin } = await receiver()
    const { dirPath } = course()
    const manager = createManaged({ allowedOrigins: [origin] })
    onTestFinished(() => manager.close())
    manager.setStudent({ user_id: 42, token: 'of-the-host' })
    void manager.start('vscode', steps, dirPath, 'intro')
    manager.urls = urls
    manager.registerStepEvent(0, 'open_step', {})
    await vi.waitFor(() => expect(events(got)).toHaveLength(1))
    expect(new Set(got.map(({ token }) => token))).toEqual(new Set(['Token of-the-host']))
    await manager.close()
    got.splice(0)
    const next = open(dirPath)
    next.urls = urls
    next.registerStepEvent(1, 'open_step', {})
    await vi.waitFor(() => expect(events(got)).toHaveLength(1))
    expect(students(got)).toEqual([42])
  })
})

describe('the token', () => {
  it('is the one in the session file at the moment of the request', async () => {
    const { got, urls, origin } = await receiver()
    const { dirPath, login } = course()
    login(42, 'first')
    const manager = open(dirPath, { allowedOrigins: [origin] })
    manager.urls = urls
    manager.registerStepEvent(0, 'open_step', {})
    await vi.waitFor(() => expect(events(got)).toHaveLength(1))
    await settled(manager)
    expect(new Set(got.map(({ token }) => token))).toEqual(new Set(['Token first']))
    got.splice(0)
    login(42, 'second')
    manager.registerStepEvent(1, 'open_step', {})
    await vi.waitFor(() => expect(events(got)).toHaveLength(1))
    expect(new Set(got.map(({ token }) => token))).toEqual(new Set(['Token second']))
  })

  it('is in no file that is written, and in nothing that is said', async () => {
    const { got, urls } = await receiver(() => 401)
    const { dirPath, login } = course()
    login(42, 'a-very-secret-token')
    const manager = open(dirPath)
    const said: unknown[] = []
    for (const event of ['paused', 'fault', 'noticed', 'refused'] as const)
      manager.telemetry.on(event, (...args: unknown[]) => void said.push(args))
    manager.urls = urls
    manager.registerStepEvent(0, 'open_step', {})
    await vi.waitFor(() => expect(got.length).toBeGreaterThan(1))
    await settled(manager)
    await manager.close()
    expect(got.every(({ token }) => token === undefined)).toBe(true)
    expect(JSON.stringify(said)).not.toContain('a-very-secret-token')
    expect(said).not.toEqual([])
    const { telemetry_id = '' } = manager.telemetry.status()
    for (const name of ['events.ndjson', 'cursors'])
      expect(JSON.stringify(contentOf(join(dirPath, 'telemetry', telemetry_id, name)))).not.toContain(
        'a-very-secret-token',
      )
  })
})

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
