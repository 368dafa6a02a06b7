// The transports of the destinations that learn.json names.

import type { Destinations, Transport } from '@learnpack/telemetry-core'
import {
  batchTransport,
  isSecret,
  streamTransport,
  type HttpTransportOptions,
} from '@learnpack/telemetry-transport-http'
import { mayHaveToken, secretFor } from '../consent/receivers'
import { isPrivate } from '../shared/loopback'
import { nodeFetch } from './node-fetch'

/** How requests are made, and what goes along with them. */
export interface Sending {
  /** Default: `nodeFetch()`. */
  readonly fetch?: typeof fetch
  /** Epoch ms. Default: the system's clock. */
  readonly now?: () => number
  /** The student's token at the moment of a request. Sent only where `mayHaveToken` allows it. */
  readonly token?: () => string | undefined
  /** Origins that the host lets have the token. */
  readonly allowedOrigins?: readonly string[]
  /** Requests are signed with it. Default: with the secret that the user noted for the origin, if any. */
  readonly secret?: string
}

export function transportsOf({ batch, stream }: Destinations, sending: Sending = {}): Transport[] {
  return [
    ...(batch === undefined ? [] : [batchTransport(optionsFor(batch, sending))]),
    ...(stream === undefined ? [] : [streamTransport(optionsFor(stream, sending))]),
  ]
}

function optionsFor(url: string, { token, allowedOrigins, ...sending }: Sending): HttpTransportOptions {
  const { origin } = new URL(url)
  const given = isSecret(sending.secret) ? sending.secret : secretFor(origin)
  const { fetch = nodeFetch(), now } = sending
  return {
    url,
    // One each: aborting a request also aborts the connections that its fetch is making.
    fetch,
    ...(now && { now }),
    ...(given !== undefined && { secret: given }),
    authorization: {
      origins: [origin],
      value() {
        const held = mayHaveToken(url, allowedOrigins) ? token?.() : undefined
        return held && `Token ${held}`
      },
      advice: isPrivate(new URL(url))
        ? `if you trust it with your token: learnpack-telemetry allow ${origin}`
        : 'a token is sent to https: only',
    },
  }
}
