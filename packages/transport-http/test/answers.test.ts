// Every row of the table of answers (SPEC §6), from the answer to what becomes of the work: the real engine,
// the real transports and the global fetch, at a receiver by msw.

import { crc32 } from 'node:zlib'
import { createTelemetry, deterministicId } from '@learnpack/telemetry-core'
import { manualClock, memoryStorage } from '@learnpack/telemetry-core/memory'
import { delay, http, HttpResponse } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { batchTransport, streamTransport } from '../src/index'

const BATCH = 'https://school.example/batch'
const STREAM = 'https://school.example/stream'
const NOW = Date.UTC(2026, 0, 5, 12)

type Answer = () => Response | Promise<Response>
const thanks: Answer = () => new HttpResponse('thanks')

const server = setupServer()
beforeAll(() => server.listen({ onUnhandledRequest: 'error' }))
afterEach(() => server.resetHandlers())
afterAll(() => server.close())

/** A receiver that gives one stream or batch its first answers, and thanks for everything after them. */
function receiver(url: string, ...answers: Answer[]) {
  const got: { id: string | null; body: string }[] = []
  const noting =
    (to: string) =>
    async ({ request }: { request: Request }) => {
      const answer = to === url ? (answers.shift() ?? thanks) : thanks
      if (to === url) got.push({ id: request.headers.get('webhook-id'), body: await request.text() })
      return answer()
    }
  server.use(http.post(BATCH, noting(BATCH)), http.post(STREAM, noting(STREAM)))
  return got
}

/** A student's session whose work waits for delivery: two events, one batch. */
function session() {
  const clock = manualClock(NOW)
  let made = 0
  const telemetry = createTelemetry({
    storage: memoryStorage(),
    clock,
    ids: { event: (at) => deterministicId(at, String(made++)), telemetry: () => 'q1lllj6jq1lllj6j' },
    crc: crc32,
    random: () => 0.5,
    transports: [
      batchTransport({ url: BATCH, now: clock.now, timeoutMs: 250 }),
      streamTransport({ url: STREAM, now: clock.now, timeoutMs: 250 }),
    ],
  })
  telemetry.start({ slug: 'intro', agent: 'os', steps: [{ slug: 'a', position: 0 }] })
  telemetry.identify(42)
  telemetry.record(0, 'compile', { stdout: 'first' })
  telemetry.record(0, 'compile', { stdout: 'second' })
  const stateOf = (url: string) =>
    telemetry.status().destinations[`${url === BATCH ? 'http-batch' : 'http-stream'} ${url}`]
  return { telemetry, clock, stateOf }
}

const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  () =>
    new HttpResponse(null, { status: code, headers })

const everywhere = [BATCH, STREAM] as const
/** What a destination is sent when all goes well. */
const usual = { [BATCH]: 1, [STREAM]: 2 }

