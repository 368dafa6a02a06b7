// The fetch of a Node process: it honours proxies, which Node's own does not before Node 24 and schools sit
// behind, and its connections never keep a process that is done. undici is loaded at the first request.

import type { Socket } from 'node:net'
import type * as undici from 'undici'

type Environment = Readonly<Record<string, string | undefined>>
type Undici = typeof undici

/** A fetch that honours `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, in both spellings. */
export function nodeFetch(env: Environment = process.env): typeof fetch {
  let loaded: Promise<typeof fetch> | undefined

  async function load(): Promise<typeof fetch> {
    const library = await import('undici')
    const dispatcher = proxied(library, env) ?? direct(library)
    return ((input: string, init: object) =>
      library.fetch(input, { ...init, dispatcher })) as unknown as typeof fetch
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

function proxied({ EnvHttpProxyAgent }: Undici, env: Environment): undici.EnvHttpProxyAgent | undefined {
  const value = (name: string): string | undefined => env[name.toLowerCase()] ?? env[name]
  const [httpProxy, httpsProxy, noProxy = ''] = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'].map(value)
  if (!httpProxy && !httpsProxy) return undefined
  return new EnvHttpProxyAgent({
    ...(httpProxy && { httpProxy }),
    ...(httpsProxy && { httpsProxy }),
    noProxy,
  })
}

/** What is under way when the process is done is sent again at its next start, so nothing needs to hold it. */
function direct({ Agent, buildConnector }: Undici): undici.Agent {
  const connect = buildConnector({})
  return new Agent({
    connect(options, callback) {
      // The types do not say that a connector returns its socket.
      const socket = connect(options, callback) as unknown as Socket | undefined
      if (socket !== undefined) {
        socket.ref = () => socket
        socket.unref()
      }
      return socket
    },
  })
}
