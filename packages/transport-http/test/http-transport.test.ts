// Against a real server on loopback: what goes over the wire, and what an answer means.

import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import type { Outcome, Parcel } from '@learnpack/telemetry-core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { batchTransport, streamTransport, USER_AGENT } from '../src/index'

const closers: (() => void)[] = []
afterEach(() => closers.splice(0).forEach((close) => close()))

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const parcel: Parcel = {
  kind: 'snapshot',
  id: 'abc-0190',
  at: 1_700_000_000_000,
  contentType: 'application/json',
  body: JSON.stringify({ telemetry_id: 'abc', note: '日本 🎉' }),
}
const never = new AbortController().signal
const now = () => 1_700_000_123_456

function answering(status: number, headers: Record<string, string> = {}): Promise<string> {
  return serve((request, response) => {
    request.resume()
    response.writeHead(status, headers).end('thanks')
  })
}

describe('a request', () => {
  it('is a POST of the body as it is, with everything new in headers; the query stays', async () => {
    let seen:
      | { method?: string | undefined; url?: string | undefined; headers: IncomingHttpHeaders; body: string }
      | undefined
    const url = await serve((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const { method, url, headers } = request
        seen = { method, url, headers, body: Buffer.concat(chunks).toString() }
        response.end()
      })
    })
    const transport = batchTransport({ url: `${url}/batch?asset_id=7`, now })
    expect(transport).toMatchObject({
      name: 'http-batch',
      address: `${url}/batch?asset_id=7`,
      wants: 'snapshots',
    })
    expect(streamTransport({ url })).toMatchObject({ name: 'http-stream', wants: 'events' })
    expect(await transport.deliver(parcel, never)).toEqual({ kind: 'delivered' })
    expect(seen).toMatchObject({
      method: 'POST',
      url: '/batch?asset_id=7',
      body: parcel.body,
      headers: {
        'content-type': 'application/json',
        'user-agent': USER_AGENT,
        'webhook-id': 'abc-0190',
        'webhook-timestamp': '1700000123',
        'idempotency-key': '"abc-0190"',
      },
    })
    expect(seen?.headers).not.toHaveProperty('authorization')
  })
})

describe('an id', () => {
  it.each([
    ['0190-ab.c', '0190-ab.c'],
    ['ñandú 日本', '%00f1and%00fa%0020%65e5%672c'],
    ['a"b\\c%d', 'a%0022b%005cc%0025d'],
    ['x\r\nX-Evil: 1', 'x%000d%000aX-Evil:%00201'],
    ['\ud83d', '%d83d'],
  ])('%j goes into headers as %s, and is signed as it is there', async (id, expected) => {
    let seen: IncomingHttpHeaders = {}
    const url = await serve((request, response) => {
      seen = request.headers
      request.resume()
      response.end()
    })
    const secret = `whsec_${Buffer.from('a secret of twenty-four b').toString('base64')}`
    expect(await streamTransport({ url, now, secret }).deliver({ ...parcel, id }, never)).toEqual({
      kind: 'delivered',
    })
    const hmac = createHmac('sha256', 'a secret of twenty-four b').update(
      `${expected}.1700000123.${parcel.body}`,
    )
    expect(seen).toMatchObject({
      'webhook-id': expected,
      'idempotency-key': `"${expected}"`,
      'webhook-signature': `v1,${hmac.digest('base64')}`,
    })
  })
})

