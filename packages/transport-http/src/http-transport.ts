// Batch and stream over HTTP: one POST an attempt, bodies exactly as stock sends them, and everything that
// is new in headers (SPEC §6). Runs in Node and in a browser.

import type { Outcome, Parcel, Transport } from '@learnpack/telemetry-core'
import { version } from '../package.json'
import { outcomeOf } from './outcome'
import { rootCause } from './root-cause'
import { signer } from './signature'

/** How long one attempt may take, ms (SPEC §6): a large body may be long on its way. */
const TIMEOUT_MS = 10_000
const LARGE_TIMEOUT_MS = 120_000
/** Bodies over this are large, and compressed, bytes. */
const LARGE_BYTES = 16 * 1024
/** An answer is read to its end so that its connection can be used again, but not further than this, bytes. */
const ANSWER_BYTES = 64 * 1024

/**
 * What no header, or no structured-field string, may hold, and the mark itself: a telemetry_id may come from a file
 * that a stranger wrote, and what `fetch` refuses would be tried for ever.
 */
const UNFIT = /[^\x21\x23\x24\x26-\x5b\x5d-\x7e]/g

/** Answers of receivers to a body they may not have been able to read, because it was compressed. */
const UNREADABLE = new Set([400, 415, 422, 500])

/** How every request names itself, `learnpack-telemetry/<version>`, where the runtime lets us: a browser does not. */
export const USER_AGENT = `learnpack-telemetry/${version}`

/** Of one destination. */
export interface HttpTransportOptions {
  /**
   * Absolute http(s) URL without a login; its query string is kept. It keys the cursor: another URL starts at the first
   * line.
   */
  readonly url: string
  /**
   * Called once an attempt; a rejection is a retry. Default: the global one, which in Node honours no proxy, and fails with
   * `bad response` where a receiver sends `100 Continue` unasked; the adapter's `nodeFetch` can do with both.
   */
  readonly fetch?: typeof fetch
  /** Epoch ms, for `webhook-timestamp` and a `Retry-After` that is a date. Default: the system's clock. */
  readonly now?: () => number
  /**
   * How long one attempt may take, its answer and all, ms; then it is a retry. Default: 10,000, and 120,000 for a body over
   * 16 KB. The adapter's `nodeFetch` gives up either where nothing moves for 10 s.
   */
  readonly timeoutMs?: number
  /** Signs every request (Standard Webhooks): `whsec_` and the base64 of 24 to 64 bytes. Default: none is signed. */
  readonly secret?: string
  /** Sent to the origins it names and to no other, whatever URL a course asks for. Default: none is sent. */
  readonly authorization?: Authorization
  /**
   * Whether bodies over 16 KB are compressed. Where a receiver refuses one that is, it is sent again as it was, and when that is
   * taken none is compressed any more. What is signed is the body before. Default: true.
   */
  readonly gzip?: boolean
}

/** An `Authorization` header, and who may see it. */
export interface Authorization {
  /** As in `new URL(url).origin`: `https://school.example`. */
  readonly origins: readonly string[]
  /** The value of the header, asked for at every attempt; undefined sends none. One that no header may hold is a retry. */
  readonly value: () => string | undefined
  /** What to do about it, for a person: added to the reason where a receiver answers 401 and was sent none. */
  readonly advice?: string
}

/**
 * Posts a snapshot to `url` at each of its triggers, a newer one instead of one that waits (SPEC §6). `http-batch` by name.
 * @throws TypeError for a `secret` of another form or a login in `url`, which its message does not show; with
 *   `authorization`, for no URL
 */
export const batchTransport = (options: HttpTransportOptions): Transport =>
  httpTransport('http-batch', 'snapshots', options)

/**
 * Posts every event at a step to `url`, each as it happens, in order (SPEC §6). `http-stream` by name.
 * @throws TypeError for a `secret` of another form or a login in `url`, which its message does not show; with
 *   `authorization`, for no URL
 */
export const streamTransport = (options: HttpTransportOptions): Transport =>
  httpTransport('http-stream', 'events', options)

