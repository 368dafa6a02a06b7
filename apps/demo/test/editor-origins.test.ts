// LearnPack's server with telemetry embedded, in a real Chromium: what its editor opens and reads, and that no other page
// opens or reads anything.

import { mkdtempSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { embed, type Embedded, type EmbedOptions } from '@learnpack/telemetry-cli-adapter'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  answersTo,
  askInEveryWay,
  listening,
  openForeignPage,
  openPage,
  startHostileNetwork,
  stopped,
  type HostileNetwork,
} from './hostile-network'

const exercises = ['00-hello', '01-add'].map((slug, position) => ({
  slug,
  position,
  files: [],
  graded: false,
}))

type Middleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void

/** A host as LearnPack's server is: every page may send it every header, and `/` is its editor. */
function startHost() {
  let ours: Middleware | undefined
  const app: EmbedOptions['app'] = { use: (middleware: Middleware) => (ours = middleware) }
  const dirPath = join(mkdtempSync(join(tmpdir(), 'demo-editor-')), '.learn')
  const embedded = embed({ app, config: { config: { slug: 'intro', dirPath }, exercises }, logins: false })
  const server = createServer((request, response) => {
    response.setHeader('access-control-allow-origin', '*')
    response.setHeader('access-control-allow-headers', '*')
    if (request.method === 'OPTIONS') return void response.writeHead(204).end()
    ours?.(request, response, () => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><body></body>')
    })
  })
  return { server, embedded }
}

let network: HostileNetwork
let host: { server: ReturnType<typeof createServer>; embedded: Embedded }
let url: string

beforeAll(async () => {
  vi.stubEnv('XDG_CONFIG_HOME', mkdtempSync(join(tmpdir(), 'demo-config-')))
  network = await startHostileNetwork()
}, 120_000)

afterAll(async () => {
  vi.unstubAllEnvs()
  await network?.stop()
})

beforeEach(async () => {
  host = startHost()
  url = `http://localhost:${await listening(host.server)}`
  network.answers.length = 0
  return async () => {
    stopped(host.server)
    await host.embedded.close()
  }
})

const opened = () =>
  host.embedded.manager.current?.steps
    .filter(({ opened_at }) => opened_at !== undefined)
    .map(({ slug }) => slug)
const answered = (count: number) =>
  expect.poll(() => network.answers.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(count)

it('the editor opens a step, reads its telemetry and writes it', async () => {
  // Before anything was run, the editor begins with a telemetry of its own: it is given none.
  host.embedded.manager.registerStepEvent(0, 'compile', { stdout: 'hello', exit_code: 0 })
  const page = await openPage(network.browser, url)
  const [statuses, slug] = await page.evaluate(async () => {
    const [step, read] = [await fetch('/exercise/01-add'), await fetch('/telemetry')]
    const telemetry = (await read.json()) as { slug: string }
    const headers = { 'content-type': 'application/json' }
    const written = await fetch('/telemetry', { method: 'POST', headers, body: JSON.stringify(telemetry) })
    return [[step.status, read.status, written.status], telemetry.slug] as const
  })
  expect([statuses, slug, opened()]).toEqual([[200, 200, 200], 'intro', ['01-add']])
})

it('so does the editor in a frame of a page of another origin, as in VS Code', async () => {
  const page = await openForeignPage(network.browser, 'editor.example')
  await page.evaluate((src) => {
    document.body.append(Object.assign(document.createElement('iframe'), { src }))
  }, url)
  await expect
    .poll(() => page.frames().some((frame) => frame.url() === `${url}/`), { timeout: 20_000 })
    .toBe(true)
  const frame = page.frames().find((frame) => frame.url() === `${url}/`)
  const statuses = await frame?.evaluate(async () =>
    [await fetch('/exercise/01-add'), await fetch('/telemetry')].map(({ status }) => status),
  )
  expect([statuses, opened()]).toEqual([[200, 200], ['01-add']])
})

describe.each(['127.0.0.1', 'localhost', 'evil.example'])('a page of another server, on %s,', (name) => {
  it('opens no step', async () => {
    const page = await openForeignPage(network.browser, name)
    const href = `${url}/exercise/01-add`
    const expected = answersTo(href, 200, 200)
    network.answers.length = 0
    await page.evaluate(askInEveryWay, href)
    await answered(expected.length)
    expect([...network.answers].sort()).toEqual(expected)
    expect(opened()).toEqual([])
  })

  it('neither reads nor writes telemetry, though the host allows it every header', async () => {
    const page = await openForeignPage(network.browser, name)
    const href = `${url}/telemetry`
    const expected = answersTo(href, 403, 403)
    network.answers.length = 0
    await page.evaluate(askInEveryWay, href)
    await answered(expected.length)
    expect([...network.answers].sort()).toEqual(expected)
    const [read, written] = await page.evaluate(async (href) => {
      const headers = { 'content-type': 'application/json', 'x-forwarded-host': 'localhost', 'x-own': '1' }
      const write = { method: 'POST', headers, body: '{"steps":[]}' }
      return [await (await fetch(href, { headers })).text(), await (await fetch(href, write)).text()]
    }, href)
    const refusal = JSON.stringify({ error: 'telemetry: only for pages of this server, on this machine' })
    expect([read, written]).toEqual([refusal, refusal])
  })
})

it('a page whose name leads here by somebody else’s DNS reads nothing', async () => {
  const page = await openPage(network.browser, url.replace('localhost', 'rebound.example'))
  const status = await page.evaluate(async () => (await fetch('/telemetry')).status)
  expect(status).toBe(403)
})