describe('what a host may add', () => {
  /** A server that shows the headers and the body of what it was sent. */
  async function showing() {
    const seen: { headers: IncomingHttpHeaders; body: Buffer }[] = []
    const url = await serve((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        seen.push({ headers: request.headers, body: Buffer.concat(chunks) })
        response.end()
      })
    })
    return { url, seen }
  }
  const secret = `whsec_${Buffer.from('a secret of twenty-four b').toString('base64')}`

  it('a secret: the signature of Standard Webhooks', async () => {
    const { url, seen } = await showing()
    expect(await batchTransport({ url, now, secret }).deliver(parcel, never)).toEqual({ kind: 'delivered' })
    const hmac = createHmac('sha256', 'a secret of twenty-four b').update(
      `${parcel.id}.1700000123.${parcel.body}`,
    )
    expect(seen[0]!.headers['webhook-signature']).toBe(`v1,${hmac.digest('base64')}`)
    expect(JSON.stringify(seen)).not.toContain(secret)
  })

  it.each([
    '',
    'whsec_',
    'whsec_c2hvcnQ=',
    'no prefix at all but long enough to be one',
    'whsec_not base64!',
  ])('a secret that is none is refused without being shown: %j', (wrong) => {
    const create = () => batchTransport({ url: 'https://school.example/', secret: wrong })
    expect(create).toThrow('secret: expected "whsec_" followed by the base64 of 24 to 64 bytes')
  })

  it('an authorization: to the origins it names and to no other', async () => {
    const { url, seen } = await showing()
    const value = vi.fn(() => 'Token t0p')
    const to = (origin: string) =>
      batchTransport({ url: `${url}/x`, authorization: { origins: [origin], value } })
    await to(url).deliver(parcel, never)
    expect(seen[0]!.headers.authorization).toBe('Token t0p')
    value.mockClear()
    for (const other of ['https://school.example', url.replace('http:', 'https:'), `${url}0`, 'null']) {
      await to(other).deliver(parcel, never)
    }
    expect(seen.slice(1).map(({ headers }) => headers.authorization)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ])
    expect(value).not.toHaveBeenCalled()
  })

  it('no authorization while nobody is logged in', async () => {
    const { url, seen } = await showing()
    await batchTransport({ url, authorization: { origins: [url], value: () => undefined } }).deliver(
      parcel,
      never,
    )
    expect(seen[0]!.headers).not.toHaveProperty('authorization')
  })

  it('gzip', async () => {
    const { url, seen } = await showing()
    const large = { ...parcel, body: JSON.stringify({ text: 'ñandú '.repeat(10_000) }) }
    expect(await batchTransport({ url, secret, now }).deliver(large, never)).toEqual({
      kind: 'delivered',
    })
    expect(seen[0]!.headers).toMatchObject({ 'content-encoding': 'gzip', 'content-type': 'application/json' })
    expect(seen[0]!.body.length).toBeLessThan(2_000)
    expect(gunzipSync(seen[0]!.body).toString()).toBe(large.body)
    const hmac = createHmac('sha256', 'a secret of twenty-four b').update(
      `${parcel.id}.1700000123.${large.body}`,
    )
    expect(seen[0]!.headers['webhook-signature']).toBe(`v1,${hmac.digest('base64')}`)
  })

  it.each([
    ['small bodies are not compressed', {}, 'x'.repeat(10_000)],
    ['nothing is, where the host wants it', { gzip: false }, 'x'.repeat(100_000)],
  ])('gzip: %s', async (_, options, text) => {
    const { url, seen } = await showing()
    await batchTransport({ url, ...options }).deliver({ ...parcel, body: text }, never)
    expect(seen.map(({ headers, body }) => [headers['content-encoding'], body.toString()])).toEqual([
      [undefined, text],
    ])
  })

  it.each([400, 415, 422, 500])(
    'gzip: a receiver that answers %i to it gets the same body as it was, and no other one compressed',
    async (status) => {
      const encodings: unknown[] = []
      const url = await serve((request, response) => {
        encodings.push(request.headers['content-encoding'])
        request.resume().on('end', () => {
          response.writeHead(request.headers['content-encoding'] === 'gzip' ? status : 202).end()
        })
      })
      const transport = batchTransport({ url })
      const large = { ...parcel, body: 'x'.repeat(100_000) }
      expect(await transport.deliver(large, never)).toEqual({ kind: 'delivered' })
      expect(await transport.deliver(large, never)).toEqual({ kind: 'delivered' })
      expect(encodings).toEqual(['gzip', undefined, undefined])
    },
  )

  it('gzip: a body that is refused either way is refused, and the next one is compressed again', async () => {
    const encodings: unknown[] = []
    const url = await serve((request, response) => {
      encodings.push(request.headers['content-encoding'])
      request.resume().on('end', () => response.writeHead(400).end())
    })
    const transport = batchTransport({ url })
    const large = { ...parcel, body: 'x'.repeat(100_000) }
    for (const _ of [1, 2])
      expect(await transport.deliver(large, never)).toEqual({ kind: 'reject', reason: 'answered 400' })
    expect(encodings).toEqual(['gzip', undefined, 'gzip', undefined])
  })

  it('settings: what a pause depends on, and no secret of it', async () => {
    const origin = new URL(await showing().then(({ url }) => url)).origin
    const held: { token?: string } = {}
    const authorization = { origins: [origin], value: () => held.token }
    const settings = batchTransport({ url: `${origin}/`, secret, authorization }).settings!
    expect(settings()).toBe('signed')
    held.token = 'Token a-b-c'
    expect(settings()).toBe('signed authorized')
    expect(batchTransport({ url: 'https://elsewhere.example/', authorization }).settings!()).toBe('')
  })

  it('advice: said where a receiver wants an authorization that it was not sent', async () => {
    const held: { token?: string } = {}
    const url = await serve((request, response) => {
      request.resume().on('end', () => response.writeHead(401).end())
    })
    const authorization = { origins: [new URL(url).origin], value: () => held.token, advice: 'allow it' }
    const transport = batchTransport({ url, authorization })
    expect(await transport.deliver(parcel, never)).toEqual({
      kind: 'pause',
      reason: 'answered 401; allow it',
    })
    held.token = 'Token a-b-c'
    expect(await transport.deliver(parcel, never)).toEqual({ kind: 'pause', reason: 'answered 401' })
  })
})

