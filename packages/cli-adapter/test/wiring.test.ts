// What the plugin and `embed` share: who is logged in, also between two starts, and what follows from it.

import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openCourseFolder } from '@learnpack/telemetry-transport-file'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { main } from '../src/cli'
import { choose } from '../src/consent/consent'
import { findLog } from '../src/reading/find-log'
import { courseOf } from '../src/host/host-course'
import { readHostSession } from '../src/logins/host-session'
import { createManaged } from '../src/host/manager'
import { wire } from '../src/host/wiring'
import { digestOf } from './digest'
import { startedBefore } from './started-before'

const exercises = ['00-hello', '01-add'].map((slug, position) => ({
  slug,
  position,
  files: [],
  graded: false,
}))
const SECRET = 'secret-token'

/** A receiver that takes everything. */
async function receiver() {
  const asked: (string | undefined)[] = []
  const server = createServer((request, response) => {
    asked.push(request.url)
    request.resume()
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { asked, telemetry: { stream: `${url}/s`, batch: `${url}/b` } }
}

function course() {
  const path = mkdtempSync(join(tmpdir(), 'telemetry-wiring-'))
  const dirPath = join(path, '.learn')
  mkdirSync(join(dirPath, '.session'), { recursive: true })
  startedBefore(dirPath)
  const stored = join(dirPath, '.session', 'abc')
  return {
    path,
    dirPath,
    login: (user_id: unknown, token: unknown = SECRET) =>
      writeFileSync(stored, JSON.stringify({ key: 'bc-payload', value: { user_id, token, email: 'a@b.c' } })),
    logout: () => rmSync(stored, { force: true }),
    session: (text: string) => writeFileSync(stored, text),
    /** As if the login had been stored that long ago, ms. */
    age: (ms: number) => utimesSync(stored, new Date(Date.now() - ms), new Date(Date.now() - ms)),
  }
}

/** Lets time pass on the clock that cannot be set, ms. */
function passing(): (ms: number) => void {
  const { now } = performance
  let passed = 0
  vi.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + passed)
  onTestFinished(() => void vi.restoreAllMocks())
  return (ms) => void (passed += ms)
}

/** One run of a host. */
function started(dirPath: string, status: number, allowedOrigins: string[] = []) {
  const asked: { url: string; body: Record<string, unknown>; authorization: string | null }[] = []
  const wiring = wire(
    {
      allowedOrigins,
      fetch: async (url, init) => {
        const authorization = new Headers(init?.headers).get('authorization')
        asked.push({
          url: String(url),
          body: JSON.parse(String(init?.body)) as Record<string, unknown>,
          authorization,
        })
        return new Response(null, { status })
      },
    },
    { logins: true },
  )
  onTestFinished(() => wiring.manager.close())
  const telemetry = { stream: 'https://school.example/s', batch: 'https://school.example/b' }
  wiring.start({ config: { slug: 'intro', dirPath, telemetry }, exercises })
  return {
    wiring,
    asked,
    async settled() {
      // What is sent in the turn of the start itself is sent before anybody asks for more.
      await new Promise((resolve) => setImmediate(resolve))
      await wiring.manager.telemetry.settled()
    },
  }
}

describe('who is logged in', () => {
  it('a logout between two starts: nothing of theirs is sent', async () => {
    const { dirPath, login, logout } = course()
    login(42)
    const first = started(dirPath, 400)
    first.wiring.requested({ method: 'GET', url: '/exercise/00-hello' })
    await first.wiring.manager.close()
    logout()
    const second = started(dirPath, 200)
    await second.settled()
    expect(second.asked).toEqual([])
    expect(second.wiring.manager.telemetry.state().student).toBeUndefined()
  })

  it('another student between two starts: only their own work is sent', async () => {
    const { dirPath, login } = course()
    login(1)
    const first = started(dirPath, 503)
    first.wiring.requested({ method: 'GET', url: '/exercise/00-hello' })
    await first.wiring.manager.close()
    login(2, 'another')
    const second = started(dirPath, 200)
    await second.settled()
    expect(new Set(second.asked.map(({ body }) => body['user_id']))).toEqual(new Set([2]))
  })

  it('who logged in again between two starts ends a pause; who only started again does not', async () => {
    const { dirPath, login, age } = course()
    login(42)
    age(60_000)
    const first = started(dirPath, 401)
    await first.settled()
    expect(first.asked.length).toBeGreaterThan(0)
    await first.wiring.manager.close()
    const second = started(dirPath, 200)
    await second.settled()
    expect(second.asked).toEqual([])
    await second.wiring.manager.close()
    login(42, 'a new token')
    age(-1_000)
    const third = started(dirPath, 200)
    await third.settled()
    expect(third.asked.length).toBeGreaterThan(0)
  })

  it('the token goes to allowed origins, also of who was logged in before', async () => {
    const { dirPath, login, age } = course()
    login(42)
    age(60_000)
    await started(dirPath, 200).wiring.manager.close()
    const { asked, wiring, settled } = started(dirPath, 200, ['https://school.example'])
    wiring.requested({ method: 'GET', url: '/exercise/00-hello' })
    await settled()
    expect(new Set(asked.map(({ authorization }) => authorization))).toEqual(new Set([`Token ${SECRET}`]))
  })

  it('a session that is being written tells nothing; a payload without a user or a token is nobody', () => {
    const { dirPath, login, session } = course()
    login(42)
    const { wiring } = started(dirPath, 200)
    const student = () => (wiring.manager.checkLogin(), wiring.manager.telemetry.state().student)
    expect(student()).toBe(42)
    for (const text of ['', '{"key":"bc-pay', 'null{']) {
      session(text)
      expect(student()).toBe(42)
    }
    login(null)
    expect(student()).toBeUndefined()
    login(42, '')
    expect(student()).toBeUndefined()
    login(7)
    expect(student()).toBe(7)
  })

  it('files that are no session, as systems leave them in any folder, tell nothing and hide nobody', () => {
    const { dirPath, login, logout } = course()
    writeFileSync(join(dirPath, '.session', '.DS_Store'), '\0\0Bud1')
    login(42)
    const { wiring } = started(dirPath, 200)
    const student = () => (wiring.manager.checkLogin(), wiring.manager.telemetry.state().student)
    expect(student()).toBe(42)
    logout()
    expect(student()).toBeUndefined()
  })

  it('a login that is refused changes no token', async () => {
    const { dirPath, login } = course()
    login(1, 'of-one')
    const { asked, wiring, settled } = started(dirPath, 200, ['https://school.example'])
    wiring.manager.setStudent({ user_id: null, token: 'of-two' } as never)
    wiring.requested({ method: 'GET', url: '/exercise/00-hello' })
    await settled()
    expect(new Set(asked.map(({ authorization }) => authorization))).toEqual(new Set(['Token of-one']))
  })

  it('flush and resend send nothing of a student who has logged out at the host', async () => {
    const { path, dirPath, login, logout, session } = course()
    const { telemetry, asked } = await receiver()
    writeFileSync(join(path, 'learn.json'), JSON.stringify({ telemetry }))
    login(42)
    const { wiring } = started(dirPath, 503)
    wiring.requested({ method: 'GET', url: '/exercise/00-hello' })
    await wiring.manager.close()
    logout()
    const said = async (...command: string[]) => {
      let err = ''
      await main([...command, path], { out: () => {}, err: (text) => (err += text) })
      return err
    }
    const loggedOut = 'learnpack-telemetry: nothing is sent: student 42 is no longer logged in\n'
    expect(await said('flush')).toBe(loggedOut)
    expect(await said('dead-letters', 'resend')).toBe(loggedOut)
    session('{"key":"bc-pay')
    const unknown = `it cannot be told who is logged in (${join(dirPath, '.session')} cannot be read)\n`
    expect(await said('flush')).toBe(`learnpack-telemetry: nothing is sent: ${unknown}`)
    expect(await said('debug')).toBe(`nothing would be sent: ${unknown}`)
    expect(asked).toEqual([])
  })
})

it('a session that cannot be looked at tells nothing, one that is not there that nobody is logged in', () => {
  const dirPath = mkdtempSync(join(tmpdir(), 'telemetry-session-'))
  expect(readHostSession(dirPath)).toBeNull()
  writeFileSync(join(dirPath, '.session'), 'no folder')
  expect(readHostSession(dirPath)).toBeUndefined()
})

describe('a running host', () => {
  it('whose next session cannot be started goes on with it at the next event', () => {
    const manager = createManaged()
    onTestFinished(() => manager.close())
    void manager.start('os', courseOf({ exercises }).steps, course().dirPath, 'intro')
    vi.spyOn(manager.telemetry, 'start').mockReturnValueOnce({ ok: false, reason: 'the disk is full' })
    manager.finishWorkoutSession()
    manager.registerStepEvent(0, 'open_step', {})
    expect(manager.current).toMatchObject({
      workout_session: [{}, {}],
      steps: [{ opened_at: expect.any(Number) as number }, {}],
    })
  })

  it('whose folder is purged writes nothing more of the session at its end', async () => {
    const { dirPath } = course()
    const { wiring } = started(dirPath, 200)
    wiring.requested({ method: 'GET', url: '/exercise/00-hello' })
    await wiring.manager.telemetry.idle()
    rmSync(join(dirPath, 'telemetry'), { recursive: true })
    rmSync(join(dirPath, 'telemetry.json'))
    await wiring.manager.close()
    expect(readdirSync(dirPath)).toEqual(['.session'])
  })

  it('in which recording is switched off records nothing from then on', async () => {
    vi.stubEnv('XDG_CONFIG_HOME', mkdtempSync(join(tmpdir(), 'telemetry-config-')))
    onTestFinished(() => void vi.unstubAllEnvs())
    const { path, dirPath } = course()
    const { wiring } = started(dirPath, 200)
    const events = () => wiring.manager.telemetry.status().log.events
    wiring.requested({ method: 'GET', url: '/exercise/00-hello' })
    wiring.manager.telemetry.state()
    const before = events()
    choose(false, join(path, '.learn'))
    wiring.requested({ method: 'GET', url: '/exercise/01-add' })
    wiring.manager.setStudent({ user_id: 7 })
    wiring.manager.finishWorkoutSession()
    await wiring.manager.close()
    expect(events()).toBe(before)
  })

  it('in which recording is switched off sends and writes nothing from then on, whoever asks for it', async () => {
    vi.stubEnv('XDG_CONFIG_HOME', mkdtempSync(join(tmpdir(), 'telemetry-config-')))
    onTestFinished(() => void vi.unstubAllEnvs())
    const { path, dirPath } = course()
    const pass = passing()
    const asked: unknown[] = []
    const manager = createManaged({
      fetch: async (url) => (asked.push(url), new Response(null, { status: 503 })),
    })
    manager.urls = { stream: 'https://school.example/s', batch: 'https://school.example/b' }
    void manager.start('os', courseOf({ exercises }).steps, dirPath, 'intro')
    manager.setStudent({ user_id: 42 })
    manager.registerStepEvent(0, 'open_step', {})
    await manager.telemetry.idle()
    expect(asked).toHaveLength(2)
    const again = async () => {
      // Whatever waited for another attempt is due.
      pass(3_600_000)
      await manager.submit()
      await manager.telemetry.settled()
    }
    await again()
    expect(asked).toHaveLength(4)
    // The lease is let go of by a rename, which the time of its folder shows.
    const isLease = (name: string): boolean => name.includes('lease-') || name === join(dirPath, 'telemetry')
    const kept = () => Object.entries(digestOf(path)).filter(([name]) => !isLease(name))
    const before = kept()
    choose(false, path)
    await again()
    manager.save()
    expect(manager.import({ ...manager.current, tutorial_started_at: 1 })).toEqual({
      ok: false,
      reason: 'recording is switched off',
    })
    manager.registerStepEvent(1, 'open_step', {})
    await again()
    await manager.close()
    expect(asked).toHaveLength(4)
    expect(kept()).toEqual(before)
    // Whoever comes next need not wait for a process that is gone.
    const folder = openCourseFolder(dirPath)
    expect(folder.lease.holder()).toBeUndefined()
    folder.close()
  })

  it('that is idle while the choice cannot be read goes on after it', async () => {
    const config = mkdtempSync(join(tmpdir(), 'telemetry-config-'))
    vi.stubEnv('XDG_CONFIG_HOME', config)
    onTestFinished(() => void vi.unstubAllEnvs())
    const { dirPath } = course()
    const pass = passing()
    const asked: unknown[] = []
    const manager = createManaged({
      fetch: async (url) => (asked.push(url), new Response(null, { status: 503 })),
    })
    manager.urls = { stream: 'https://school.example/s' }
    void manager.start('os', courseOf({ exercises }).steps, dirPath, 'intro')
    manager.setStudent({ user_id: 42 })
    manager.registerStepEvent(0, 'open_step', {})
    const idle = async () => {
      await manager.telemetry.settled()
      pass(3_600_000)
      await manager.submit()
      await manager.telemetry.settled()
      return asked.length
    }
    const before = await idle()
    mkdirSync(join(config, 'learnpack-telemetry', 'consent.json'), { recursive: true })
    expect(await idle()).toBe(before)
    rmSync(join(config, 'learnpack-telemetry'), { recursive: true })
    expect(await idle()).toBeGreaterThan(before)
    const path = findLog(dirPath)
    const bytes = readFileSync(path, 'utf8').length
    manager.registerStepEvent(1, 'open_step', {})
    expect(readFileSync(path, 'utf8').length).toBeGreaterThan(bytes)
    await manager.close()
  })

  it('records nothing behind a link that the course brought', async () => {
    const { dirPath } = course()
    const elsewhere = mkdtempSync(join(tmpdir(), 'telemetry-elsewhere-'))
    rmSync(join(dirPath, 'telemetry'), { recursive: true })
    symlinkSync(elsewhere, join(dirPath, 'telemetry'))
    const { wiring } = started(dirPath, 200)
    wiring.requested({ method: 'GET', url: '/exercise/00-hello' })
    await wiring.manager.close()
    expect(readdirSync(elsewhere)).toEqual([])
  })

  it("neither records nor deletes in another course that a course's own folder is a link to", async () => {
    const mine = course()
    const recorded = createManaged()
    void recorded.start('os', courseOf({ exercises }).steps, mine.dirPath, 'intro')
    await recorded.close()
    const before = digestOf(mine.path)
    const stranger = mkdtempSync(join(tmpdir(), 'telemetry-stranger-'))
    symlinkSync(mine.dirPath, join(stranger, '.learn'))
    for (const dirPath of [join(stranger, '.learn'), join(stranger, '.learn/')]) {
      const manager = createManaged()
      void manager.start('os', courseOf({ exercises }).steps, dirPath, 'intro')
      manager.registerStepEvent(0, 'open_step', {})
      await manager.close()
    }
    const run = (...args: string[]) => main(args, { out: () => {}, err: () => {} })
    await run('purge', stranger, '--yes')
    expect(digestOf(mine.path)).toEqual(before)
  })

  it('whose login could not be noted at once sends with the token of who it is then', async () => {
    const { dirPath } = course()
    rmSync(join(dirPath, 'telemetry'), { recursive: true })
    const tokens: unknown[] = []
    let ids = 0
    const manager = createManaged({
      allowedOrigins: ['https://school.example'],
      createTelemetryId: () => (ids++ === 0 ? 'a' : 'b').repeat(16),
      fetch: async (_, init) => {
        tokens.push(new Headers(init?.headers).get('authorization'))
        return new Response(null, { status: 204 })
      },
    })
    manager.urls = { stream: 'https://school.example/s' }
    void manager.start('os', courseOf({ exercises }).steps, dirPath, 'intro')
    manager.setStudent({ user_id: 1, token: 'one' })
    const theirs = join(dirPath, 'telemetry', 'b'.repeat(16))
    writeFileSync(theirs, 'no folder')
    manager.setStudent({ user_id: 2, token: 'two' })
    expect(manager.telemetry.status().refused).toBe(1)
    rmSync(theirs)
    manager.registerStepEvent(0, 'open_step', {})
    await manager.telemetry.settled()
    expect(manager.telemetry.state().user_id).toBe(2)
    expect(new Set(tokens)).toEqual(new Set(['Token two']))
    await manager.close()
  })

  it('takes exercises as they come', () => {
    const odd = [
      null,
      { slug: 'a', position: 0, files: null, graded: 'yes' },
      { slug: 'b', position: 1, graded: true },
    ]
    expect(courseOf({ exercises: odd as never }).steps).toEqual([
      { slug: 'a', position: 0, files: [], is_testeable: false },
      { slug: 'b', position: 1, files: [], is_testeable: true },
    ])
  })
})
