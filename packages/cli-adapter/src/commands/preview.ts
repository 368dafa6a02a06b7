// `debug`: the requests that would be sent now, made by the transports themselves and caught before they leave.

import { gunzipSync } from 'node:zlib'
import {
  decodedAttempt,
  stillDead,
  type Attempt,
  type Parcel,
  type Snapshot,
  type StepEvent,
  type Transport,
} from '@learnpack/telemetry-core'
import { whyNothingIsSent } from '../logins/session-origin'
import { decoded } from '../reading/attempts'
import { findCourse } from '../reading/find-log'
import { waitingIn } from '../reading/waiting'
import { readCourseConfig } from '../sending/learn-json'
import { transportsOf } from '../sending/transports'
import { CommandError } from '../shared/command-error'
import { isoTime, visible, type Paint } from '../shared/output'
import { ANOTHER_DELIVERS, whyNotRecorded } from './why-not'

export interface CaughtRequest {
  readonly method: string
  readonly url: string
  /** Secrets are masked. */
  readonly headers: Readonly<Record<string, string>>
  /** As the receiver would get it, once it is decompressed. */
  readonly body: string
}

const SECRET = ['authorization', 'webhook-signature']
const MASK = '***'

/** The requests by which `make(fetch)` would deliver the parcels. Nothing is sent. */
export async function requestsOf(
  make: (caught: typeof fetch) => Transport,
  parcels: Iterable<Parcel>,
): Promise<CaughtRequest[]> {
  const requests: CaughtRequest[] = []
  const transport = make(async (url, { method = '', headers, body } = {}) => {
    const shown: Record<string, string> = {}
    new Headers(headers).forEach((value, name) => (shown[name] = SECRET.includes(name) ? MASK : value))
    const sent = Buffer.from(await new Response(body ?? null).arrayBuffer())
    const text = shown['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent
    requests.push({ method, url: String(url), headers: shown, body: text.toString() })
    return new Response(null, { status: 503 })
  })
  for (const parcel of parcels) await transport.deliver(parcel, new AbortController().signal)
  return requests
}

/** The same with its texts out of base64: for reading, not what a receiver gets. */
export function withTextsDecoded(request: CaughtRequest): CaughtRequest {
  const body = JSON.parse(request.body) as { event?: StepEvent['type']; data?: Attempt }
  const { event, data } = body
  const readable =
    event === undefined || data === undefined
      ? decoded(body as Snapshot)
      : { ...body, data: decodedAttempt(event, data) }
  return { ...request, body: JSON.stringify(readable) }
}

export interface Preview {
  readonly requests: readonly CaughtRequest[]
  /** Why something, or all of it, would not be sent now. */
  readonly reasons: readonly string[]
}

/** Reads everything, changes nothing and makes no connection. @param now epoch ms */
export async function preview(path: string, now: number): Promise<Preview> {
  const off = whyNotRecorded(path)
  if (off !== undefined) return nothing(off)
  const { folder, current } = findCourse(path)
  try {
    const { destinations, problems } = readCourseConfig(folder)
    const urls = Object.keys(destinations).length
    if (urls === 0) return nothing('learn.json names no destination', ...problems)
    const store = folder.open(current)
    const waiting = waitingIn(store)
    const { user_id, student } = waiting.follower.state
    if (user_id === undefined) return nothing('nobody has logged in', ...problems)
    if (!waiting.ownerIsHere) {
      const who = student === undefined ? 'nobody' : `student ${student}`
      return nothing(`this telemetry is of student ${user_id}, and ${who} is logged in`, ...problems)
    }
    const forbidden = whyNothingIsSent(folder, student)
    if (forbidden !== undefined) return nothing(forbidden, ...problems)
    const requests: CaughtRequest[] = []
    const reasons = [...problems]
    if (folder.lease.holder() !== undefined) reasons.push(ANOTHER_DELIVERS)
    for (const [index, transport] of transportsOf(destinations).entries()) {
      const held = waiting.heldBack(transport, now)
      if (held !== undefined) {
        const until = held.kind === 'paused' ? 'the next login' : isoTime(held.until)
        reasons.push(`${transport.address}: nothing is sent until ${until}: ${held.reason}`)
        continue
      }
      const make = (caught: typeof fetch) =>
        transportsOf(destinations, { fetch: caught, now: () => now })[index] as Transport
      requests.push(...(await requestsOf(make, waiting.parcels(transport))))
    }
    const dead = stillDead(store.deadLetters.list()).length
    if (requests.length === 0 && reasons.length === 0)
      reasons.push(dead === 0 ? 'nothing waits: all of it was delivered' : 'nothing waits')
    if (dead > 0) {
      reasons.push(
        `dead letters, refused for good: ${dead}; learnpack-telemetry dead-letters list shows them`,
      )
    }
    return { requests, reasons }
  } catch (error) {
    // Longer than any string can be.
    if (error instanceof RangeError) throw new CommandError(`${path}: telemetry.json ${error.message}`)
    throw error
  } finally {
    folder.close()
  }
}

const nothing = (because: string, ...others: string[]): Preview => ({
  requests: [],
  reasons: [`nothing would be sent: ${because}`, ...others],
})

export function describeRequest({ method, url, headers, body }: CaughtRequest, paint: Paint): string {
  const lines = Object.entries(headers).map(([name, value]) => `${paint.dim(`${name}:`)} ${visible(value)}`)
  return [paint.bold(`${method} ${visible(url)}`), ...lines, '', visible(body)].join('\n')
}
