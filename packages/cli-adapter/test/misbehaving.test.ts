// Receivers that behave as badly as they can: the host's exit code and output stay its own, nothing is lost.

import { spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import {
  connect,
  createServer as createTcpServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'

const script = fileURLToPath(new URL('children/exit.mjs', import.meta.url))

function host(dirPath: string, url: string, way: string, env: Record<string, string> = {}) {
  const args = ['--unhandled-rejections=strict', script, dirPath, url, way]
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env } })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  return new Promise<{ code: number | null; output: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, output })),
  )
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const open = new Set<Socket>()
  server.on('connection', (socket) => open.add(socket))
  onTestFinished(() => {
    server.close()
    for (const socket of open) socket.destroy()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const serve = (listener: RequestListener): Promise<string> => listening(createServer(listener))

const answer =
  (status: number, headers: Record<string, string> = {}): RequestListener =>
  (request, response) => {
    request.resume()
    response.writeHead(status, headers).end()
  }

/** Writes without end, as fast as it is read. */
function endless(response: ServerResponse): void {
  const more = (): void =>
    void (response.write('x'.repeat(65_536)) ? setImmediate(more) : response.once('drain', more))
  response.on('error', () => {})
  more()
}

const receivers: [string, RequestListener | undefined][] = [
  ['refuses connections', undefined],
  ['resets connections', (request) => request.socket.destroy()],
  ['hangs before its answer', () => {}],
  ['hangs after its headers', (_, response) => void response.writeHead(200).write('x')],
  ['drips', (_, response) => void setInterval(() => response.write('x'), 1_000).unref()],
  ['answers without end', (_, response) => endless(response.writeHead(200))],
  ['asks for patience: 0', answer(429, { 'retry-after': '0' })],
  ['asks for patience: -5', answer(429, { 'retry-after': '-5' })],
  [
    'asks for patience: a date',
    answer(429, { 'retry-after': new Date(Date.now() + 3_600_000).toUTCString() }),
  ],
  ['asks for patience: garbage', answer(429, { 'retry-after': 'soon, maybe' })],
  ['points elsewhere', answer(302, { location: 'http://127.0.0.1:1/' })],
  ['is broken', answer(500)],
  ['speaks no HTTP', (request) => void request.socket.end('hello\r\n\r\n')],
]

describe.each(receivers)('a receiver that %s', (_, listener) => {
  const at = () => (listener === undefined ? Promise.resolve('http://127.0.0.1:1') : serve(listener))

  it.each([
    ['natural', 0],
    ['close', 0],
    ['exit', 3],
  ])('leaves the host alone: %s', async (way, code) => {
    const dirPath = join(mkdtempSync(join(tmpdir(), 'telemetry-exit-')), '.learn')
    expect(await host(dirPath, await at(), way)).toEqual({ code, output: '' })
  })
})

describe('behind a proxy', () => {
  /** Tunnels to whatever it is asked for. */
  async function proxy(): Promise<string> {
    const server = createServer()
    server.on('connect', ({ url = '' }, socket: Socket) => {
      const [name, port] = url.split(':')
      const onward = connect(Number(port), name, () => {
        socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
        socket.pipe(onward).pipe(socket)
      })
      for (const one of [socket, onward]) one.on('error', () => {})
    })
    return listening(server)
  }
  const silent = () => listening(createTcpServer((socket) => socket.on('error', () => {})))

  it.each([
    ['a receiver that hangs', async () => ({ HTTP_PROXY: await proxy() }), async () => serve(() => {})],
    [
      'a handshake that hangs',
      async () => ({ HTTPS_PROXY: await proxy() }),
      async () => (await silent()).replace('http:', 'https:'),
    ],
    ['a proxy that hangs', async () => ({ HTTP_PROXY: await silent() }), async () => 'http://127.0.0.1:1'],
  ])('%s does not hold a host that is done', async (_, env, url) => {
    const dirPath = join(mkdtempSync(join(tmpdir(), 'telemetry-exit-')), '.learn')
    const started = await Promise.all([env(), url()])
    expect(await host(dirPath, started[1], 'natural', started[0])).toEqual({ code: 0, output: '' })
  })
})

describe('a host that never closes', () => {
  it.each(['natural', 'exit'])('loses nothing: %s', async (way) => {
    const dirPath = join(mkdtempSync(join(tmpdir(), 'telemetry-exit-')), '.learn')
    const outputs = new Set<string>()
    const url = await serve((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => {
        if (request.url === '/stream')
          outputs.add(`${JSON.parse(body).data.stdout} ${String(request.headers['webhook-id'])}`)
        response.end()
      })
    })
    await host(dirPath, url, way)
    await host(dirPath, url, 'settle')
    const recorded = [...outputs].map((one) => Buffer.from(one.split(' ')[0] ?? '', 'base64').toString())
    expect(recorded.sort()).toEqual(['0', '0', '1', '1', '2', '2', '3', '3', '4', '4'])
  })
})
