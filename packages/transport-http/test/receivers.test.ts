// The receivers of docs/receive.md as they are printed there, each as a process of its own: the real engine
// delivers a recorded session to them over a line that loses answers, and a receiver that is killed.

import { execFileSync, execSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { crc32, gzipSync } from 'node:zlib'
import { createTelemetry, deterministicId, history, parseSnapshot } from '@learnpack/telemetry-core'
import type { Parcel, TelemetryEvent } from '@learnpack/telemetry-core'
import { manualClock, memoryStorage } from '@learnpack/telemetry-core/memory'
import { jsonSchema } from '@learnpack/telemetry-core/schemas'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterEach, describe, expect, it } from 'vitest'
import '../../../testing/every-body'
import { batchTransport, streamTransport, type HttpTransportOptions } from '../src/index'

const read = (path: string) =>
  readFileSync(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), 'utf8')
const blocks = Object.fromEntries(
  [...read('docs/receive.md').matchAll(/^```\w+ file=(\S+)\n([^]*?)^```$/gm)].map(([, name, code]) => [
    name!,
    code!,
  ]),
)

const secretOf = (text: string): string => `whsec_${Buffer.from(text).toString('base64')}`
const secret = secretOf('what only the two of them know')

const closers: (() => void)[] = []
afterEach(() => closers.splice(0).forEach((close) => close()))

interface Stored {
  readonly id: string
  readonly body: Record<string, unknown>
}

interface Language {
  readonly command: string
  readonly file: string
  /** What a receiver has stored in that folder, in the order it came. */
  readonly stored: (folder: string) => Stored[]
}

