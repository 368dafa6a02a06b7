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
  /** Every attempt, the latest last. */
  readonly requests: readonly SeenRequest[]
  /** Ids that were counted. */
  readonly counted: Readonly<Record<'batch' | 'stream', ReadonlySet<string>>>
  clear(): void
}

/** @param changed called after every change of `requests` @throws where the browser allows no service worker */
export async function startReceiver(changed: () => void): Promise<Receiver> {
  const counted = { batch: new Set<string>(), stream: new Set<string>() }
  let requests: SeenRequest[] = []
  let made = 0
  const receiver: Receiver = {
    fault: 'none',
    get requests() {
      return requests
    },
    counted,
    clear() {
      requests = []
      made = 0
      counted.batch.clear()
      counted.stream.clear()
      changed()
    },
  }

  function update(request: SeenRequest): void {
    requests = [...requests.filter(({ number }) => number !== request.number), request].sort(
      (a, b) => a.number - b.number,
    )
    changed()
  }

  async function receive(kind: SeenRequest['kind'], request: Request): Promise<Response> {
    const id = request.headers.get('webhook-id') ?? ''
    const { fault } = receiver
    const seen: SeenRequest = {
      number: ++made,
      kind,
      id,
      method: request.method,
      url: request.url,
      headers: [...request.headers],
      body: await request.text(),
      answer: undefined,
      ok: false,
      known: counted[kind].has(id),
    }
    update(seen)
    if (fault === 'slow') await delay(1_000)
    const response = answerOf(fault)
    const { ok, status } = response
    if (ok || fault === 'lost') counted[kind].add(id)
    update({ ...seen, answer: WORDS[fault] ?? String(status), ok })
    return response
  }

  const worker = setupWorker(
    http.post(pathOf(BATCH_URL), ({ request }) => receive('batch', request)),
    http.post(pathOf(STREAM_URL), ({ request }) => receive('stream', request)),
  )
  await worker.start({ quiet: true, onUnhandledRequest: 'bypass' })
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
