// For hosts that are not LearnPack's command line: one call wires an Express or Connect app, a socket.io server
// and LearnPack's config object.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { isLearnPack5, snapshotForEditor, type Snapshot } from '@learnpack/telemetry-core'
import type { ConfigObject } from './host-course'
import { isLocal } from './local-request'
import type { ManagerOptions, TelemetryManager } from './manager-api'
import { wire, type SocketLike } from './wiring'

/** A telemetry.json larger than this is not read, bytes. */
const BODY_BYTES = 32 * 1024 * 1024

/** @inline */
type Request = IncomingMessage & { body?: unknown }
/**
 * Takes Node's request and response; their types stay out of the declarations, which need no `@types/node`.
 * @inline
 */
type Middleware = (request: object, response: object, next: () => void) => void

/** What a host hands over, and how its manager is to be. */
export interface EmbedOptions extends ManagerOptions {
  /** An Express or Connect app. Embed before its own routes are added: the first that answers wins. */
  readonly app: {
    /** Called once. */
    use(middleware: Middleware): unknown
  }
  /** A socket.io server of any major version. Without it, questions to the tutor are not seen. */
  readonly io?: SocketLike
  /** As LearnPack builds it: `config` (slug, dirPath, editor.agent, telemetry) and `exercises`. */
  readonly config: ConfigObject
  /** Whether logins are read from `<dirPath>/.session`, as LearnPack keeps them. Default: true; else call `manager.setStudent`. */
  readonly logins?: boolean
}

/** What `embed` set going. */
export interface Embedded {
  /** To be passed as `telemetry` in the options of LearnPack's `action` hook. */
  readonly manager: TelemetryManager
  /** The student logged out, where that is not read from `.session`. */
  logout(): void
  /** Ends the session and stops looking for logins; else as the manager's, at most 300 ms. To be called instead of that. */
  close(): Promise<void>
}

/**
 * Starts a session and records from then on: `GET /exercise/<slug>` opens a step, the socket message
 * `ai_interaction` is a question to the tutor. Serves telemetry.json at `GET /telemetry` (`null` before anything was done)
 * and takes one in at `POST /telemetry`, for LearnPack's web editor on the same machine: what is new in it is recorded. The
 * editor of LearnPack 5 records by itself: its telemetry, under its id, goes on from its first POST, and what reaches the
 * app is recorded no more beside that. Pages of other origins and whoever asks through a proxy are refused (403), and open no
 * step. Throws nothing into the app.
 * @param options the rest of them are its manager's
 */
export function embed({ app, io, config, logins = true, ...options }: EmbedOptions): Embedded {
  const wiring = wire(options, { logins })
  const { manager } = wiring
  wiring.start(config)
  if (io !== undefined) wiring.listen(io)
  const middleware = (request: Request, response: ServerResponse, next: () => void): void => {
    wiring.requested(request)
    const [path] = (request.url ?? '').split('?')
    if (path !== '/telemetry') return next()
    answer(request)
      .then(
        ([status, body]) => reply(response, status, body),
        () => reply(response, 500, { error: 'telemetry: cannot be answered' }),
      )
      .catch(() => response.destroy())
  }
  app.use(middleware as Middleware)

  async function answer(request: Request): Promise<[status: number, body: unknown]> {
    if (!isLocal(request))
      return [403, { error: 'telemetry: only for pages of this server, on this machine' }]
    if (request.method === 'GET') {
      return manager.started ? [200, ofEditor()] : [404, { error: 'telemetry: nothing is recorded' }]
    }
    if (request.method !== 'POST') return [405, { error: 'telemetry: GET or POST' }]
    if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
      return [415, { error: 'telemetry: expected content-type application/json' }]
    }
    const given = await bodyOf(request)
    if (!given.ok) return [given.status, { error: `telemetry: ${given.reason}` }]
    if (isLearnPack5(given.body)) {
      const recorded = manager.import(given.body, { live: true })
      if (!recorded.ok) return [400, { error: `telemetry: ${recorded.reason}` }]
      wiring.standBack()
      return [200, ofEditor()]
    }
    const mine = manager.current?.telemetry_id
    const { telemetry_id } = (given.body ?? {}) as { telemetry_id?: unknown }
    if (mine === undefined || telemetry_id !== mine) {
      return [409, { error: 'telemetry: telemetry_id is not the one of this course' }]
    }
    const recorded = manager.import(given.body)
    return recorded.ok ? [200, manager.current] : [400, { error: `telemetry: ${recorded.reason}` }]
  }

  const ofEditor = (): Snapshot | null => snapshotForEditor(manager.telemetry.state())

  return { manager, logout: manager.clearStudent, close: manager.close }
}

type Body = { ok: true; body: unknown } | { ok: false; status: number; reason: string }

async function bodyOf(request: Request): Promise<Body> {
  // A body parser may have been there before.
  if (request.body !== undefined) return { ok: true, body: request.body }
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > BODY_BYTES) return { ok: false, status: 413, reason: `longer than ${BODY_BYTES} bytes` }
    chunks.push(chunk)
  }
  try {
    return { ok: true, body: JSON.parse(Buffer.concat(chunks).toString('utf8')) }
  } catch (error) {
    return { ok: false, status: 400, reason: `is not JSON (${(error as Error).message})` }
  }
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent || response.writableEnded) return
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
    ...(status === 405 && { allow: 'GET, POST' }),
    ...(status === 413 && { connection: 'close' }),
  })
  response.end(JSON.stringify(body))
}
