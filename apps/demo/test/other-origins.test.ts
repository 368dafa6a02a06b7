// What the demo's server tells pages of other origins of the learner's work: a real Chromium that has such a page open.

import { mkdtempSync } from 'node:fs'
import { request as ask, type OutgoingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTelemetry } from '@learnpack/telemetry-core'
import { nodePorts, openCourseFolder } from '@learnpack/telemetry-transport-file'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startDemo } from '../scripts/start-demo.mjs'
import {
  answersTo,
  askInEveryWay,
  openForeignPage,
  openPage,
  startHostileNetwork,
  type HostileNetwork,
} from './hostile-network'

/** Whatever gives out learners' work. */
const ROUTES = ['/live', '/sessions.json', '/workshop', '/sample']

let network: HostileNetwork
let demo: Awaited<ReturnType<typeof startDemo>>
let url: URL

beforeAll(async () => {
  const path = mkdtempSync(join(tmpdir(), 'demo-origins-'))
  const telemetry = createTelemetry({ storage: openCourseFolder(join(path, '.learn')), ...nodePorts })
  telemetry.start({ slug: 'live-course', agent: 'os', steps: [{ slug: '00-hello', position: 0 }] })
  await telemetry.close()
  demo = await startDemo('--course', path)
  url = new URL(demo.url)
  network = await startHostileNetwork()
}, 120_000)

afterAll(async () => {
  await network?.stop()
  await demo?.stop()
})

it.each(['127.0.0.1', 'localhost', 'evil.example'])(
  'a page of another server, on %s, is refused whatever it asks for',
  async (name) => {
    const page = await openForeignPage(network.browser, name)
    for (const route of ROUTES) {
      const href = new URL(route, url).href
      const expected = answersTo(href, 403, 405)
      network.answers.length = 0
      await page.evaluate(askInEveryWay, href)
      await expect.poll(() => [...network.answers].sort()).toEqual(expected)
    }
  },
)

it('a name that leads here by somebody else’s DNS is refused', async () => {
  network.answers.length = 0
  const rebound = `http://rebound.example:${url.port}`
  const page = await openPage(network.browser, rebound)
  for (const route of ROUTES) await page.goto(rebound + route)
  // Chromium asks once more where the answer is 421.
  const refused = ['/', ...ROUTES].map((route) => `GET ${rebound}${route} 421`)
  expect(new Set(network.answers)).toEqual(new Set(refused))
})

it('its own page has all of it', async () => {
  network.answers.length = 0
  await openPage(network.browser, url.href)
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
