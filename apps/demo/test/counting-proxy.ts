// Every request of a browser passes here: what is not for the demo's own server goes nowhere and is counted.

import { createServer, request as ask } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface CountingProxy {
  readonly port: number
  /** `GET /path` of each request to the demo. */
  readonly own: readonly string[]
  /** What was asked of anybody else. */
  readonly foreign: readonly string[]
  close(): Promise<void>
}

/** @param isOwn tells the demo's hosts, as `127.0.0.1:4173` */
export async function startCountingProxy(isOwn: (host: string) => boolean): Promise<CountingProxy> {
  const own: string[] = []
  const foreign: string[] = []
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://nowhere')
    if (!isOwn(url.host)) {
      foreign.push(`${request.method} ${request.url}`)
      return void response.writeHead(502).end()
    }
    own.push(`${request.method} ${url.pathname}`)
    const { hostname, port, pathname, search } = url
    const passed = ask(
      { hostname, port, path: pathname + search, method: request.method, headers: request.headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
        answer.once('error', () => response.destroy())
      },
    )
    passed.once('error', () => response.destroy())
    response.once('close', () => passed.destroy())
    request.pipe(passed)
  })
  server.on('connect', (request, socket) => {
    foreign.push(`CONNECT ${request.url}`)
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    own,
    foreign,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
