// Who may have the student's token: who made it, and whom the user or the host allows; nobody else, whatever a course names.

import { mkdirSync, mkdtempSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import type { Parcel } from '@learnpack/telemetry-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { main } from '../src/cli'
import { transportsOf } from '../src/sending/transports'
import { nodeFetch } from '../src/sending/node-fetch'
import { allow, disallow, ISSUER, mayHaveToken } from '../src/consent/receivers'
import { userFile } from '../src/consent/user-files'

beforeEach(() => {
  vi.stubEnv('XDG_CONFIG_HOME', mkdtempSync(join(tmpdir(), 'telemetry-config-')))
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'])
    vi.stubEnv(name, undefined)
  return () => vi.unstubAllEnvs()
})

async function run(...args: string[]) {
  let out = ''
  let err = ''
  const code = await main(args, { out: (text) => (out += text), err: (text) => (err += text) })
  return { code, out, err }
}

describe('allow, disallow and allowed', () => {
  it('keep what the user decides, by origin, in a file that nobody else reads', async () => {
    expect(await run('allowed')).toEqual({ code: 0, out: `${ISSUER} (LearnPack logs in there)\n`, err: '' })
    expect(await run('allow', 'https://school.example/batch?asset_id=7')).toMatchObject({
      code: 0,
      out: 'https://school.example gets your token from now on\n',
    })
    expect(JSON.parse((await run('allowed', '--json')).out)).toEqual({ allowed: ['https://school.example'] })
    expect(statSync(userFile('receivers.json')).mode & 0o777).toBe(0o600)
    expect((await run('disallow', 'https://school.example')).out).toBe(
      'https://school.example gets your token no longer\n',
    )
    expect((await run('disallow', 'https://school.example')).out).toBe(
      'https://school.example was not allowed to have your token\n',
    )
    expect(readFileSync(userFile('receivers.json'), 'utf8')).toBe('{}\n')
  })

  it.each([
    ['school.example', /^learnpack-telemetry: "school\.example" is not an origin; name one such as/],
    ['ftp://school.example', /is not an origin/],
    ['https://me:secret@school.example', /^learnpack-telemetry: an origin has no name or password;/],
    ['http://school.example', /anyone on the network path could read the token; use https:/],
  ])('refuse %s, and show no password', async (text, message) => {
    const { code, err } = await run('allow', text)
    expect(code).toBe(1)
    expect(err).toMatch(message)
    expect(err).not.toContain('secret')
    expect((await run('allowed', '--json')).out).toBe('{"allowed":[]}\n')
  })

  it('lose nothing of a secret that was written there, and of what cannot be read', async () => {
    const path = userFile('receivers.json')
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, '{"https://a.example":{"secret":"whsec_x"}}')
    await run('allow', 'https://a.example')
    await run('disallow', 'https://a.example')
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ 'https://a.example': { secret: 'whsec_x' } })
    writeFileSync(path, '{"https://a.example": whsec_topsecret')
    const { code, err } = await run('allow', 'https://b.example')
    expect(code).toBe(1)
    expect(err).toContain('receivers.json cannot be read (it is not JSON)')
    expect(err).not.toContain('topsecret')
    expect(readFileSync(path, 'utf8')).toContain('topsecret')
  })

  it('do not disallow LearnPack itself', async () => {
    expect(await run('disallow', ISSUER)).toMatchObject({ code: 1 })
  })
})

describe('a secret', () => {
  const secret = `whsec_${btoa('a secret of twenty-four b')}`
  const signed = async (options: { secret?: string }) => {
    let seen: Headers | undefined
    const [transport] = transportsOf(
      { batch: 'https://school.example/b' },
      { ...options, fetch: async (_, init) => ((seen = new Headers(init?.headers)), new Response()) },
    )
    await transport!.deliver(parcel, new AbortController().signal)
    return seen?.get('webhook-signature')
  }

  it('of the host, or of the user for that origin, signs; one that is none does not', async () => {
    expect(await signed({})).toBeNull()
    expect(await signed({ secret: 'hunter2' })).toBeNull()
    expect(await signed({ secret })).toMatch(/^v1,/)
    const path = userFile('receivers.json')
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, JSON.stringify({ 'https://school.example': { secret } }))
    expect(await signed({})).toMatch(/^v1,/)
    writeFileSync(path, JSON.stringify({ 'https://elsewhere.example': { secret } }))
    expect(await signed({})).toBeNull()
  })
})

const parcel: Parcel = { kind: 'snapshot', id: 'a-1', at: 1, contentType: 'application/json', body: '{}' }
const TOKEN = 'a-token-of-a-student'

interface Place {
  readonly origin: string
  readonly seen: IncomingHttpHeaders[]
  /** Where it redirects to, if it does. */
  to?: string | undefined
}

