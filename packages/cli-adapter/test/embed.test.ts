// Embedded in a real Express or Connect app with a real socket.io server: what it serves, to whom, and that
// nothing of ours gets in the app's way.

import { once } from 'node:events'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, request as httpRequest, type RequestListener } from 'node:http'
import { connect as connectSocket, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Snapshot, Transport } from '@learnpack/telemetry-core'
import connect from 'connect'
import express from 'express'
import { Server } from 'socket.io'
import connectTo from 'socket.io-client'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { choose } from '../src/consent/consent'
import { findLog } from '../src/reading/find-log'
import { embed, type EmbedOptions } from '../src/index'
import { isLocal } from '../src/host/local-request'
import { until } from './learnpack-host'

const exercises = ['00-welcome', '01-hello', '02 ñ'].map((slug, position) => ({
  slug,
  position,
  files: [],
  graded: position === 2,
}))

beforeEach(() => {
  vi.stubEnv('XDG_CONFIG_HOME', mkdtempSync(join(tmpdir(), 'telemetry-config-')))
  onTestFinished(() => void vi.unstubAllEnvs())
})

async function embedded(
  make: typeof express | typeof connect = express,
  options: Partial<EmbedOptions> = {},
) {
  const app = make()
  const server = createServer(app as RequestListener)
  const io = new Server(server, { allowEIO3: true })
  const dirPath = join(mkdtempSync(join(tmpdir(), 'telemetry-embed-')), '.learn')
  const config = { config: { slug: 'intro', dirPath, editor: { agent: 'web' } }, exercises }
  const { manager, close } = embed({ app, io, config, ...options } as EmbedOptions)
  app.use(((_, response) => void response.end('of the app')) as RequestListener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    await close()
    await io.close()
  })
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  return { manager, close, url, port, dirPath }
}

