// A real proxy and a real receiver on loopback.

import dns, { type LookupOptions } from 'node:dns'
import { createServer, request as httpRequest, type Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import type { Parcel, Transport } from '@learnpack/telemetry-core'
import { streamTransport } from '@learnpack/telemetry-transport-http'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { transportsOf } from '../src/sending/transports'
import { nodeFetch } from '../src/sending/node-fetch'

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function receiver() {
  const bodies: string[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      bodies.push(body)
      response.end()
    })
  })
  return { url: await listen(server), bodies }
}

/** Passes everything on, both ways a client may ask: CONNECT, and a request for an absolute URL. */
async function proxy() {
  let passed = 0
  const open: Socket[] = []
  const server = createServer((request, response) => {
    passed++
    const { method, headers, url = '' } = request
    request.pipe(
      httpRequest(url, { method: method ?? 'GET', headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      }),
    )
  })
  server.on('connect', ({ url = '' }, socket: Socket) => {
    passed++
    const [host, port] = url.split(':')
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      socket.pipe(onward).pipe(socket)
    })
    for (const one of [socket, onward]) one.on('error', () => {})
    open.push(socket, onward)
  })
  onTestFinished(() => open.forEach((socket) => socket.destroy()))
  return { url: await listen(server), passed: () => passed }
}

const parcel: Parcel = {
  kind: 'snapshot',
  id: 'x',
  at: 1,
  contentType: 'application/json',
  body: '{"a":"ñ"}',
}
const never = new AbortController().signal
const deliver = (url: string, env: Record<string, string>) =>
  streamTransport({ url, fetch: nodeFetch(env) }).deliver(parcel, never)

describe('a school behind a proxy', () => {
  it.each(['HTTP_PROXY', 'http_proxy'])('is reached through %s', async (name) => {
    const [{ url, bodies }, through] = [await receiver(), await proxy()]
    expect(await deliver(url, { [name]: through.url })).toEqual({ kind: 'delivered' })
    expect([bodies, through.passed()]).toEqual([[parcel.body], 1])
  })

  it('is reached directly where NO_PROXY says so, and where no proxy is configured', async () => {
    const [{ url, bodies }, through] = [await receiver(), await proxy()]
    expect(await deliver(url, { HTTP_PROXY: through.url, NO_PROXY: '127.0.0.1' })).toEqual({
      kind: 'delivered',
    })
    expect(await deliver(url, { HTTPS_PROXY: through.url })).toEqual({ kind: 'delivered' })
    expect(await deliver(url, {})).toEqual({ kind: 'delivered' })
    expect([bodies.length, through.passed()]).toEqual([3, 0])
  })

  it.each(['http://127.0.0.1:1', 'no url'])(
    'with a proxy that is not there is tried again: %s',
    async (broken) => {
      const { url, bodies } = await receiver()
      const outcome = await deliver(url, { HTTP_PROXY: broken })
      expect(outcome).toMatchObject({ kind: 'retry', reason: expect.stringMatching(/.{5,}/) as string })
      expect(bodies).toEqual([])
    },
  )
})

