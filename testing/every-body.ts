// Setup of vitest: a test fails where a body that was sent would not be taken by apiv2. Looked at is all that `lookAt` is
// given, and all that arrives at any HTTP server of a test, also from other processes.

import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { afterAll, afterEach, expect } from 'vitest'
import { lookAt, refusedBodies } from './bodies'

const allTaken = (): void => expect(refusedBodies()).toEqual([])
afterEach(allTaken)
afterAll(allTaken)

subscribe('http.server.request.start', (message) => {
  const { request } = message as { request: IncomingMessage }
  // Of other requests, nothing is known.
  if (request.method !== 'POST' || request.headers['webhook-id'] === undefined) return
  const chunks: Buffer[] = []
  const push = request.push.bind(request)
  request.push = (chunk: Buffer | null, encoding) => {
    if (chunk === null) arrived(Buffer.concat(chunks), request.headers['content-encoding'])
    else chunks.push(chunk)
    return push(chunk, encoding)
  }
})

function arrived(bytes: Buffer, encoding: string | undefined): void {
  const body = (encoding === 'gzip' ? gunzipSync(bytes) : bytes).toString('utf8')
  // Tests of the way there send what no telemetry would.
  if (body.includes('"telemetry_id"')) lookAt(body)
}
