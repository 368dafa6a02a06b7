// A school's receiver, and the network on the way to it, both simulated in the page: nothing of this leaves
// the browser.

import { delay, http, HttpResponse } from 'msw'
import { setupWorker } from 'msw/browser'
import { BATCH_URL, STREAM_URL, type Fault } from './faults'

/** One attempt as the receiver saw it. */
export interface SeenRequest {
  readonly number: number
  readonly kind: 'batch' | 'stream'
  /** Of the event or batch: the same at every attempt. */
  readonly id: string
  readonly method: string
  readonly url: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
  /** What it was answered, `undefined` while it was not. */
  readonly answer: string | undefined
  readonly ok: boolean
  /** It had been delivered before, so the receiver drops it. */
  readonly known: boolean
}

export interface Receiver {
  fault: Fault
  /** Counts the `clear`s. */
  readonly round: number
  /** Attempts since the last `clear`. */
  readonly made: number
  /** The latest of them, in order: the bodies of all of a long session would fill the memory. */
  readonly requests: readonly SeenRequest[]
  /** Ids that were counted. */
  readonly counted: Readonly<Record<'batch' | 'stream', ReadonlySet<string>>>
  /** Forgets all, also what is still under way. */
  clear(): void
}

/** Attempts that are kept to be looked at. */
const KEPT = 60

/** @param changed called after every change of `requests` @throws where the browser allows no service worker */
export async function startReceiver(changed: () => void): Promise<Receiver> {
  const counted = { batch: new Set<string>(), stream: new Set<string>() }
  let requests: SeenRequest[] = []
  let made = 0
  let round = 0
  const receiver: Receiver = {
    fault: 'none',
    get round() {
      return round
    },
    get made() {
      return made
    },
    get requests() {
      return requests
    },
    counted,
    clear() {
      requests = []
      made = 0
      round++
      counted.batch.clear()
      counted.stream.clear()
      changed()
    },
  }

  async function receive(kind: SeenRequest['kind'], request: Request): Promise<Response> {
    const id = request.headers.get('webhook-id') ?? ''
    const { fault } = receiver
    const mine = round
    const body = await request.text()
    const response = answerOf(fault)
    if (mine !== round) return response
    const seen: SeenRequest = {
      number: ++made,
      kind,
      id,
      method: request.method,
      url: request.url,
      headers: [...request.headers],
      body,
      answer: undefined,
      ok: false,
      known: counted[kind].has(id),
    }
    requests = [...requests, seen].slice(-KEPT)
    changed()
    if (fault === 'slow') await delay(1_000)
    if (mine !== round) return response
    const { ok, status } = response
    if (ok || fault === 'lost') counted[kind].add(id)
    const answered = { ...seen, answer: WORDS[fault] ?? String(status), ok }
    requests = requests.map((one) => (one === seen ? answered : one))
    changed()
    return response
  }

  const worker = setupWorker(
    http.post(pathOf(BATCH_URL), ({ request }) => receive('batch', request)),
    http.post(pathOf(STREAM_URL), ({ request }) => receive('stream', request)),
  )
  await worker.start({ quiet: true, onUnhandledRequest: 'bypass' })
  // The browser ends a service worker that has been idle, as it is in the background; begun anew, it knows of no page.
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) navigator.serviceWorker.controller?.postMessage('MOCK_ACTIVATE')
  })
  return receiver
}

function answerOf(fault: Fault): Response {
  if (fault === 'offline' || fault === 'lost') return HttpResponse.error()
  if (fault === 'unavailable') return new HttpResponse(null, { status: 503 })
  if (fault === 'busy') return new HttpResponse(null, { status: 429, headers: { 'Retry-After': '5' } })
  if (fault === 'refused') return new HttpResponse(null, { status: 400 })
  if (fault === 'unauthorized') return new HttpResponse(null, { status: 401 })
  return new HttpResponse(null, { status: 204 })
}

/** Of what is no answer. */
const WORDS: Partial<Record<Fault, string>> = { offline: 'no connection', lost: 'taken, its answer lost' }

/** Without its query. */
const pathOf = (url: string): string => new URL(url, location.origin).pathname
