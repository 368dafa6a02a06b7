// flush and dead-letters, against a real receiver whose answers the test decides.

import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTelemetry, type CourseInput } from '@learnpack/telemetry-core'
import { nodePorts, openCourseFolder } from '@learnpack/telemetry-transport-file'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { main } from '../src/cli'
import { choose } from '../src/consent/consent'
import { createTelemetryManager } from '../src/index'
import { machineId } from '../src/logins/machine-id'
import { hostSession } from './learnpack-host'

const course: CourseInput = {
  slug: 'intro',
  agent: 'os',
  steps: [0, 1].map((position) => ({ slug: `step-${position}`, position })),
}

interface Asked {
  readonly path: string
  readonly id: string
  readonly body: string
  readonly token: string | undefined
}

async function receiver() {
  const asked: Asked[] = []
  const answers = { status: (_: Asked): number => 200 }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const one = {
        path: request.url ?? '',
        id: String(request.headers['webhook-id']),
        body: Buffer.concat(chunks).toString(),
        token: request.headers.authorization,
      }
      asked.push(one)
      response.writeHead(answers.status(one)).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { asked, answers, telemetry: { batch: `${url}/batch`, stream: `${url}/stream` } }
}

/** A course in which two steps were opened, by a student who is still logged in. */
async function recorded(telemetryConfig: object, { loggedIn = true } = {}): Promise<string> {
  const path = mkdtempSync(join(tmpdir(), 'telemetry-flush-'))
  writeFileSync(join(path, 'learn.json'), JSON.stringify({ slug: 'intro', telemetry: telemetryConfig }))
  const storage = openCourseFolder(join(path, '.learn'))
  const telemetry = createTelemetry({
    storage,
    ...nodePorts,
    machine: machineId,
  })
  telemetry.start(course)
  telemetry.identify(42)
  telemetry.record(0, 'open_step')
  telemetry.record(1, 'open_step')
  if (!loggedIn) telemetry.clear()
  await telemetry.close()
  storage.close()
  return path
}

async function run(...args: string[]) {
  let out = ''
  let err = ''
  const code = await main(args, { out: (text) => (out += text), err: (text) => (err += text) })
  return { code, out, err }
}

describe('learnpack-telemetry flush', () => {
  it('delivers what waits, and then there is nothing more to deliver', async () => {
    const { asked, telemetry } = await receiver()
    const path = await recorded(telemetry)
    expect(JSON.parse((await run('status', path, '--json')).out)).toMatchObject({
      telemetries: [
        {
          destinations: [
            { delivered: 0, waiting: 1 },
            { delivered: 0, waiting: 2 },
          ],
        },
      ],
    })
    const first = await run('flush', path)
    expect(first).toMatchObject({ code: 0, err: '' })
    expect(first.out).toContain(`http-stream ${telemetry.stream}: 2 delivered, 0 waiting\n`)
    expect(first.out).toContain(`http-batch ${telemetry.batch}: 1 delivered, 0 waiting\n`)
    expect(asked.map((one) => one.path).sort()).toEqual(['/batch', '/stream', '/stream'])
    expect(await run('flush', path)).toMatchObject({ code: 0 })
    expect(asked).toHaveLength(3)
    expect((await run('status', path)).out).toContain(
      `destination     http-stream ${telemetry.stream}: 2 delivered, 0 waiting\n`,
    )
    expect(readFileSync(join(path, '.learn', 'telemetry.json'), 'utf8')).toContain('"user_id":42')
  })

  it('says what still waits, and why', async () => {
    const { answers, telemetry } = await receiver()
    const path = await recorded({ stream: telemetry.stream })
    answers.status = () => 503
    const { code, out, err } = await run('flush', path)
    expect({ code, err }).toEqual({ code: 1, err: 'learnpack-telemetry: something still waits, see above\n' })
    expect(out).toMatch(/: 0 delivered, 2 waiting, next attempt at 20\S+Z: answered 503\n$/)
  })

  it('sends nothing more once recording is switched off', async () => {
    vi.stubEnv('XDG_CONFIG_HOME', mkdtempSync(join(tmpdir(), 'telemetry-config-')))
    onTestFinished(() => void vi.unstubAllEnvs())
    const { asked, answers, telemetry } = await receiver()
    const path = await recorded({ stream: telemetry.stream })
    answers.status = () => {
      choose(false, path)
      return 200
    }
    expect(await run('flush', path)).toMatchObject({ code: 1 })
    expect(asked).toHaveLength(1)
  })

  it('sends nothing of a student who is not logged in', async () => {
    const { asked, telemetry } = await receiver()
    const path = await recorded(telemetry, { loggedIn: false })
    expect(await run('flush', path)).toMatchObject({
      code: 1,
      err: 'learnpack-telemetry: nothing is sent while the student whose telemetry this is is not logged in\n',
    })
    expect(asked).toEqual([])
  })

  it('leaves it to the process that is recording', async () => {
    const { asked, telemetry } = await receiver()
    const path = await recorded(telemetry)
    const other = openCourseFolder(join(path, '.learn'))
    expect(other.lease.acquire()).toBeDefined()
    expect(await run('flush', path)).toMatchObject({
      code: 1,
      err: 'learnpack-telemetry: another process is recording in this folder and delivers by itself\n',
    })
    other.close()
    expect(asked).toEqual([])
  })

  it('says what is wrong with learn.json, and uses the rest of it', async () => {
    const { asked, telemetry } = await receiver()
    const path = await recorded({ stream: 'some-url', batch: telemetry.batch })
    const { code, err } = await run('flush', path)
    expect(code).toBe(0)
    expect(err).toBe(
      `${join(path, 'learn.json')}: telemetry.stream: expected an absolute http:// or https:// URL without a password (found "some-url"); nothing is sent there, recording goes on locally\n`,
    )
    expect(asked).toHaveLength(1)
  })

  it.each(['{', '{"telemetry":1}'])('a learn.json that is %s is no success', async (text) => {
    const { asked, telemetry } = await receiver()
    const path = await recorded(telemetry)
    writeFileSync(join(path, 'learn.json'), text)
    const { code, err } = await run('flush', path)
    expect(code).toBe(1)
    expect(err).toContain(join(path, 'learn.json'))
    expect(err).toMatch(
      /\nlearnpack-telemetry: learn\.json names nowhere to send to, see above; nothing was sent\n$/,
    )
    expect(asked).toEqual([])
  })

  it.each([['flush'], ['dead-letters', 'resend']])(
    '%s %s without the token of the host pauses nothing for the host',
    async (...command) => {
      const { answers, asked, telemetry } = await receiver()
      const path = await recorded({ stream: telemetry.stream })
      answers.status = () => 422
      await run('flush', path)
      // A receiver that wants a token, which only the host may send.
      answers.status = ({ token }) => (token === 'Token host' ? 200 : 401)
      await run(...command.filter(Boolean), path)
      asked.splice(0)
      const manager = createTelemetryManager({ allowedOrigins: [new URL(telemetry.stream).origin] })
      onTestFinished(() => manager.close())
      manager.urls = telemetry
      void manager.start('os', course.steps, join(path, '.learn'), 'intro')
      manager.registerStepEvent(0, 'open_step', {})
      manager.setStudent({ user_id: 42, token: 'host' })
      await vi.waitFor(() => expect(asked.filter(({ token }) => token === 'Token host')).not.toEqual([]))
    },
  )

  it('sends the token of the session file to an origin that the user allowed, and says which command would', async () => {
    const { answers, asked, telemetry } = await receiver()
    const { origin } = new URL(telemetry.stream)
    const path = await recorded({ stream: telemetry.stream })
    const login = await hostSession(path)
    await login.login(42, 'mine')
    answers.status = ({ token }) => (token === 'Token mine' ? 200 : 401)
    const refused = await run('flush', path)
    expect(refused.code).toBe(1)
    expect(refused.out).toContain(
      `answered 401; if you trust it with your token: learnpack-telemetry allow ${origin}\n`,
    )
    expect(asked.map(({ token }) => token)).toEqual([undefined])
    expect(await run('allow', telemetry.stream)).toMatchObject({ code: 0 })
    onTestFinished(async () => void (await run('disallow', origin)))
    expect(await run('flush', path)).toMatchObject({ code: 0, err: '' })
    expect(asked.slice(1).map(({ token }) => token)).toEqual(['Token mine', 'Token mine'])
  })
})