describe('an origin that is not allowed', () => {
  const places: Place[] = []
  const proxied: string[] = []
  let proxy = ''
  const servers: ReturnType<typeof createServer>[] = []

  async function listen(server: ReturnType<typeof createServer>): Promise<string> {
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  beforeAll(async () => {
    for (let n = 0; n < 4; n++) {
      const seen: IncomingHttpHeaders[] = []
      const server = createServer((request, response) => {
        seen.push(request.headers)
        request.resume()
        const { to } = places[n] as Place
        response.writeHead(to === undefined ? 200 : 307, to === undefined ? {} : { location: to }).end()
      })
      places.push({ origin: await listen(server), seen })
    }
    // What passes it is readable for it: plain HTTP in a tunnel.
    const tunnel = createServer((request, response) => {
      proxied.push(JSON.stringify(request.headers))
      response.writeHead(502).end()
    })
    tunnel.on('connect', (request, socket) => {
      const [host = '', port] = (request.url ?? '').split(':')
      const there = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        there.pipe(socket)
      })
      there.on('error', () => socket.destroy())
      socket.on('error', () => there.destroy())
      socket.on('data', (bytes: Buffer) => {
        proxied.push(bytes.toString('latin1'))
        there.write(bytes)
      })
      socket.on('close', () => there.destroy())
    })
    proxy = await listen(tunnel)
  })
  afterAll(() => {
    for (const server of servers) {
      server.close()
      server.closeAllConnections()
    }
  })

  it('never sees the token, nor does a proxy, in 1,000 configurations of URLs, redirects and proxies', async () => {
    const index = fc.nat(3)
    let sent = 0
    await fc.assert(
      fc.asyncProperty(
        index,
        fc.subarray([0, 1, 2, 3]),
        fc.subarray([0, 1, 2, 3]),
        fc.option(index, { nil: undefined }),
        fc.constantFrom('', 'HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY'),
        fc.constantFrom('', '*', '127.0.0.1'),
        fc.constantFrom('/batch', '/?asset_id=7', '/@school.example', '//evil.example/x'),
        async (named, byUser, byHost, redirect, variable, noProxy, path) => {
          const origin = (n: number) => (places[n] as Place).origin
          vi.stubEnv('XDG_CONFIG_HOME', mkdtempSync(join(tmpdir(), 'telemetry-config-')))
          for (const name of ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY']) vi.stubEnv(name, undefined)
          if (variable !== '') vi.stubEnv(variable, proxy)
          vi.stubEnv('NO_PROXY', noProxy)
          for (const n of byUser) allow(origin(n))
          places.forEach((place) => {
            place.seen.length = 0
            place.to = undefined
          })
          proxied.length = 0
          const there = places[named] as Place
          there.to = redirect === undefined ? undefined : `${origin(redirect)}/elsewhere`
          const [transport] = transportsOf(
            { batch: `${there.origin}${path}` },
            { token: () => TOKEN, allowedOrigins: byHost.map(origin), fetch: nodeFetch() },
          )
          await transport!.deliver(parcel, new AbortController().signal)
          const allowed = new Set([...byUser, ...byHost].map(origin))
          for (const { origin, seen } of places)
            if (!allowed.has(origin) || origin !== there.origin)
              expect(seen.every(({ authorization }) => authorization === undefined)).toBe(true)
          expect(proxied.join()).not.toContain(TOKEN)
          sent += there.seen.filter(({ authorization }) => authorization === `Token ${TOKEN}`).length
          const kept = join(process.env['XDG_CONFIG_HOME']!, 'learnpack-telemetry')
          for (const n of byUser) disallow(origin(n))
          if (byUser.length > 0)
            for (const name of readdirSync(kept))
              expect(readFileSync(join(kept, name), 'utf8')).not.toContain(TOKEN)
        },
      ),
      { numRuns: 1_000 },
    )
    // An allowed one did see it: the check above could fail.
    expect(sent).toBeGreaterThan(100)
  }, 120_000)

  it('is any that goes over plain HTTP to another machine, and any but LearnPack where nobody allowed one', () => {
    expect(mayHaveToken(`${ISSUER}/v1`)).toBe(true)
    expect(mayHaveToken('https://breathecode.herokuapp.com.evil.example/')).toBe(false)
    expect(mayHaveToken('http://school.example/', ['http://school.example'])).toBe(false)
    expect(mayHaveToken('https://school.example/', ['http://school.example'])).toBe(false)
    expect(mayHaveToken('https://school.example:8443/', ['https://school.example'])).toBe(false)
    expect(mayHaveToken('https://school.example/', ['https://school.example'])).toBe(true)
    expect(mayHaveToken('http://127.0.0.1:1/', ['http://127.0.0.1:1'])).toBe(true)
    expect(mayHaveToken('http://127.0.0.1:1/', ['http://127.0.0.1:1'], { http_proxy: 'http://p:1' })).toBe(
      false,
    )
  })
})