describe('an answer', () => {
  const cases: [number, Record<string, string>, Outcome][] = [
    [200, {}, { kind: 'delivered' }],
    [202, {}, { kind: 'delivered' }],
    [204, {}, { kind: 'delivered' }],
    ...[408, 425, 429, 500, 502, 503, 504, 599].map((status): [number, Record<string, string>, Outcome] => [
      status,
      {},
      { kind: 'retry', reason: `answered ${status}`, after: undefined },
    ]),
    [429, { 'retry-after': '120' }, { kind: 'retry', reason: 'answered 429', after: 120_000 }],
    [503, { 'retry-after': '0' }, { kind: 'retry', reason: 'answered 503', after: 0 }],
    [
      503,
      { 'retry-after': new Date(now() + 60_544).toUTCString() },
      { kind: 'retry', reason: 'answered 503', after: 60_544 },
    ],
    [503, { 'retry-after': new Date(0).toUTCString() }, { kind: 'retry', reason: 'answered 503', after: 0 }],
    [503, { 'retry-after': '-5' }, { kind: 'retry', reason: 'answered 503', after: undefined }],
    [503, { 'retry-after': 'soon' }, { kind: 'retry', reason: 'answered 503', after: undefined }],
    ...[401, 403, 410].map((status): [number, Record<string, string>, Outcome] => [
      status,
      {},
      { kind: 'pause', reason: `answered ${status}` },
    ]),
    ...[301, 302, 307, 308].map((status): [number, Record<string, string>, Outcome] => [
      status,
      { location: 'https://elsewhere.example/' },
      {
        kind: 'pause',
        reason: `redirected (${status}) to https://elsewhere.example/: redirects are not followed`,
      },
    ]),
    ...[400, 404, 409, 413, 422].map((status): [number, Record<string, string>, Outcome] => [
      status,
      {},
      { kind: 'reject', reason: `answered ${status}` },
    ]),
  ]

  it.each(cases)('%i %j', async (status, headers, outcome) => {
    const transport = streamTransport({ url: await answering(status, headers), now })
    expect(await transport.deliver(parcel, never)).toEqual(outcome)
  })
})

describe('where a redirect points is shown', () => {
  it.each([
    ['https://ana:k9Qw3zT7@elsewhere.example/x', 'https://***@elsewhere.example/x'],
    ['//ana:k9Qw3zT7@elsewhere.example/x', '//***@elsewhere.example/x'],
    ['HTTPS:\\\\ana:k9Qw3zT7@elsewhere.example', 'HTTPS:\\\\***@elsewhere.example'],
    ['https://elsewhere.example/@ana', 'https://elsewhere.example/@ana'],
    ['/login?next=/b&token=k9Qw3zT7', '/login?...'],
    ['https://elsewhere.example/x#access_token=k9Qw3zT7', 'https://elsewhere.example/x#...'],
    [`/${'x'.repeat(5_000)}`, `/${'x'.repeat(199)}...`],
  ])('without a login, a query or an end: %.60s', async (location, shown) => {
    const url = await answering(302, { location })
    expect(await streamTransport({ url }).deliver(parcel, never)).toEqual({
      kind: 'pause',
      reason: `redirected (302) to ${shown}: redirects are not followed`,
    })
  })
})

