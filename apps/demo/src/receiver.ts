// A receiver as a school would run it: takes POSTs, tells batch from stream by the body, counts every id once.

import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { close, listen } from './listen'

const LARGEST_BODY = 64 * 1024 * 1024

export interface Received {
  readonly id: string
  readonly body: Record<string, unknown>
}

export interface Receiver {
  readonly url: string
  /** By id: what arrives twice is counted once. */
  readonly batches: ReadonlyMap<string, Received>
  readonly events: ReadonlyMap<string, Received>
  close(): Promise<void>
}

/** @param port 0 for any free one */
export async function startReceiver(port = 0): Promise<Receiver> {
  const batches = new Map<string, Received>()
  const events = new Map<string, Received>()
  const server = createServer((request, response) => {
    const answer = (status: number): void => void response.writeHead(status).end()
    if (request.method !== 'POST') return answer(405)
    read(request).then(
      (body) => {
        const id = request.headers['webhook-id']
        if (body === undefined || typeof id !== 'string') return answer(400)
        // As apiv2 does: a body with `event` is a stream event (SPEC §10).
        const kind = 'event' in body ? events : batches
        kind.set(id, { id, body })
        answer(204)
      },
      () => answer(400),
    )
  })
  await listen(server, port)
  const { port: bound } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${bound}`,
    batches,
    events,
    close: () => close(server),
  }
}

async function read(request: IncomingMessage): Promise<Record<string, unknown> | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > LARGEST_BODY) return undefined
    chunks.push(chunk)
  }
  const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'))
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : undefined
}