const post = (url: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${url}/telemetry`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  })

/** As fetch, with headers that fetch keeps for itself. */
const raw = (port: number, headers: Record<string, string>, path = '/telemetry') =>
  new Promise<number | undefined>((resolve, reject) => {
    httpRequest({ host: '127.0.0.1', port, path, headers }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
      .on('error', reject)
      .end()
  })

describe.each([
  ['Express', express],
  ['Connect', connect],
])('%s', (_, make) => {
  it('records opened steps and questions to the tutor, and serves telemetry.json', async () => {
    const { manager, url } = await embedded(make as typeof express)
    for (const path of [
      '00-welcome',
      '01-hello?lang=es',
      encodeURIComponent('02 ñ'),
      '01-hello/readme',
      'none',
    ])
      expect(await (await fetch(`${url}/exercise/${path}`)).text()).toBe('of the app')
    await fetch(`${url}/exercise/00-welcome`, { method: 'PUT' })
    manager.setStudent({ user_id: 7 })
    const client = connectTo(url, { transports: ['websocket'] })
    onTestFinished(() => void client.close())
    client.emit('compiler', {
      action: 'ai_interaction',
      data: { stepPosition: 1, eventData: { ai_response: 'A' } },
    })
    client.emit('compiler', { action: 'build', data: {} })
    client.emit('compiler', null)
    await until(() => manager.current?.steps[1]!.ai_interactions.length === 1)
    manager.registerStepEvent(2, 'test', { exitCode: 0 })
    const served = (await (await fetch(`${url}/telemetry`)).json()) as object
    expect(served).toEqual(JSON.parse(JSON.stringify(manager.current)))
    expect(served).toMatchObject({
      slug: 'intro',
      agent: 'web',
      steps: [
        { opened_at: expect.any(Number) as number, is_testeable: false },
        { opened_at: expect.any(Number) as number, ai_interactions: [{ ai_response: 'A' }] },
        { opened_at: expect.any(Number) as number, tests: [{ exit_code: 0 }], is_testeable: true },
      ],
    })
  })
})

describe('POST /telemetry', () => {
  it('takes a file of this telemetry in, as an import', async () => {
    const { manager, url } = await embedded()
    const opened = { ...manager.current!.steps[1]!, opened_at: 5, tests: [{ exit_code: 1, starting_at: 6 }] }
    const response = await post(url, { ...manager.current, steps: [opened] })
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual(JSON.parse(JSON.stringify(manager.current)))
    expect(manager.current?.steps[1]).toMatchObject({ opened_at: 5, tests: [{ starting_at: 6 }] })
  })

  it('appends nothing for what GET just gave, in any order, but one attempt more', async () => {
    const { manager, url, dirPath } = await embedded()
    manager.registerStepEvent(1, 'compile', { stdout: 'x', exitCode: 0 })
    const bytes = () => readFileSync(findLog(dirPath)).length
    const before = bytes()
    const get = async () => (await (await fetch(`${url}/telemetry`)).json()) as Snapshot
    const given = await get()
    for (const body of [given, Object.fromEntries(Object.entries(given).reverse())]) {
      const response = await post(url, body)
      expect([response.status, await response.json()]).toEqual([200, given])
    }
    expect(bytes()).toBe(before)
    const [first, second, third] = given.steps
    const more = { ...second!, tests: [{ exit_code: 0, starting_at: 7, ended_at: 8 }] }
    expect((await post(url, { ...given, steps: [first, more, third] })).status).toBe(200)
    const after = bytes()
    expect(after).toBeGreaterThan(before)
    const united = await get()
    expect(united.steps[1]).toMatchObject({ tests: [{ starting_at: 7 }], compilations: [{ exit_code: 0 }] })
    expect((await post(url, united)).status).toBe(200)
    expect(bytes()).toBe(after)
  })

  it.each<[number, RegExp, unknown, Record<string, string>]>([
    [409, /telemetry_id/, { telemetry_id: 'another000000000', steps: [] }, {}],
    [409, /telemetry_id/, null, {}],
    [400, /steps/, 'mine', {}],
    [400, /not JSON/, '{"telemetry_id":', {}],
    [415, /application\/json/, {}, { 'content-type': 'text/plain' }],
    [413, /33554432 bytes/, 'x'.repeat(33 * 1024 * 1024), {}],
  ])('refuses with %i: %s', async (status, reason, body, headers) => {
    const { manager, url } = await embedded()
    const before = manager.current
    const mine = { telemetry_id: before!.telemetry_id, steps: 'none' }
    const response = await post(url, body === 'mine' ? mine : body, headers)
    expect(response.status).toBe(status)
    expect(((await response.json()) as { error: string }).error).toMatch(reason)
    expect(manager.current).toEqual(before)
  })

  it('takes nothing in while recording is switched off', async () => {
    const { manager, url, dirPath } = await embedded()
    const before = manager.current!
    choose(false, dirPath)
    const response = await post(url, { ...before, steps: [{ ...before.steps[1]!, opened_at: 5 }] })
    expect([response.status, await response.json()]).toEqual([
      400,
      { error: 'telemetry: recording is switched off' },
    ])
    expect(manager.current).toEqual(before)
  })

  it('reads what a body parser has read already', async () => {
    const app = express()
    app.use(express.json())
    const { manager, url } = await embedded((() => app) as unknown as typeof express)
    expect((await post(url, { ...manager.current, steps: [] })).status).toBe(200)
  })
})

describe('the web editor of LearnPack 5', () => {
  const recorded = JSON.parse(
    readFileSync(new URL('../../core/test/fixtures/learnpack5-sessions.json', import.meta.url), 'utf8'),
  ) as { name: string; posts: { at: number; body: Record<string, unknown> }[] }[]
  const got = async (url: string) => (await (await fetch(`${url}/telemetry`)).json()) as unknown

  it.each(recorded.filter(({ name }) => !name.startsWith('a second student')))(
    '$name: is given null, and then what it posted',
    async ({ posts }) => {
      const { url, port, dirPath } = await embedded(express, { redaction: false })
      await raw(port, { host: `localhost:${port}` }, '/exercise/00-welcome')
      expect(await got(url)).toBeNull()
      for (const { body } of posts) {
        const { fullname: _, ...file } = body
        const response = await post(url, body)
        expect([response.status, await response.json()]).toEqual([200, file])
        expect(await got(url)).toEqual(file)
      }
      const before = readFileSync(findLog(dirPath)).length
      await raw(port, { host: `localhost:${port}` }, '/exercise/01-hello')
      await post(url, posts.at(-1)!.body)
      expect(readFileSync(findLog(dirPath)).length).toBe(before)
    },
  )

  it('is given after a restart of the host what it posted before', async () => {
    const first = await embedded(express, { redaction: false })
    const { posts } = recorded[0]!
    for (const { body } of posts) await post(first.url, body)
    const { fullname: _, ...file } = posts.at(-1)!.body
    await first.close()
    const app = express()
    const config = { config: { slug: 'intro-js', dirPath: first.dirPath, editor: { agent: 'vscode' } } }
    const steps = (file['steps'] as typeof exercises).map(({ slug, position }) => ({
      slug,
      position,
      files: [],
    }))
    const again = embed({ app, config: { ...config, exercises: steps }, redaction: false } as never)
    const server = app.listen(0, '127.0.0.1')
    onTestFinished(async () => {
      await again.close()
      server.close()
    })
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const given = (await got(url)) as typeof file & { workout_session: object[] }
    expect(given.workout_session).toHaveLength(1)
    expect((given['steps'] as object[]).map((step) => ({ ...step, files: 0, is_testeable: 0 }))).toEqual(
      (file['steps'] as object[]).map((step) => ({ ...step, files: 0, is_testeable: 0 })),
    )
    const response = await post(url, posts.at(-1)!.body)
    expect([response.status, await response.json()]).toEqual([200, file])
  })
})

describe('who is answered', () => {
  it('this machine, by one of its names, and no page of another origin', async () => {
    const { port } = await embedded()
    const host = `127.0.0.1:${port}`
    const asked = (headers: Record<string, string>) => raw(port, { host, ...headers })
    expect(await asked({})).toBe(200)
    expect(await asked({ origin: `http://${host}` })).toBe(200)
    expect(await asked({ host: `localhost:${port}`, 'sec-fetch-site': 'same-origin' })).toBe(200)
    expect(await asked({ host: `[::1]:${port}` })).toBe(200)
    for (const headers of [
      { host: `rebound.example:${port}` },
      { host: `127.0.0.1.rebound.example:${port}` },
      { host: 'localhost.rebound.example' },
      { origin: 'https://elsewhere.example' },
      { origin: `http://localhost:${port}` },
      { origin: 'http://127.0.0.1:1' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ]) {
      expect([headers, await asked(headers)]).toEqual([headers, 403])
    }
  })

  it.each([
    'Forwarded',
    'Via',
    'X-Forwarded-For',
    'X-Forwarded-Host',
    'X-Forwarded-Proto',
    'X-Forwarded-Server',
    'X-Forwarded',
    'X-Original-Host',
    'X-Real-IP',
    'X-Client-IP',
    'X-Cluster-Client-IP',
    'True-Client-IP',
    'Fastly-Client-IP',
    'Fly-Client-IP',
    'CF-Connecting-IP',
    'CF-Ray',
    'CDN-Loop',
    'X-Envoy-External-Address',
    'X-Amzn-Trace-Id',
    'X-ARR-LOG-ID',
    'X-Azure-ClientIP',
    'X-AppEngine-User-IP',
  ])('nobody behind a proxy that sets a loopback Host and says %s', async (name) => {
    const { port } = await embedded()
    expect(await raw(port, { host: 'localhost:3000', [name]: '1' })).toBe(403)
  })

  it('nobody behind a proxy that says nothing, where it shows', async () => {
    const { port } = await embedded()
    const nginx = connectSocket(port, '127.0.0.1')
    nginx.write('GET /telemetry HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    const [answer] = (await once(nginx, 'data')) as [Buffer]
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 403 /)
    const host = `localhost:${port}`
    const own = { host, 'sec-fetch-site': 'same-origin' }
    expect(await raw(port, { ...own, referer: `http://${host}/index.html` })).toBe(200)
    for (const referer of ['https://school.example/', `http://localhost:1/${host}`, `//${host}/`])
      expect([referer, await raw(port, { ...own, referer })]).toEqual([referer, 403])
  })

  it('nobody from the network', () => {
    const from = (remoteAddress: string) =>
      isLocal({ socket: { remoteAddress }, headers: { host: 'localhost' } } as never)
    expect(['127.0.0.1', '::1', '::ffff:127.0.0.1', '127.9.9.9'].map(from)).toEqual([true, true, true, true])
    expect(['192.168.1.7', '::ffff:10.0.0.1', 'fe80::1', '', '1270.0.0.1'].map(from)).toEqual(
      Array(5).fill(false),
    )
  })

  it('other methods: 405', async () => {
    const { url } = await embedded()
    const response = await fetch(`${url}/telemetry`, { method: 'DELETE' })
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, POST'])
  })
})