function httpTransport(name: string, wants: Transport['wants'], options: HttpTransportOptions): Transport {
  const { url, now = Date.now } = options
  if (hasLogin(url)) throw new TypeError('url: holds a name or a password, which fetch does not send')
  const sign = options.secret === undefined ? undefined : signer(options.secret)
  const authorization = options.authorization?.origins.includes(new URL(url).origin)
    ? options.authorization
    : undefined
  let gzip = options.gzip ?? true

  async function headersOf({ id: given, contentType, body }: Parcel): Promise<Record<string, string>> {
    const id = given.replace(UNFIT, (unit) => `%${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    const timestamp = String(Math.floor(now() / 1_000))
    const authorized = authorization?.value()
    if (authorized !== undefined && !/^[\t\x20-\x7e\x80-\xff]*$/.test(authorized)) {
      // What `fetch` says of it shows it.
      throw new TypeError('authorization: holds characters that no header may have')
    }
    return {
      'content-type': contentType,
      'user-agent': USER_AGENT,
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'idempotency-key': `"${id}"`,
      ...(sign && { 'webhook-signature': await sign(id, timestamp, body) }),
      ...(authorized !== undefined && { authorization: authorized }),
    }
  }

  async function post(
    body: string | ArrayBuffer,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Response> {
    const response = await (options.fetch ?? fetch)(url, {
      method: 'POST',
      headers: typeof body === 'string' ? headers : { ...headers, 'content-encoding': 'gzip' },
      body,
      redirect: 'manual',
      signal,
    })
    await drain(response)
    return response
  }

  /** Who does not know `Content-Encoding` says so by 415, or takes the body for nonsense. */
  async function postCompressed(
    { body }: Parcel,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Response> {
    const refused = await post(await gzipped(body), headers, signal)
    if (!UNREADABLE.has(refused.status)) return refused
    const plain = await post(body, headers, signal)
    if (plain.ok) gzip = false
    return plain
  }

  function outcome(response: Response, authorized: boolean): Outcome {
    const outcome = outcomeOf(response, now())
    const { advice } = options.authorization ?? {}
    if (outcome.kind !== 'pause' || response.status !== 401 || authorized || advice === undefined)
      return outcome
    return { ...outcome, reason: `${outcome.reason}; ${advice}` }
  }

  return {
    name,
    address: url,
    wants,
    settings: () =>
      [sign && 'signed', authorization?.value() !== undefined && 'authorized'].filter(Boolean).join(' '),
    async deliver(parcel, signal): Promise<Outcome> {
      const isLarge = parcel.body.length > LARGE_BYTES
      const timeoutMs = options.timeoutMs ?? (isLarge ? LARGE_TIMEOUT_MS : TIMEOUT_MS)
      const attempt = attemptUnder(signal, timeoutMs)
      try {
        const headers = await headersOf(parcel)
        const response =
          gzip && isLarge
            ? await postCompressed(parcel, headers, attempt.signal)
            : await post(parcel.body, headers, attempt.signal)
        return outcome(response, headers['authorization'] !== undefined)
      } catch (error) {
        return { kind: 'retry', reason: explain(error, timeoutMs) }
      } finally {
        attempt.end()
      }
    },
  }
}

/** `fetch` refuses such a URL at every attempt, with a message that quotes it. */
function hasLogin(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { username, password } = new URL(url)
  return username !== '' || password !== ''
}

/** `AbortSignal.any` and `AbortSignal.timeout` in one: those two cost a tenth of a delivery. */
function attemptUnder(signal: AbortSignal, ms: number): { signal: AbortSignal; end(): void } {
  const controller = new AbortController()
  const abort = (): void => controller.abort(signal.reason)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort)
  const timer = setTimeout(() => controller.abort(new DOMException('', 'TimeoutError')), ms)
  // In Node a timer holds its process.
  if (typeof timer === 'object') (timer as { unref?(): void }).unref?.()
  return {
    signal: controller.signal,
    end() {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
    },
  }
}

const gzipped = (body: string): Promise<ArrayBuffer> =>
  new Response(new Blob([body]).stream().pipeThrough(new CompressionStream('gzip'))).arrayBuffer()

/** What follows the status does not matter, and failing to read it does not undo the delivery. */
async function drain({ body }: Response): Promise<void> {
  const reader = body?.getReader()
  try {
    for (let read = 0; reader !== undefined && read < ANSWER_BYTES;) {
      const { done, value } = await reader.read()
      if (done) return
      read += value.length
    }
    await reader?.cancel()
  } catch {
    // The status was received: that is the answer.
  }
}

function explain(error: unknown, timeoutMs: number): string {
  const isTooLate = error instanceof Error && error.name === 'TimeoutError'
  return isTooLate && error.message === '' ? `no answer within ${timeoutMs} ms` : rootCause(error).message
}
