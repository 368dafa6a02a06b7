// The network between machines and receivers: requests get lost, doubled, delayed or refused, and every receiver counts each id once.

import { gunzipSync } from 'node:zlib'
import type { Random } from '../random'
import type { Timeline } from '../timeline'
import type { NetworkWeather } from '../weather'

/** A request as it reaches a receiver. */
export interface Request {
  readonly url: string
  readonly id: string
  readonly body: string
}

/** Most requests take that long, ms, and those that are delayed so long. */
const SOON_MS = 200
const LATE_MS = 90_000

/** What receivers say that do not take a body, and the headers they say it with. */
const REFUSALS: readonly (readonly [status: number, headers?: Record<string, string>])[] = [
  [503],
  [429, { 'retry-after': '60' }],
  [401],
  [400],
  [500],
  [301, { location: 'https://elsewhere.example/' }],
]

/** @param take a body arrived, which the receiver answers with 200 */
export function createNetwork(
  timeline: Timeline,
  chance: () => Random,
  weatherOf: (url: string) => NetworkWeather,
  take: (request: Request) => void,
  rejects: (request: Request) => void,
  struck: (what: string) => void,
) {
  const lost = (what: string): never => {
    struck(what)
    throw new TypeError('fetch failed')
  }

  function answer(request: Request, weather: NetworkWeather): Response {
    const { chance: likely, pick } = chance()
    if (likely(weather.refused)) {
      const [status, headers = {}] = pick(REFUSALS)
      struck(`answered ${status}`)
      if (status === 400) rejects(request)
      return answered(status, headers)
    }
    take(request)
    if (likely(weather.doubled)) {
      struck('request doubled')
      take(request)
    }
    return likely(weather.answerLost) ? lost('answer lost') : answered(200)
  }

  /** @param sends told of a request before it leaves */
  return async function fetch(
    url: string,
    init: RequestInit,
    sends: (request: Request) => void,
  ): Promise<Response> {
    init.signal?.throwIfAborted()
    const headers = new Headers(init.headers)
    const isCompressed = headers.get('content-encoding') === 'gzip'
    const body = isCompressed ? gunzipSync(init.body as ArrayBuffer).toString('utf8') : (init.body as string)
    const request = { url, id: headers.get('webhook-id') ?? '', body }
    sends(request)
    const weather = weatherOf(url)
    const { chance: likely, below } = chance()
    const isLost = likely(weather.lost)
    const isLate = likely(weather.delayed)
    if (isLate) struck('request delayed')
    const ms = isLost || isLate ? 1 + below(LATE_MS) : 1 + below(SOON_MS)
    await new Promise<void>((resolve, reject) => {
      const cancel = timeline.after(ms, resolve)
      init.signal?.addEventListener('abort', () => {
        cancel()
        reject(init.signal?.reason as Error)
      })
    })
    return isLost ? lost('request lost') : answer(request, weather)
  }
}

/** Of a response what transports of ours look at: a real one would be read from a stream, which takes as long as it takes. */
const answered = (status: number, headers: Record<string, string> = {}): Response =>
  ({ status, ok: status === 200, headers: new Headers(headers), body: null }) as unknown as Response
