// What the demo's server tells pages of other origins of the learner's work: a real Chromium that has such a page open.

import { mkdtempSync } from 'node:fs'
import { createServer, request as ask, type OutgoingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTelemetry } from '@learnpack/telemetry-core'
import { nodePorts, openCourseFolder } from '@learnpack/telemetry-transport-file'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { launchChromium } from '../scripts/chromium.mjs'
import { startDemo } from '../scripts/start-demo.mjs'

/** Whatever gives out learners' work. */
const ROUTES = ['/live', '/sessions.json', '/workshop', '/sample']

/** What a hostile DNS server makes of any name: this machine. Keeps what is answered, which no foreign page may see. */
async function startHostileNetwork() {
  const answers: string[] = []
  const server = createServer((request, response) => {
    const { port, pathname } = new URL(request.url ?? '')
    const { method, headers } = request
    const passed = ask({ host: '127.0.0.1', port, path: pathname, method, headers }, (answer) => {
      answers.push(`${method} ${request.url} ${answer.statusCode}`)
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
      answer.once('error', () => response.destroy())
    })
    passed.once('error', () => response.destroy())
    response.once('close', () => passed.destroy())
    request.pipe(passed)
  })
  return { port: await listening(server), answers, stop: () => stopped(server) }
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

function stopped(server: Server): void {
  server.close()
  server.closeAllConnections()
}

let network: Awaited<ReturnType<typeof startHostileNetwork>>
let demo: Awaited<ReturnType<typeof startDemo>>
let browser: Browser
let url: URL

beforeAll(async () => {
  const path = mkdtempSync(join(tmpdir(), 'demo-origins-'))
  const telemetry = createTelemetry({ storage: openCourseFolder(join(path, '.learn')), ...nodePorts })
  telemetry.start({ slug: 'live-course', agent: 'os', steps: [{ slug: '00-hello', position: 0 }] })
  await telemetry.close()
  demo = await startDemo('--course', path)
  url = new URL(demo.url)
  network = await startHostileNetwork()
  browser = await launchChromium([
    `--proxy-server=http://127.0.0.1:${network.port}`,
    '--proxy-bypass-list=<-loopback>',
  ])
}, 120_000)

afterAll(async () => {
  await browser?.close()
  network?.stop()
  await demo?.stop()
})

async function openPage(address: string): Promise<Page> {
  const context = await browser.newContext()
  onTestFinished(() => context.close())
  const page = await context.newPage()
  await page.goto(address)
  return page
}

/** Asks for it in every way that needs no permission of the server's; the form leaves the page. */
function askInEveryWay(href: string): void {
  const add = (name: string, attributes: object) =>
    document.body.append(Object.assign(document.createElement(name), attributes))
  new EventSource(`${href}?by=eventsource`)
  void fetch(`${href}?by=cors`).catch(() => {})
  void fetch(`${href}?by=fetch`, { mode: 'no-cors' }).catch(() => {})
  void fetch(`${href}?by=unreferred`, { mode: 'no-cors', referrerPolicy: 'no-referrer' }).catch(() => {})
  add('img', { src: `${href}?by=image` })
  add('script', { src: `${href}?by=script` })
  add('iframe', { src: `${href}?by=frame` })
  const form = document.createElement('form')
  Object.assign(form, { method: 'POST', action: `${href}?by=form`, target: 'another' })
  add('iframe', { name: 'another' })
  document.body.append(form)
  form.submit()
}

it.each(['127.0.0.1', 'localhost', 'evil.example'])(
  'a page of another server, on %s, is refused whatever it asks for',
  async (name) => {
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><body></body>')
    })
    onTestFinished(() => stopped(server))
    const page = await openPage(`http://${name}:${await listening(server)}/`)
    const ways = ['eventsource', 'cors', 'fetch', 'unreferred', 'image', 'script', 'frame']
    for (const route of ROUTES) {
      const href = new URL(route, url).href
      const expected = [...ways.map((by) => `GET ${href}?by=${by} 403`), `POST ${href}?by=form 405`].sort()
      network.answers.length = 0
      await page.evaluate(askInEveryWay, href)
      await expect
        .poll(() => network.answers.length, { timeout: 20_000 })
        .toBeGreaterThanOrEqual(expected.length)
      expect([...network.answers].sort()).toEqual(expected)
    }
  },
)

it('a name that leads here by somebody else’s DNS is refused', async () => {
  network.answers.length = 0
  const rebound = `http://rebound.example:${url.port}`
  const page = await openPage(rebound)
  for (const route of ROUTES) await page.goto(rebound + route)
  // Chromium asks once more where the answer is 421.
  const refused = ['/', ...ROUTES].map((route) => `GET ${rebound}${route} 421`)
  expect(new Set(network.answers)).toEqual(new Set(refused))
})

it('its own page has all of it', async () => {
  network.answers.length = 0
  await openPage(url.href)
  const own = ['/sessions.json', '/live'].map((route) => `GET ${new URL(route, url).href} 200`)
  await expect.poll(() => network.answers, { timeout: 20_000 }).toEqual(expect.arrayContaining(own))
})

describe('by its headers,', () => {
  const status = (path: string, headers: OutgoingHttpHeaders) =>
    new Promise<number | undefined>((resolve, reject) => {
      ask({ host: '127.0.0.1', port: url.port, path, headers }, (response) => {
        resolve(response.statusCode)
        response.destroy()
      })
        .on('error', reject)
        .end()
    })

  it.each(ROUTES)(
    '%s is for its own page, for who types its address, and for no other page',
    async (route) => {
      const { host, port } = url
      for (const headers of [
        { host },
        { host: `localhost:${port}`, origin: `http://localhost:${port}` },
        { host, 'sec-fetch-site': 'same-origin', origin: `http://${host}` },
        { host, 'sec-fetch-site': 'none' },
      ])
        expect([headers, await status(route, headers)]).toEqual([headers, 200])
      for (const headers of [
        { host, 'sec-fetch-site': 'same-site' },
        { host, 'sec-fetch-site': 'cross-site' },
        { host, origin: 'https://elsewhere.example' },
        { host, origin: `http://localhost:${port}` },
        { host, origin: 'http://127.0.0.1:1' },
        { host, origin: 'null' },
      ])
        expect([headers, await status(route, headers)]).toEqual([headers, 403])
      for (const foreign of ['127.0.0.1:1', `rebound.example:${port}`, `127.0.0.1.rebound.example:${port}`])
        expect(await status(route, { host: foreign })).toBe(421)
    },
  )

  it('the page itself, which holds nobody’s work, can be linked to', async () => {
    expect(await status('/', { host: url.host, 'sec-fetch-site': 'cross-site' })).toBe(200)
  })
})