describe('a step is opened', () => {
  const step = '/exercise/00-welcome'
  const opens = async (headers: Record<string, string>) => {
    const { port, manager } = await embedded()
    expect(await raw(port, { host: `localhost:${port}`, ...headers }, step)).toBe(200)
    return manager.current?.steps[0]?.opened_at !== undefined
  }

  it.each<[string, Record<string, string>]>([
    ['the editor', { 'sec-fetch-site': 'same-origin', referer: 'http://localhost/' }],
    [
      'the editor in Codespaces or Gitpod',
      {
        host: 'localhost',
        'sec-fetch-site': 'same-origin',
        'x-forwarded-host': 'x-3000.app.github.dev',
        referer: 'https://x-3000.app.github.dev/',
      },
    ],
    [
      'the editor by a name of the network, behind a proxy, in clear',
      { host: 'localhost', 'x-forwarded-for': '10.0.0.7', referer: 'http://classroom.example/' },
    ],
    ['an old browser by a name of the network', { host: 'classroom', referer: 'http://classroom/#00' }],
    ['whoever types the address', { 'sec-fetch-site': 'none' }],
    ['the webview of VS Code', { 'sec-fetch-site': 'cross-site', origin: 'vscode-webview://1a2b' }],
    ['a program', { 'sec-fetch-mode': 'cors' }],
  ])('by %s', async (_, headers) => {
    expect(await opens(headers)).toBe(true)
  })

  it.each<[string, Record<string, string>]>([
    ['an image', { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'image' }],
    ['another port of this machine', { 'sec-fetch-site': 'same-site' }],
    ['a link', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }],
    ['fetch with CORS', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    ['an old browser', { origin: 'https://evil.example' }],
    ['a sandboxed frame of an old browser', { origin: 'null' }],
    ['an old browser that says where from', { referer: 'https://evil.example/' }],
    ['a web page that looks like VS Code', { origin: 'https://vscode-webview.evil.example' }],
  ])('by no other page: %s', async (_, headers) => {
    expect(await opens(headers)).toBe(false)
  })
})

