// Delivery as it happens: real processes, killed at random, and a real receiver that drops the ids it knows.

import { spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createFollower, isStepEvent } from '@learnpack/telemetry-core'
import { crc32, openFileLog } from '@learnpack/telemetry-transport-file'
import { describe, expect, it, onTestFinished } from 'vitest'
import { findLog } from '../src/reading/find-log'

const script = fileURLToPath(new URL('children/deliver.mjs', import.meta.url))

/** Counts by id, as a receiver should; and keeps every body, to compare. */
async function receiver() {
  const bodies = new Map<string, Set<string>>()
  const order: string[] = []
  let requests = 0
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      requests++
      const id = String(request.headers['webhook-id'])
      const seen = bodies.get(id) ?? new Set()
      if (!bodies.has(id) && request.url === '/stream') order.push(id)
      bodies.set(id, seen.add(Buffer.concat(chunks).toString()))
      response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bodies,
    order,
    requests: () => requests,
  }
}

function deliver(dirPath: string, url: string, ...mode: string[]) {
  const child = spawn(process.execPath, [script, dirPath, url, ...mode])
  let out = ''
  let err = ''
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const acknowledged = (count: number): Promise<void> =>
    new Promise((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        out += chunk.toString()
        if (out.split('\n').length > count) resolve()
      })
      child.once('close', () => resolve())
    })
  const ended = new Promise<{ code: number | null; ids: string[]; err: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, ids: out.split('\n').slice(0, -1), err })),
  )
  return { child, acknowledged, ended }
}

describe('kill -9 during delivery, 200 times', () => {
  it(
    'every event is counted exactly once, in order, with the same bytes at every attempt',
    { timeout: 300_000 },
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'telemetry-deliver-'))
      const dirPath = join(folder, '.learn')
      const { url, bodies, order, requests } = await receiver()
      const acknowledged: string[] = []
      for (let round = 0; round < 200; round++) {
        const { child, acknowledged: until, ended } = deliver(dirPath, url)
        await until(1 + Math.floor(Math.random() * 25))
        child.kill('SIGKILL')
        const { ids, err } = await ended
        expect(err).toBe('')
        acknowledged.push(...ids)
      }
      expect(await deliver(dirPath, url, 'drain').ended).toMatchObject({ code: 0, err: '' })

      const recorded: string[] = []
      const log = openFileLog(findLog(folder))
      createFollower(log, crc32, {
        folded: (event) => void (isStepEvent(event) && recorded.push(event.id)),
      }).catchUp()
      log.close()
      expect(recorded).toEqual(expect.arrayContaining(acknowledged))
      expect(order).toEqual(recorded)
      for (const [id, seen] of bodies) expect([id, seen.size]).toEqual([id, 1])
      // Killed between an answer and its cursor, a process leaves something to be sent again.
      expect(requests()).toBeGreaterThanOrEqual(bodies.size)
      expect(acknowledged.length).toBeGreaterThan(400)
    },
  )
})
