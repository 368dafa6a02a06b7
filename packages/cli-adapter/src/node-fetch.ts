// Node's own fetch does not know of proxies before Node 24, and schools sit behind them. undici does; it is
// loaded at the first request, and only where a proxy is configured.

type Environment = Readonly<Record<string, string | undefined>>

/** A fetch that honours `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, in both spellings. */
export function nodeFetch(env: Environment = process.env): typeof fetch {
  const value = (name: string): string | undefined => env[name.toLowerCase()] ?? env[name]
  const [httpProxy, httpsProxy, noProxy] = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'].map(value)
  if (!httpProxy && !httpsProxy) return fetch

  let proxied: Promise<typeof fetch> | undefined
  async function load(): Promise<typeof fetch> {
    const { EnvHttpProxyAgent, fetch: send } = await import('undici')
    const dispatcher = new EnvHttpProxyAgent({
      ...(httpProxy && { httpProxy }),
      ...(httpsProxy && { httpsProxy }),
      noProxy: noProxy ?? '',
    })
    return ((input: string, init: object) => send(input, { ...init, dispatcher })) as unknown as typeof fetch
  }
  return async (input, init) => (await (proxied ??= load()))(input, init)
}
