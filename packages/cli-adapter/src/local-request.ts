// Whether a request comes from this machine, for this machine, by no page but our own. Any page the learner
// has open can send requests to localhost; by a name that resolves to 127.0.0.1 it can even read the answers.

import type { IncomingMessage } from 'node:http'
import { isLoopback } from './loopback'

export function isLocal({ socket, headers }: IncomingMessage): boolean {
  const { host, origin } = headers
  const site = headers['sec-fetch-site']
  // Behind a proxy, the peer is the proxy, and who asks may be anybody.
  if ('forwarded' in headers || 'x-forwarded-for' in headers) return false
  return (
    isLoopback(socket.remoteAddress ?? '') &&
    host !== undefined &&
    isLoopback(nameOf(host)) &&
    (origin === undefined || origin === `http://${host}` || origin === `https://${host}`) &&
    (site === undefined || site === 'same-origin' || site === 'none')
  )
}

/** A Host header without its port. */
const nameOf = (host: string): string => host.replace(/:\d+$/, '')
