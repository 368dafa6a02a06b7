import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import {
  transportConformance,
  type Received,
  type TransportUnderTest,
} from '@learnpack/telemetry-core/testing'
import { describe, test } from 'vitest'
import { batchTransport, streamTransport } from '../src/index'

const posting = (to: typeof batchTransport) => async (): Promise<TransportUnderTest> => {
  const got: Received[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const sent = Buffer.concat(chunks)
      const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent
      got.push({ id: String(request.headers['webhook-id']), body: body.toString() })
      response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    transport: to({ url: `http://127.0.0.1:${port}/` }),
    received: async () => got,
    async dispose() {
      server.close()
      server.closeAllConnections()
    },
  }
}

describe.each([
  ['batch', batchTransport],
  ['stream', streamTransport],
])('the %s transport keeps the promises of every transport', (_, to) => {
  for (const { name, run } of transportConformance(posting(to))) test(name, run)
})