describe('an app', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'telemetry-file-')), 'file')
  writeFileSync(file, '')
  const impossible = join(file, '.learn')
  const rejecting: Transport = {
    name: 'rejecting',
    wants: 'events',
    deliver: () => Promise.reject(new Error('no')),
  }
  const throwing: Transport = {
    name: 'throwing',
    wants: 'snapshots',
    deliver() {
      throw new Error('no')
    },
    close() {
      throw new Error('neither')
    },
  }

  it.each<[string, Partial<EmbedOptions>]>([
    ['transports that throw and reject', { transports: [rejecting, throwing] }],
    [
      'a redactor that throws',
      {
        redaction() {
          throw new Error('no')
        },
      },
    ],
    ['exercises that are none', { config: { config: { dirPath: impossible }, exercises: 7 } as never }],
    ['a folder that cannot be made', { config: { config: { dirPath: impossible }, exercises } as never }],
  ])('goes on with %s', async (_, options) => {
    const { url, manager, close } = await embedded(express, { logins: false, ...options })
    expect(await (await fetch(`${url}/exercise/00-welcome`)).text()).toBe('of the app')
    manager.setStudent({ user_id: 1 })
    manager.registerStepEvent(0, 'compile', { stdout: 'x' })
    await close()
    expect([200, 404]).toContain((await fetch(`${url}/telemetry`)).status)
    expect(await (await fetch(`${url}/`)).text()).toBe('of the app')
  })
})