describe('learnpack-telemetry dead-letters', () => {
  it('lists what was refused, and sends it again', async () => {
    const { asked, answers, telemetry } = await receiver()
    const path = await recorded({ stream: telemetry.stream })
    answers.status = ({ body }) => (body.includes('"step-0"') ? 422 : 200)
    expect((await run('flush', path)).out).toContain('1 delivered, 0 waiting, 1 dead letters')
    const [letter] = JSON.parse((await run('dead-letters', 'list', path, '--json')).out) as { id: string }[]
    expect(letter).toMatchObject({
      destination: `http-stream ${telemetry.stream}`,
      reason: 'answered 422',
      id: asked[0]!.id,
    })
    expect((await run('dead-letters', 'list', path)).out).toMatch(
      new RegExp(`^${letter!.id}  20\\S+Z  http-stream ${telemetry.stream}: answered 422\n$`),
    )

    expect(await run('dead-letters', 'resend', path, 'nobody')).toMatchObject({
      code: 1,
      err: 'learnpack-telemetry: only 0 of these ids are dead letters of a configured destination\n',
    })
    expect(await run('dead-letters', 'resend', path, letter!.id)).toMatchObject({ code: 1 })
    answers.status = () => 200
    expect(await run('dead-letters', 'resend', path)).toMatchObject({ code: 0 })
    expect(asked.at(-1)).toEqual(asked[0])
    expect((await run('dead-letters', 'list', path)).out).toBe('no dead letters\n')
    expect((await run('flush', path)).out).toContain('2 delivered, 0 waiting\n')
  })

  it('sends nothing where it is given an id that is none', async () => {
    const { asked, telemetry } = await receiver()
    const path = await recorded(telemetry)
    expect(await run('dead-letters', 'resend', path, 'nobody')).toMatchObject({ code: 1 })
    expect(asked).toEqual([])
  })

  it('has a help for each of its commands', async () => {
    expect((await run('dead-letters', '--help')).out).toMatch(/list[^]+resend/)
    expect((await run('dead-letters')).code).toBe(2)
    expect((await run('dead-letters', 'resend', '--help')).out).toContain('[ids...]')
  })
})

it('--debug says what happens on stderr; without it nothing is said', async () => {
  const { answers, telemetry } = await receiver()
  answers.status = ({ path }) => (path === '/batch' ? 401 : 200)
  const path = await recorded(telemetry)
  const { out, err } = await run('flush', path, '--debug')
  expect(err).toMatch(/^delivered \S+ to http-stream /m)
  expect(err).toMatch(/^not delivered \S+ to http-batch \S+, paused: answered 401; /m)
  expect(out).not.toContain('delivered 0')
  expect((await run('flush', path)).err).toMatch(/^learnpack-telemetry: [^\n]*\n$/)
})