const node: Language = {
  command: process.execPath,
  file: 'receiver.mjs',
  stored: (folder) =>
    readFileSync(join(folder, 'received.ndjson'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Stored),
}

const SELECT = `import sqlite3, json
rows = sqlite3.connect('received.db').execute('select id, body from received order by rowid')
print(json.dumps([{'id': id, 'body': json.loads(body)} for id, body in rows]))`

const python: Language = {
  command: 'python3',
  file: 'receiver.py',
  stored: (cwd) => JSON.parse(execFileSync('python3', ['-c', SELECT], { cwd, encoding: 'utf8' })) as Stored[],
}

async function run({ command, file, stored }: Language, its: { secret?: string } = { secret }) {
  const folder = mkdtempSync(join(tmpdir(), 'receiver-'))
  writeFileSync(join(folder, file), blocks[file]!)
  let child: ChildProcess
  let url = 'http://127.0.0.1:0'

  async function start(): Promise<void> {
    const { port: PORT } = new URL(url)
    const env = { ...process.env, NODE_OPTIONS: '', WEBHOOK_SECRET: its.secret, PORT }
    child = spawn(command, [file], { cwd: folder, env, stdio: ['ignore', 'pipe', 'ignore'] })
    url = await new Promise<string>((resolve, reject) => {
      child.stdout!.once('data', (line: Buffer) => resolve(line.toString().trim()))
      child.once('error', reject)
      child.once('exit', (code) => reject(new Error(`${file} ended with ${code}`)))
    })
  }

  const kill = (): Promise<void> =>
    new Promise((resolve) => {
      child.once('exit', () => resolve())
      child.kill('SIGKILL')
    })

  closers.push(() => void child.kill('SIGKILL'))
  await start()
  return {
    url: () => url,
    folder,
    stored: () => stored(folder),
    restart: async () => {
      await kill()
      await start()
    },
  }
}

/**
 * Passes everything on, and loses two of three answers to what it sees for the first time: one becomes a
 * 503, one a broken connection.
 */
async function lossyLine(to: string) {
  const passedOn: string[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const id = String(request.headers['webhook-id'])
    const { host: _, connection: __, ...headers } = request.headers as Record<string, string>
    const answer = await fetch(to, { method: 'POST', headers, body: Buffer.concat(chunks) })
    const isNew = !passedOn.includes(id)
    const turn = isNew ? new Set(passedOn).size % 3 : undefined
    passedOn.push(id)
    if (turn === 0) response.writeHead(503).end()
    else if (turn === 1) request.socket.destroy()
    else response.writeHead(answer.status).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, passedOn }
}

function runtime(transports: ReturnType<typeof batchTransport>[], now = Date.now()) {
  const clock = manualClock(now)
  let made = 0
  const ids = {
    event: (at: number) => deterministicId(at, String(made++)),
    telemetry: () => 'q1lllj6jq1lllj6j',
  }
  const telemetry = createTelemetry({
    storage: memoryStorage(),
    clock,
    ids,
    crc: crc32,
    random: () => 0.5,
    transports,
  })
  return { telemetry, clock }
}

/** The session behind a real learner's file, as of a student who logged in at its beginning. */
function recordedSession(): readonly TelemetryEvent[] {
  const parsed = parseSnapshot(read('packages/core/test/fixtures/telemetry.sample.json'))
  if (!parsed.ok) throw new Error(parsed.reason)
  const [start, ...rest] = history(parsed.snapshot) as [TelemetryEvent, ...TelemetryEvent[]]
  const login = { ...start, id: deterministicId(start.at, 'login'), type: 'student_identified' }
  return [start, { ...login, data: { user_id: 42 } }, ...rest]
}

async function deliverSession(receiver: Awaited<ReturnType<typeof run>>, gzip: boolean) {
  const line = await lossyLine(receiver.url())
  const http = { url: line.url, secret, gzip }
  const { telemetry, clock } = runtime([batchTransport(http), streamTransport(http)])
  const waits = () => Object.values(telemetry.status().destinations).some(({ attempts }) => attempts > 0)
  const events = recordedSession()
  let killed = false
  for (const [index, event] of events.entries()) {
    telemetry.append(event)
    await telemetry.settled()
    if (!killed && waits() && index >= events.length / 2) {
      await receiver.restart()
      killed = true
    }
    while (waits()) {
      clock.advance(1_000)
      await telemetry.settled()
    }
  }
  expect(killed).toBe(true)
  return { line, telemetry, events }
}

const parcelOf = (id: string, body: object = { slug: 'a', event: 'test' }): Parcel => ({
  kind: 'snapshot',
  id,
  at: 1,
  contentType: 'application/json',
  body: JSON.stringify(body),
})

const hasPython = spawnSync('python3', ['--version']).status === 0

describe.each([
  ['Node', node, true],
  [hasPython ? 'Python' : 'Python (skipped: there is no python3 here)', python, hasPython],
] as const)('the receiver in %s', (_, language, here) => {
  const attempt = (url: string, parcel: Parcel, options: Partial<HttpTransportOptions> = {}) =>
    streamTransport({ url, secret, ...options }).deliver(parcel, new AbortController().signal)

  it.skipIf(!here).each([false, true])(
    'counts everything once though answers are lost and it is killed (gzip: %s)',
    async (gzip) => {
      const receiver = await run(language)
      const { line, telemetry, events } = await deliverSession(receiver, gzip)
      const stored = receiver.stored()
      const ids = stored.map(({ id }) => id)
      // It was told more than once of most of it.
      expect(line.passedOn.length).toBeGreaterThan(1.5 * ids.length)
      expect([...ids].sort()).toEqual([...new Set(line.passedOn)].sort())

      const streamed = events.filter((event) => 'step' in event)
      const counted = stored.filter(({ body }) => 'event' in body)
      expect(streamed.length).toBeGreaterThan(3)
      expect(counted.map(({ id, body }) => [id, body['event']])).toEqual(
        streamed.map(({ id, type }) => [id, type]),
      )
      const batches = stored.filter(({ body }) => !('event' in body))
      expect(batches.length).toBeGreaterThan(2)
      expect(batches.at(-1)!.body).toMatchObject({ slug: telemetry.snapshot().slug, user_id: 42 })
    },
  )

  it.skipIf(!here)('refuses what is not signed, not whole or not recent, and counts none of it', async () => {
    const receiver = await run(language)
    const url = receiver.url()
    const refused = { kind: expect.stringMatching(/^(pause|reject)$/) as string }
    const parcel = parcelOf('genuine')
    const body = parcel.body.replace('test', 'rest')
    const sending =
      (change: (init: RequestInit) => RequestInit): typeof fetch =>
      (to, init) =>
        fetch(to, change(init!))
    const setting = (name: string, value: string) =>
      sending((init) => ({ ...init, headers: { ...(init.headers as object), [name]: value } }))

    const wrong: Partial<HttpTransportOptions>[] = [
      { secret: secretOf('what somebody else has thought of') },
      { now: () => Date.now() - 600_000 },
      { now: () => Date.now() + 600_000 },
      { fetch: sending((init) => ({ ...init, body })) },
      { gzip: true, fetch: sending((init) => ({ ...init, body: gzipSync(body) })) },
      { gzip: true, fetch: sending((init) => ({ ...init, body: 'no gzip at all' })) },
      { fetch: setting('webhook-id', 'another') },
      { fetch: setting('webhook-timestamp', String(Math.floor(Date.now() / 1_000) - 1)) },
      { fetch: setting('webhook-signature', '') },
      { fetch: setting('webhook-signature', 'v1,é v1a v1, ') },
    ]
    for (const options of wrong) {
      expect(await attempt(url, parcel, options), JSON.stringify(options)).toMatchObject(refused)
    }
    const large = parcelOf('large', { text: 'x'.repeat(64 * 2 ** 20) })
    for (const gzip of [false, true]) {
      // Making so large a body takes longer than a connection is kept: as the engine does, it is tried again.
      let outcome = await attempt(url, large, { gzip })
      for (let tries = 0; outcome.kind === 'retry' && tries < 3; tries++)
        outcome = await attempt(url, large, { gzip })
      expect(outcome).toMatchObject(refused)
    }
    const bare = streamTransport({ url })
    expect(await bare.deliver(parcel, new AbortController().signal)).toMatchObject(refused)

    expect(await attempt(url, parcel)).toEqual({ kind: 'delivered' })
    expect(receiver.stored().map(({ id }) => id)).toEqual(['genuine'])
  })

  it.skipIf(!here)('takes what is not signed where it is given no secret, and counts it once', async () => {
    const receiver = await run(language, {})
    const url = receiver.url()
    for (const id of ['first', 'first', 'second']) {
      const bare = streamTransport({ url })
      expect(await bare.deliver(parcelOf(id), new AbortController().signal)).toEqual({ kind: 'delivered' })
    }
    expect(receiver.stored().map(({ id }) => id)).toEqual(['first', 'second'])
  })

  it.skipIf(!here)('takes the secret that the command of the guide makes', async () => {
    const [, command] = /^\$ (node -p .*)$/m.exec(read('docs/receive.md')) ?? []
    const made = execSync(command!, { encoding: 'utf8' }).trim()
    const receiver = await run(language, { secret: made })
    expect(await attempt(receiver.url(), parcelOf('a'))).toMatchObject({ kind: 'pause' })
    expect(await attempt(receiver.url(), parcelOf('a'), { secret: made })).toEqual({ kind: 'delivered' })
  })

  it.skipIf(!here)(
    'takes one of several signatures, and counts once what arrives at the same time',
    async () => {
      const receiver = await run(language)
      const twoSignatures: typeof fetch = (to, init) => {
        const headers = new Headers(init?.headers)
        headers.set('webhook-signature', `v1,bm9uZQ== ${headers.get('webhook-signature')}`)
        return fetch(to, { ...init, headers })
      }
      const outcomes = await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          attempt(receiver.url(), parcelOf(`id-${index % 2}`), { fetch: twoSignatures }),
        ),
      )
      expect(outcomes).toEqual(outcomes.map(() => ({ kind: 'delivered' })))
      expect(
        receiver
          .stored()
          .map(({ id }) => id)
          .sort(),
      ).toEqual(['id-0', 'id-1'])
    },
  )
})