describe('a proxy that lets nobody through', () => {
  /** Answers every CONNECT with that, as a real proxy does. */
  async function refusing(answer: string) {
    const asked: (string | undefined)[] = []
    const server = createServer()
    server.on('connect', (request, socket: Socket) => {
      asked.push(request.headers['proxy-authorization'])
      socket.end(`HTTP/1.1 ${answer}\r\nProxy-Authenticate: Basic realm="school"\r\n\r\n`)
    })
    return { url: await listen(server), asked }
  }
  const login = (url: string) => url.replace('//', '//ana:k9Qw3zT7@')

  it.each([
    ['http://school.example/s', 'HTTP_PROXY'],
    ['https://school.example/s', 'HTTPS_PROXY'],
    ['https://school.example/s', 'HTTP_PROXY'],
  ])('says for %s that the proxy of %s asks for a login, and what to do', async (url, name) => {
    const proxy = await refusing('407 Proxy Authentication Required')
    expect(await deliver(url, { [name]: proxy.url })).toEqual({
      kind: 'retry',
      reason: `the proxy ${proxy.url} (${name}) asks for a login (407); set ${name} to http://name:password@host:port`,
    })
  })

  it('does not quote the login that was refused', async () => {
    const proxy = await refusing('407 Proxy Authentication Required')
    const outcome = await deliver('https://school.example/s', { https_proxy: login(proxy.url) })
    expect(proxy.asked).toEqual([`Basic ${btoa('ana:k9Qw3zT7')}`])
    expect(outcome).toEqual({
      kind: 'retry',
      reason: `the proxy ${proxy.url} (https_proxy) refuses the login in https_proxy (407); correct the name and password there`,
    })
  })

  it('is named with its answer, whatever that is', async () => {
    const proxy = await refusing('403 Forbidden')
    expect(await deliver('https://school.example/s', { HTTPS_PROXY: login(proxy.url) })).toEqual({
      kind: 'retry',
      reason: `the proxy ${proxy.url} (HTTPS_PROXY) answered 403 to CONNECT; ask who runs it to let this address through`,
    })
  })

  it.each([
    'http://ana:k9Qw3zT7@127.0.0.1:1',
    'http://ana:k9Qw3zT7@127.0.0.1:99999',
    'ana:k9Qw3zT7@127.0.0.1',
    'ftp://ana:k9Qw3zT7@127.0.0.1',
    'http://ana:k9Qw3zT7%zz@127.0.0.1:1',
    'socks5://ana:k9Qw3zT7@127.0.0.1:1',
  ])('or is not there is not quoted with its password: %s', async (proxy) => {
    const outcome = await deliver('https://school.example/s', { HTTPS_PROXY: proxy })
    expect(outcome).toMatchObject({ kind: 'retry', reason: expect.stringMatching(/.{5,}/) as string })
    expect(JSON.stringify(outcome)).not.toContain('k9Qw3zT7')
  })
})

describe('a destination that cannot be connected to', () => {
  /** Its name is looked up as slowly as the test likes. */
  function slowNames() {
    const found: (() => void)[] = []
    const lookup = vi.spyOn(dns, 'lookup').mockImplementation(((
      name: string,
      { all }: LookupOptions,
      done: (...args: unknown[]) => void,
    ) => {
      found.push(() => (all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4)))
    }) as unknown as typeof dns.lookup)
    onTestFinished(() => lookup.mockRestore())
    return { found, asked: (count: number) => vi.waitUntil(() => found.length === count, { interval: 1 }) }
  }
  const named = (url: string, name: string) => url.replace('127.0.0.1', name)

  it('and is given up delays no other one, and can be tried again', async () => {
    const { url, bodies } = await receiver()
    const { found, asked } = slowNames()
    const [batch, stream] = transportsOf({
      batch: named(url, 'silent.example'),
      stream: named(url, 'slow.example'),
    }) as [Transport, Transport]
    const patience = new AbortController()
    const silent = batch.deliver(parcel, patience.signal)
    await asked(1)
    const slow = stream.deliver(parcel, never)
    await asked(2)
    patience.abort()
    expect(await silent).toMatchObject({ kind: 'retry' })
    found[1]!()
    expect(await slow).toEqual({ kind: 'delivered' })
    const again = batch.deliver(parcel, never)
    await asked(3)
    found[2]!()
    expect(await again).toEqual({ kind: 'delivered' })
    expect(bodies).toHaveLength(2)
  })

  it('and is given up fails at once for whoever shares its fetch', async () => {
    const { asked } = slowNames()
    const fetch = nodeFetch({})
    const patience = new AbortController()
    const one = fetch('http://silent.example/', { signal: patience.signal })
    const other = fetch('http://slow.example/', { signal: never })
    await asked(2)
    patience.abort()
    await expect(one).rejects.toThrow()
    await expect(other).rejects.toMatchObject({ cause: { message: 'given up' } })
  })
})
