// Serves the page and its sessions to this machine's browser and to nobody else.

import { readFileSync, readdirSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SessionEntry } from './catalogue'
import { close, listen } from './listen'
import { streamLive } from './live'

const PAGE = fileURLToPath(new URL('page', import.meta.url))

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.woff2': 'font/woff2',
}

/** The page runs its own code, talks to this server, and nothing else, whatever a log holds. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
}

export interface PageSource {
  readonly entry: SessionEntry
  /** The file behind `entry.href`; of a live one the course folder. */
  readonly path: string
}

export interface PageServer {
  readonly url: string
  close(): Promise<void>
}

/** @param port 0 for any free one */
export async function servePage(sources: readonly PageSource[], port = 0): Promise<PageServer> {
  const files = pageFiles()
  let own: readonly string[] = []
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
    // A name that leads here by somebody else's DNS is somebody else's page.
    if (!own.includes(request.headers.host ?? '')) return answer(response, 421, 'not the name of this server')
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD')
      return answer(response, 405, 'only GET and HEAD')
    }
    respond(request, response)
  })

  function respond(request: IncomingMessage, response: ServerResponse): void {
    const pathname = (request.url ?? '').replace(/\?.*/, '')
    // Only what is listed is served, so no path leads anywhere else. The page itself may be linked to from anywhere.
    const file = files.get(pathname)
    if (file !== undefined) return answerFile(response, file)
    if (!isOwnPage(request)) return answer(response, 403, 'only for the page of this server')
    if (pathname === '/sessions.json') {
      return answer(response, 200, JSON.stringify(sources.map(({ entry }) => entry)), 'application/json')
    }
    const source = sources.find(({ entry }) => entry.href === pathname)
    if (source?.entry.live === true) {
      const last = request.headers['last-event-id']
      return streamLive(source.path, typeof last === 'string' ? last : undefined, response)
    }
    if (source === undefined) return answer(response, 404, 'nothing here')
    answerFile(response, source.path)
  }

  await listen(server, port)
  const bound = (server.address() as AddressInfo).port
  own = [`127.0.0.1:${bound}`, `localhost:${bound}`]
  return {
    url: `http://127.0.0.1:${bound}/`,
    close: () => close(server),
  }
}

/**
 * Whether no page of another origin asks, which could hold connections open, or learn by what fails or how long it takes.
 * Browsers say who asks, and no page can change what they say; who is no browser says nothing.
 */
function isOwnPage({ headers }: IncomingMessage): boolean {
  const { host, origin, 'sec-fetch-site': site } = headers
  return (
    (origin === undefined || origin === `http://${host}`) &&
    (site === undefined || site === 'same-origin' || site === 'none')
  )
}

/** The files of the page by their path in a URL. */
function pageFiles(): ReadonlyMap<string, string> {
  const files = new Map<string, string>()
  for (const entry of readdirSync(PAGE, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    files.set(`/${relative(PAGE, path).split(sep).join('/')}`, path)
  }
  files.set('/', join(PAGE, 'index.html'))
  return files
}

function answerFile(response: ServerResponse, path: string): void {
  try {
    answer(response, 200, readFileSync(path), TYPES[extname(path)] ?? 'text/plain; charset=utf-8')
  } catch (error) {
    answer(response, 500, (error as Error).message)
  }
}

function answer(
  response: ServerResponse,
  status: number,
  body: string | Buffer,
  type = 'text/plain; charset=utf-8',
): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) })
  response.end(response.req.method === 'HEAD' ? undefined : body)
}