describe.each(everywhere)('%s', (url) => {
  it.each([200, 201, 202, 204, 299])('%i: delivered, the cursor advances', async (code) => {
    const got = receiver(url, status(code))
    const { telemetry, stateOf } = session()
    await telemetry.settled()
    expect(got).toHaveLength(usual[url])
    expect(stateOf(url)).toMatchObject({ delivered: usual[url], attempts: 0 })
    expect(stateOf(url)?.offset).toBeGreaterThan(0)
  })

  it.each<[string, Answer]>([
    ['a network error', () => HttpResponse.error()],
    ['a timeout', async () => (await delay('infinite'), thanks())],
    ...[408, 425, 429, 500, 502, 503, 504, 599].map((code): [string, Answer] => [`${code}`, status(code)]),
  ])('%s: retried, the same id and bytes, 1 s doubling', async (_, answer) => {
    const got = receiver(url, answer, answer)
    const { telemetry, clock, stateOf } = session()
    await telemetry.settled()
    expect(stateOf(url)).toMatchObject({ delivered: 0, attempts: 1, retryAt: NOW + 500 })
    clock.advance(499)
    await telemetry.settled()
    expect(got).toHaveLength(1)
    clock.advance(1)
    await telemetry.settled()
    expect(stateOf(url)).toMatchObject({ delivered: 0, attempts: 2, retryAt: NOW + 1_500 })
    clock.advance(1_000)
    await telemetry.settled()
    expect(stateOf(url)).toMatchObject({ delivered: usual[url], attempts: 0 })
    expect(got).toHaveLength(2 + usual[url])
    expect([got[1], got[2]]).toEqual([got[0], got[0]])
  })

  it.each([
    ['120', 120_000],
    // Never less than the back-off.
    ['0', 500],
    [new Date(NOW + 90_000).toUTCString(), 90_000],
    [new Date(NOW - 90_000).toUTCString(), 500],
    ['999999999', 24 * 3_600_000],
    ['Fri, 31 Dec 9999 23:59:59 GMT', 24 * 3_600_000],
    // Neither form: as if it were not there.
    ['-5', 500],
    ['soon', 500],
    ['1.5', 500],
  ])('Retry-After: %s', async (value, after) => {
    for (const code of [429, 503]) {
      receiver(url, status(code, { 'retry-after': value }))
      const { telemetry, stateOf } = session()
      await telemetry.settled()
      expect(stateOf(url)).toMatchObject({ attempts: 1, retryAt: NOW + after })
    }
  })

  it.each([300, 301, 302, 303, 307, 308])('%i: never followed, pauses, says where to', async (code) => {
    const got = receiver(url, status(code, { location: 'https://elsewhere.example/x' }))
    const { telemetry, clock, stateOf } = session()
    await telemetry.settled()
    clock.advance(7 * 24 * 3_600_000)
    await telemetry.settled()
    expect(got).toHaveLength(1)
    expect(stateOf(url)?.paused?.reason).toContain('https://elsewhere.example/x')
  })

  it.each([401, 403, 410])('%i: pauses until the next login', async (code) => {
    const got = receiver(url, status(code))
    const { telemetry, clock, stateOf } = session()
    await telemetry.settled()
    clock.advance(7 * 24 * 3_600_000)
    await telemetry.settled()
    expect(got).toHaveLength(1)
    expect(stateOf(url)?.paused?.reason).toContain(String(code))
    telemetry.identify(42)
    await telemetry.settled()
    expect(got).toHaveLength(1 + usual[url])
    expect(stateOf(url)).toMatchObject({ delivered: usual[url], paused: undefined })
  })
})

const refusals = [400, 402, 404, 405, 406, 409, 411, 413, 415, 418, 422, 451, 499]

it.each(refusals)('stream, %i: to the dead letters, the next is sent; it can be resent', async (code) => {
  const got = receiver(STREAM, status(code))
  const { telemetry, stateOf } = session()
  await telemetry.settled()
  expect(got).toHaveLength(2)
  expect(stateOf(STREAM)).toMatchObject({ delivered: 1, deadLettered: 1 })
  expect(stateOf(STREAM)?.lastError).toBeUndefined()
  expect(telemetry.resend()).toBe(1)
  await telemetry.settled()
  expect(got).toHaveLength(3)
  expect(got[2]).toEqual(got[0])
  expect(stateOf(STREAM)).toMatchObject({ delivered: 2, deadLettered: 0 })
})

it.each(refusals)('batch, %i: shown, the next trigger tries again', async (code) => {
  const got = receiver(BATCH, status(code))
  const { telemetry, stateOf } = session()
  await telemetry.settled()
  expect(got).toHaveLength(1)
  expect(stateOf(BATCH)).toMatchObject({ delivered: 0, deadLettered: 0 })
  expect(stateOf(BATCH)?.lastError).toContain(String(code))
  telemetry.record(0, 'open_step')
  await telemetry.settled()
  expect(got).toHaveLength(2)
  expect(JSON.parse(got[1]!.body)).toMatchObject({ steps: [{ slug: 'a', opened_at: NOW }] })
  expect(stateOf(BATCH)).toMatchObject({ delivered: 1 })
})
