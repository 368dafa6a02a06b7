// Through which proxy a URL is reached. undici itself is asked, with connections that are never made.

import type { EnvHttpProxyAgent } from 'undici'
import { proxyVariables, type Environment } from '../shared/environment'

export interface Route {
  /** The variables that decide: `HTTPS_PROXY`. */
  readonly name: string
  readonly kind: 'direct' | 'proxied' | 'malformed'
  /** Of the proxy, without its password. */
  readonly address?: string
}

/** @returns undefined where no proxy is configured */
export async function proxyFor(url: string, env: Environment): Promise<Route | undefined> {
  const { httpProxy, httpsProxy, noProxy } = proxyVariables(env)
  const configured = url.startsWith('https:') ? (httpsProxy ?? httpProxy) : httpProxy
  if (configured === undefined) return undefined
  const { name, value } = configured
  const { protocol, host } = URL.canParse(value) ? new URL(value) : { protocol: '', host: '' }
  if (!PROTOCOLS.includes(protocol) || host === '') return { name, kind: 'malformed' }
  const proxied = await isProxied(new URL(url).origin, {
    ...(httpProxy && { httpProxy: ANY_PROXY }),
    ...(httpsProxy && { httpsProxy: ANY_PROXY }),
    noProxy,
  })
  return proxied ? { name, kind: 'proxied', address: `${protocol}//${host}` } : { name, kind: 'direct' }
}

/** Those undici can speak to. */
const PROTOCOLS = ['http:', 'https:', 'socks5:', 'socks:']
/** Stands for any proxy: no name under `.invalid` is ever resolved (RFC 2606). */
const ANY_PROXY = 'http://proxy.invalid'

async function isProxied(
  origin: string,
  options: ConstructorParameters<typeof EnvHttpProxyAgent>[0],
): Promise<boolean> {
  const { EnvHttpProxyAgent, Pool } = await import('undici')
  let proxied = true
  const dispatcher = new EnvHttpProxyAgent({
    ...options,
    factory(to, { connect }: { connect?: unknown }) {
      // Through a proxy, its tunnel is the connector that the options bring.
      proxied = typeof connect === 'function'
      return new Pool(to, { connect: (_, callback) => callback(new Error('not connected'), null) })
    },
  })
  await dispatcher.request({ origin, path: '/', method: 'OPTIONS' }).catch(() => {})
  await dispatcher.destroy()
  return proxied
}