it('the receiver in Node goes on behind a line that a crash cut short', async () => {
  const receiver = await run(node)
  const send = (id: string) =>
    streamTransport({ url: receiver.url(), secret }).deliver(parcelOf(id), new AbortController().signal)
  await send('whole')
  const path = join(receiver.folder, 'received.ndjson')
  writeFileSync(path, `${readFileSync(path, 'utf8')}\n{"id":"torn","bo`)
  await receiver.restart()
  for (const id of ['whole', 'torn', 'next']) expect(await send(id)).toEqual({ kind: 'delivered' })
  const lines = readFileSync(path, 'utf8').split('\n')
  expect(lines.map((line) => /"id":"(\w+)"/.exec(line)?.[1])).toEqual([
    undefined,
    ...['whole', 'torn', 'torn', 'next'],
  ])
  expect(JSON.parse(lines[3]!)).toMatchObject({ id: 'torn' })
})

it('the bodies shown are what is sent, and what the schemas describe', async () => {
  const sent: Record<'batch' | 'stream', string[]> = { batch: [], stream: [] }
  const noting =
    (list: string[]): typeof fetch =>
    (_, init) => {
      list.push(init!.body as string)
      return Promise.resolve(new Response())
    }
  const url = 'https://school.example/'
  const { telemetry, clock } = runtime(
    [
      batchTransport({ url, fetch: noting(sent.batch) }),
      streamTransport({ url, fetch: noting(sent.stream) }),
    ],
    1_700_000_000_000,
  )
  const files = [{ path: 'exercises/02-add/app.py', name: 'app.py', hidden: false }]
  telemetry.start({
    slug: 'intro-python',
    agent: 'vscode',
    steps: [{ slug: '02-add', position: 2, files, is_testeable: true }],
  })
  telemetry.identify(42)
  clock.advance(1_000)
  telemetry.record(2, 'open_step')
  clock.advance(30_000)
  const [source_code, stdout] = ['def add(a, b): return a + b', '1 passed']
  const [starting_at, ended_at] = [clock.now() - 900, clock.now()]
  telemetry.record(2, 'test', { source_code, stdout, stderr: '', exitCode: 0, starting_at, ended_at })
  clock.advance(5_000)
  telemetry.end('exit')
  await telemetry.settled()
  for (const name of ['stream', 'batch'] as const) {
    const body = JSON.parse(sent[name].at(-1)!) as unknown
    expect(JSON.parse(blocks[`${name}.json`]!)).toEqual(body)
    expect(new Ajv2020().compile(jsonSchema(name))(body)).toBe(true)
  }
})
