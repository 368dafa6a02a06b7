// Answers as a server writes them, byte for byte, to the fetch that the adapter delivers with.

import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Parcel } from '@learnpack/telemetry-core'
import { streamTransport } from '@learnpack/telemetry-transport-http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { nodeFetch } from '../src/sending/node-fetch'

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'
const PROCESSING = 'HTTP/1.1 102 Processing\r\n\r\n'
const HINTS = 'HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n'
const THANKS = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nthanks'

const parcel: Parcel = { kind: 'snapshot', id: 'x', at: 1, contentType: 'application/json', body: '{"a":1}' }
const never = new AbortController().signal

async function listen(server: Server): Promise<number> {
  const open = new Set<Socket>()
  server.on('connection', (socket) => {
    open.add(socket)
    socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    open.forEach((socket) => socket.destroy())
  })
  return (server.address() as AddressInfo).port
}

/** Answers every POST of the parcel with those bytes, in these pieces. */
async function answering(...pieces: string[]) {
  let requests = 0
  const server = createServer((socket) => {
    let request = ''
    socket.setNoDelay()
    socket.on('data', (chunk: Buffer) => {
      request += chunk.toString()
      if (!request.endsWith(parcel.body)) return
      request = ''
      requests++
      const [...left] = pieces
      const next = (): void => {
        const piece = left.shift()
        if (piece !== undefined) socket.write(piece, () => setImmediate(next))
      }
      next()
    })
  })
  const url = `http://127.0.0.1:${await listen(server)}/`
  return { url, requests: () => requests }
}

describe('an answer that follows an unsolicited 100 Continue', () => {
  it.each<[string, string[]]>([
    ['100', [CONTINUE, THANKS]],
    ['100 in one piece with it', [CONTINUE + THANKS]],
    ['100 byte by byte', [...CONTINUE, ...THANKS]],
    ['100 with fields', ['HTTP/1.1 100 Continue\r\nDate: today\r\n\r\n', THANKS]],
    ['100 without a phrase, in HTTP/1.0', ['HTTP/1.0 100\r\n\r\n', THANKS]],
    ['102', [PROCESSING, THANKS]],
    ['103', [HINTS, THANKS]],
    ['all of them, twice', [PROCESSING, CONTINUE, HINTS + PROCESSING, CONTINUE, HINTS, THANKS]],
  ])('counts: %s', async (_, pieces) => {
    const { url, requests } = await answering(...pieces)
    const transport = streamTransport({ url, fetch: nodeFetch({}) })
    expect(await transport.deliver(parcel, never)).toEqual({ kind: 'delivered' })
    expect(await transport.deliver(parcel, never)).toEqual({ kind: 'delivered' })
    expect(requests()).toBe(2)
  })

  it('counts also where it is a refusal', async () => {
    const { url } = await answering(CONTINUE, 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n')
    const outcome = await streamTransport({ url, fetch: nodeFetch({}) }).deliver(parcel, never)
    expect(outcome).toEqual({ kind: 'reject', reason: 'answered 400' })
  })

  it('counts behind a proxy that sends one itself', async () => {
    const { url, requests } = await answering(CONTINUE, THANKS)
    const proxy = createServer((socket) => {
      socket.once('data', () => {
        const onward = connect(Number(new URL(url).port), '127.0.0.1', () => {
          onward.on('error', () => {})
          socket.write(`${CONTINUE}HTTP/1.1 200 Connection Established\r\n\r\n`)
          socket.pipe(onward).pipe(socket)
        })
      })
    })
    const env = { HTTP_PROXY: `http://127.0.0.1:${await listen(proxy)}` }
    expect(await streamTransport({ url, fetch: nodeFetch(env) }).deliver(parcel, never)).toEqual({
      kind: 'delivered',
    })
    expect(requests()).toBe(1)
  })

  it('is read as it was sent', async () => {
    const body = `${CONTINUE}${'x'.repeat(70_000)}${CONTINUE}`
    const head = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`
    const { url } = await answering(CONTINUE + head, body.slice(0, 30), body.slice(30))
    const response = await nodeFetch({})(url, { method: 'POST', body: parcel.body })
    expect(await response.text()).toBe(body)
  })
})

it.each([
  ['a change of protocol', ['HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n']],
  ['an informational answer without an end', [`HTTP/1.1 100 Continue\r\nX: ${'x'.repeat(40_000)}`]],
  ['no HTTP', ['HTTPS? '.repeat(9)]],
])('%s is a failure that is tried again', async (_, pieces) => {
  const { url } = await answering(...pieces)
  const outcome = await streamTransport({ url, fetch: nodeFetch({}) }).deliver(parcel, never)
  expect(outcome).toMatchObject({ kind: 'retry' })
  expect(outcome).not.toMatchObject({ reason: expect.stringContaining('no answer') as string })
})
