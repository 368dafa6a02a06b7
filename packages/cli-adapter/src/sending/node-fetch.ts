// The fetch of a Node process: it honours proxies, which Node's own does not before Node 24 and schools sit
// behind, and its connections never keep a process that is done. undici is loaded at the first request.

import { Socket } from 'node:net'
import type * as undici from 'undici'
import { proxyVariables, type Environment, type Variable } from '../shared/environment'
import type { Fetch } from './destination'
import { hideInformational } from './informational'

/** A network that drops what we send is given up after, ms: a pending connect holds a process that is done. */
const CONNECT_MS = 3_000
/** A request is given up where nothing of it or of its answer moves for so long, ms (SPEC §6). */
const IDLE_MS = 10_000
/** How much of a body the connection gets at a time, bytes: each piece it takes shows progress. */
const PIECE_BYTES = 16 * 1024

type Undici = typeof undici

/**
 * A fetch that honours `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, in both spellings, and whose connections keep no process
 * alive. undici is loaded at the first request; a proxy that cannot be used rejects that request.
 * @param env variables by name, looked at when the first request is made. Default: `process.env`
 */
export function nodeFetch(env: { readonly [name: string]: string | undefined } = process.env): Fetch {
  let loaded: Promise<typeof fetch> | undefined

  async function load(): Promise<typeof fetch> {
    const library = await import('undici')
    const connecting = new Set<Socket>()
    const dispatcher = dispatcherOf(library, env, connecting)
    /** A connect that nobody waits for any more would hold the process until it fails. */
    const giveUp = (): void => connecting.forEach((socket) => socket.destroy(new Error('given up')))
    return (async (input: string, init?: RequestInit) => {
      init?.signal?.addEventListener('abort', giveUp, { once: true })
      try {
        return await library.fetch(input, { ...inPieces(init as undici.RequestInit), dispatcher })
      } catch (error) {
        throw isTimeout(error) ? new Error(`nothing moved for ${IDLE_MS} ms`) : error
      } finally {
        init?.signal?.removeEventListener('abort', giveUp)
      }
    }) as unknown as typeof fetch
  }

  return async (input, init) => {
    // A proxy that cannot be used today may be configured right at the next attempt.
    loaded ??= load().catch((error: unknown) => {
      loaded = undefined
      throw error
    })
    return (await loaded)(input, init)
  }
}

/** Hands over a large body in pieces, so that progress shows. */
function inPieces(init: undici.RequestInit): undici.RequestInit {
  const { body } = init
  if (typeof body !== 'string' && !(body instanceof ArrayBuffer)) return init
  const bytes = typeof body === 'string' ? Buffer.from(body) : Buffer.from(body)
  if (bytes.length <= PIECE_BYTES) return init
  const headers = { ...(init.headers as Record<string, string>), 'content-length': String(bytes.length) }
  return { ...init, body: pieces(bytes), headers, duplex: 'half' }
}

async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES)
}

function isTimeout(error: unknown): boolean {
  const { code } = ((error as Error).cause ?? {}) as { code?: unknown }
  return code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT'
}

function dispatcherOf(library: Undici, env: Environment, connecting: Set<Socket>): undici.Dispatcher {
  const { Agent, EnvHttpProxyAgent, Pool, buildConnector } = library
  const { httpProxy, httpsProxy, noProxy } = proxyVariables(env)
  const direct = withoutHolding(buildConnector({ timeout: CONNECT_MS }), connecting)
  const patience = { headersTimeout: IDLE_MS, bodyTimeout: IDLE_MS }
  if (!httpProxy && !httpsProxy) return new Agent({ ...patience, connect: direct })
  // Through a proxy, its tunnel is the connector that the options bring.
  const pool = (origin: string | URL, { connect }: undici.Pool.Options): undici.Pool => {
    const proxy = String(origin).startsWith('https:') ? (httpsProxy ?? httpProxy) : httpProxy
    const tunnel =
      typeof connect === 'function' &&
      proxy &&
      withoutHolding(withRefusalExplained(connect, proxy), connecting)
    return new Pool(origin, { ...patience, connect: tunnel || direct })
  }
  return new EnvHttpProxyAgent({
    ...(httpProxy && { httpProxy: httpProxy.value }),
    ...(httpsProxy && { httpsProxy: httpsProxy.value }),
    noProxy,
    factory: pool,
    clientFactory: (origin) => new Pool(origin, { ...patience, connect: direct }),
  })
}

/** A proxy refuses by a status; undici's error has its number only. */
function withRefusalExplained(
  connect: undici.buildConnector.connector,
  { name, value }: Variable,
): undici.buildConnector.connector {
  const { protocol, host, username, password } = new URL(value)
  const proxy = `the proxy ${protocol}//${host} (${name})`
  const refusal = (status: string): string => {
    if (status !== '407')
      return `${proxy} answered ${status} to CONNECT; ask who runs it to let this address through`
    return username !== '' && password !== ''
      ? `${proxy} refuses the login in ${name} (407); correct the name and password there`
      : `${proxy} asks for a login (407); set ${name} to http://name:password@host:port`
  }
  return (options, callback) =>
    connect(options, (...result) => {
      const status = /^Proxy response \((\d+)\)/.exec(result[0]?.message ?? '')?.[1]
      if (status === undefined) callback(...result)
      else callback(new Error(refusal(status)), null)
    })
}

/** A connection does not keep the process alive: what it did not deliver is sent again at the next start. */
function withoutHolding(
  connect: undici.buildConnector.connector,
  connecting: Set<Socket>,
): undici.buildConnector.connector {
  const unref = (socket: unknown): void => {
    if (!(socket instanceof Socket)) return
    socket.ref = () => socket
    socket.unref()
  }
  return (options, callback) => {
    // The types do not say that a connector of TCP returns its socket before it is connected.
    const pending: unknown = connect(options, (...[error, socket]) => {
      connecting.delete(pending as Socket)
      unref(socket)
      if (socket instanceof Socket) hideInformational(socket)
      if (error === null) callback(null, socket)
      else callback(error, null)
    })
    unref(pending)
    if (pending instanceof Socket) connecting.add(pending)
    return pending
  }
}