describe('a URL with a name or a password in it', () => {
  it.each(['https://ana:k9Qw3zT7@school.example/', 'https://k9Qw3zT7@school.example/'])(
    'is refused without being shown, as no fetch takes it: %s',
    (url) => {
      for (const create of [batchTransport, streamTransport]) {
        expect(() => create({ url })).toThrow(
          new TypeError('url: holds a name or a password, which fetch does not send'),
        )
      }
    },
  )
})

describe('a date without a zone', () => {
  const { TZ } = process.env
  afterEach(() => {
    if (TZ === undefined) delete process.env['TZ']
    else process.env['TZ'] = TZ
  })

  it('is GMT wherever the learner lives', async () => {
    process.env['TZ'] = 'Asia/Tokyo'
    expect(new Date(now()).getHours()).not.toBe(new Date(now()).getUTCHours())
    const [, day, month, year, time] = /, (\d+) (\w+) (\d+) (\S+)/.exec(
      new Date(now() + 60_544).toUTCString(),
    )!
    const url = await answering(503, { 'retry-after': `Tue ${month} ${day} ${time} ${year}` })
    expect(await streamTransport({ url, now }).deliver(parcel, never)).toMatchObject({ after: 60_544 })
  })
})

describe('a browser', () => {
  it('hides where a redirect points: it pauses all the same', async () => {
    const hidden = Object.assign(Response.error(), {})
    Object.defineProperty(hidden, 'type', { value: 'opaqueredirect' })
    const transport = streamTransport({
      url: 'https://school.example/',
      fetch: () => Promise.resolve(hidden),
    })
    expect(await transport.deliver(parcel, never)).toEqual({
      kind: 'pause',
      reason: 'redirected (0) to an unknown place: redirects are not followed',
    })
  })
})

describe('no answer', () => {
  it('that is refused is a retry that says why', async () => {
    const transport = streamTransport({ url: 'http://127.0.0.1:1/' })
    const outcome = await transport.deliver(parcel, never)
    expect(outcome).toMatchObject({ kind: 'retry' })
    expect((outcome as { reason: string }).reason).toMatch(/ECONNREFUSED|bad port/)
  })

  it('of any address of a name is a retry that says why', async () => {
    const refused = new AggregateError([new Error('connect ECONNREFUSED ::1:9'), new Error('another')])
    const outcome = await batchTransport({
      url: 'http://localhost:9/',
      fetch: () => Promise.reject(new TypeError('fetch failed', { cause: refused })),
    }).deliver(parcel, never)
    expect(outcome).toEqual({ kind: 'retry', reason: 'connect ECONNREFUSED ::1:9' })
  })

  it('in time is a retry', async () => {
    const url = await serve(() => {})
    const outcome = await streamTransport({ url, timeoutMs: 20 }).deliver(parcel, never)
    expect(outcome).toEqual({ kind: 'retry', reason: 'no answer within 20 ms' })
  })

  it('is waited for no longer than the host wants', async () => {
    const abort = new AbortController()
    const url = await serve(() => abort.abort())
    expect(await streamTransport({ url, timeoutMs: 30_000 }).deliver(parcel, abort.signal)).toEqual({
      kind: 'retry',
      reason: 'This operation was aborted',
    })
  })

  it('after the headers is no failure, and an endless one is not read', async () => {
    const cut = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('x', () => setImmediate(() => response.destroy()))
    })
    expect(await streamTransport({ url: cut }).deliver(parcel, never)).toEqual({ kind: 'delivered' })
    const endless = await serve((_, response) => {
      const more = (): void =>
        void (response.write('x'.repeat(65_536)) ? setImmediate(more) : response.once('drain', more))
      more()
      response.on('error', () => {})
    })
    expect(await streamTransport({ url: endless }).deliver(parcel, never)).toEqual({ kind: 'delivered' })
  })
})
