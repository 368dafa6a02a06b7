// debug, compared with what flush then really sends to a real receiver.

import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTcpServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Parcel } from '@learnpack/telemetry-core'
import { openCourseFolder } from '@learnpack/telemetry-transport-file'
import { streamTransport } from '@learnpack/telemetry-transport-http'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { main } from '../src/cli'
import { machineId } from '../src/logins/machine-id'
import { choose } from '../src/consent/consent'
import { createTelemetryManager, type TelemetryManager } from '../src/index'
import { requestsOf, type CaughtRequest } from '../src/commands/preview'
import { digestOf } from './digest'

const temporary = () => mkdtempSync(join(tmpdir(), 'telemetry-debug-'))

async function run(...args: string[]) {
  let out = ''
  let err = ''
  const code = await main(args, { out: (text) => (out += text), err: (text) => (err += text) })
  return { code, out, err }
}

async function receiver(status: () => number = () => 200) {
  const got: CaughtRequest[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const body = Buffer.concat(chunks).toString()
      got.push({
        method,
        url: `http://${headers.host}${url}`,
        headers: headers as Record<string, string>,
        body,
      })
      response.writeHead(status()).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { got, telemetry: { batch: `${url}/batch?asset_id=7`, stream: `${url}/stream` } }
}

/** Somewhere that counts who comes. */
async function watched() {
  let connections = 0
  const server = createTcpServer((socket) => {
    connections++
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { telemetry: { batch: `${url}/b`, stream: `${url}/s` }, connections: () => connections }
}

async function course(telemetry: object, work: (manager: TelemetryManager) => void = () => {}) {
  const path = temporary()
  writeFileSync(join(path, 'learn.json'), JSON.stringify({ slug: 'intro', telemetry }))
  const manager = createTelemetryManager()
  const steps = ['00-hello', '01-add'].map((slug, position) => ({ slug, position, is_testeable: true }))
  void manager.start('os', steps, join(path, '.learn'), 'intro')
  manager.setStudent({ user_id: 42, token: 's3cret' })
  manager.registerStepEvent(0, 'open_step', {})
  manager.registerStepEvent(0, 'compile', { stdout: 'ñ\u001B[31m\u009B', exitCode: 0 })
  manager.registerStepEvent(1, 'open_step', {})
  work(manager)
  await manager.close()
  return path
}

/** What debug says, having changed nothing. */
async function debugged(path: string, ...options: string[]) {
  const before = digestOf(path)
  const said = await run('debug', path, ...options)
  expect(digestOf(path)).toEqual(before)
  return said
}

const requestsIn = ({ out }: { out: string }): CaughtRequest[] => JSON.parse(out) as CaughtRequest[]
const essential = ({ method, url, headers, body }: CaughtRequest) => ({
  method,
  url,
  body,
  headers: ['content-type', 'user-agent', 'webhook-id', 'idempotency-key'].map((name) => headers[name]),
})
const sorted = (requests: CaughtRequest[]) =>
  requests.map(essential).sort((a, b) => (a.headers[2]! < b.headers[2]! ? -1 : 1))

describe('debug', () => {
  it('shows what flush then sends, byte for byte, and nothing once it is sent', async () => {
    const { got, telemetry } = await receiver()
    const path = await course(telemetry)
    const shown = await debugged(path, '--json')
    expect(shown).toMatchObject({ code: 0, err: '' })
    expect(got).toEqual([])
    expect(requestsIn(shown)).toHaveLength(4)
    expect(await run('flush', path)).toMatchObject({ code: 0 })
    expect(sorted(requestsIn(shown))).toEqual(sorted(got))
    const after = await debugged(path, '--json')
    expect(after).toMatchObject({ out: '[]\n', err: 'nothing waits: all of it was delivered\n' })
  })

  it('shows what still waits, where some of it was sent and what a receiver refused is dead', async () => {
    let answers = [200, 422]
    const { got, telemetry } = await receiver(() => answers.shift() ?? 503)
    const path = await course({ stream: telemetry.stream })
    await run('flush', path)
    expect(got).toHaveLength(3)
    // As if the receiver had asked to be left alone for an hour.
    const folder = openCourseFolder(join(path, '.learn'))
    const { cursors } = folder.open(folder.list()[0]!)
    const [{ destination, state }] = cursors.list() as [ReturnType<typeof cursors.list>[number]]
    cursors.write(destination, { ...state, retryAt: Date.now() + 3_600_000, retryAsked: 3_600_000 })
    expect((await debugged(path)).err).toMatch(/nothing is sent until 20\S+Z: answered 503\n/)
    cursors.write(destination, state)
    folder.close()
    const shown = requestsIn(await debugged(path, '--json'))
    answers = [200]
    got.splice(0)
    await run('flush', path)
    expect(shown).toHaveLength(1)
    expect(sorted(shown)).toEqual(sorted(got))
    expect((await debugged(path, '--json')).err).toBe(
      'nothing waits\ndead letters, refused for good: 1; learnpack-telemetry dead-letters list shows them\n',
    )
  })

  it('opens no connection, and prints each request for a person to read', async () => {
    const { telemetry, connections } = await watched()
    const path = await course(telemetry)
    const { out, err } = await debugged(path)
    expect(err).toBe('')
    expect(out.split(/^POST /m)).toHaveLength(5)
    expect(out).toMatch(
      new RegExp(
        `^POST ${telemetry.batch}\\ncontent-type: application/json\\nidempotency-key: "\\S+"\\n[^{]*\\n\\n\\{"telemetry_id":[^\\n]*\\}\\n\\nPOST ${telemetry.stream}\\n`,
      ),
    )
    expect(out).not.toMatch(/[^\P{Cc}\n]/u)
    expect(out).not.toContain('s3cret')
    expect(connections()).toBe(0)
  })

  it('shows texts as they were written with --decode', async () => {
    const { telemetry } = await watched()
    const path = await course(telemetry)
    const bodies = requestsIn(await debugged(path, '--json', '--decode')).map(
      ({ body }) => JSON.parse(body) as object,
    )
    const stdout = 'ñ\u001B[31m\u009B'
    expect(bodies[0]).toMatchObject({ steps: [{ compilations: [{ stdout }] }, {}] })
    expect(bodies[2]).toMatchObject({ event: 'compile', data: { stdout } })
  })

  it('shows no secret of a host', async () => {
    const parcel: Parcel = { kind: 'snapshot', id: 'a', at: 1, contentType: 'application/json', body: '{}' }
    const [request] = await requestsOf(
      (fetch) =>
        streamTransport({
          url: 'https://school.example/s',
          fetch,
          secret: `whsec_${Buffer.alloc(24, 's').toString('base64')}`,
          authorization: { origins: ['https://school.example'], value: () => 'Token s3cret' },
        }),
      [parcel],
    )
    expect(request).toMatchObject({
      headers: { authorization: '***', 'webhook-signature': '***' },
      body: '{}',
    })
  })
})

describe('debug says why nothing would be sent', () => {
  const urls = { stream: 'https://school.example/s' }

  it('switched off', async () => {
    const path = await course(urls)
    vi.stubEnv('XDG_CONFIG_HOME', temporary())
    onTestFinished(() => void vi.unstubAllEnvs())
    choose(false, path)
    expect(await debugged(path, '--json')).toEqual({
      code: 0,
      out: '[]\n',
      err: 'nothing would be sent: recording is switched off (chosen for this course)\n',
    })
  })

  it('no destination', async () => {
    const path = await course({ stream: 'nowhere' })
    expect((await debugged(path)).err).toMatch(
      /^nothing would be sent: learn\.json names no destination\n.*telemetry\.stream: .*"nowhere"/,
    )
  })

  it('nobody has ever logged in', async () => {
    const path = temporary()
    writeFileSync(join(path, 'learn.json'), JSON.stringify({ telemetry: urls }))
    const manager = createTelemetryManager()
    void manager.start('os', [{ slug: 'a', position: 0 }], join(path, '.learn'), 'intro')
    await manager.close()
    expect((await debugged(path)).err).toBe('nothing would be sent: nobody has logged in\n')
  })

  it('the owner logged out', async () => {
    const path = await course(urls)
    const folder = openCourseFolder(join(path, '.learn'))
    const { createTelemetry } = await import('@learnpack/telemetry-core')
    const { nodePorts } = await import('@learnpack/telemetry-transport-file')
    const telemetry = createTelemetry({ storage: folder, ...nodePorts, machine: machineId })
    telemetry.start({ slug: 'intro', agent: 'os', steps: [] })
    telemetry.clear()
    await telemetry.close()
    folder.close()
    expect((await debugged(path)).err).toBe(
      'nothing would be sent: this telemetry is of student 42, and nobody is logged in\n',
    )
  })

  it('another student works in a telemetry of their own, which is what would be sent', async () => {
    const path = await course(urls, (manager) => {
      manager.setStudent({ user_id: 7 })
      manager.registerStepEvent(0, 'open_step', {})
    })
    const requests = requestsIn(await debugged(path, '--json'))
    expect(requests.map(({ body }) => (JSON.parse(body) as { user_id: number }).user_id)).toEqual([7])
  })

  it('paused', async () => {
    const { telemetry } = await receiver(() => 410)
    const path = await course({ stream: telemetry.stream })
    await run('flush', path)
    expect(await debugged(path, '--json')).toMatchObject({
      out: '[]\n',
      err: `${telemetry.stream}: nothing is sent until the next login: answered 410\n`,
    })
  })

  it('the host is logged out, whatever the log says', async () => {
    const path = await course(urls)
    mkdirSync(join(path, '.learn', '.session'))
    expect(await debugged(path, '--json')).toMatchObject({
      out: '[]\n',
      err: 'nothing would be sent: student 42 is no longer logged in\n',
    })
  })

  it('another process delivers', async () => {
    const path = await course(urls)
    const host = openCourseFolder(join(path, '.learn'))
    host.lease.acquire()
    onTestFinished(() => host.close())
    const shown = await debugged(path, '--json')
    expect(shown.err).toBe('another process is recording in this folder and delivers by itself\n')
    expect(requestsIn(shown)).toHaveLength(3)
  })

  it('nothing is recorded', async () => {
    expect(await run('debug', temporary())).toMatchObject({ code: 1 })
  })
})
