// A course as its tools open it: its learn.json, its destinations, and a runtime without a session.

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import {
  configOf,
  createTelemetry,
  type Destinations,
  type Telemetry,
  type Transport,
} from '@learnpack/telemetry-core'
import { courseFolder, nodePorts, readRegular, type CourseFolder } from '@learnpack/telemetry-transport-file'
import {
  batchTransport,
  isSecret,
  streamTransport,
  type HttpTransportOptions,
} from '@learnpack/telemetry-transport-http'
import { gated } from './gate'
import { readHostSession, sessionFolder } from '../logins/host-session'
import { isLoopback } from '../shared/loopback'
import { machineId } from '../logins/machine-id'
import { nodeFetch } from './node-fetch'
import { mayHaveToken, secretFor } from '../consent/receivers'
import { createRedactor } from '../shared/redactor'
import { whyNothingIsSent } from '../logins/session-origin'

export interface CourseConfig {
  readonly destinations: Destinations
  readonly problems: readonly string[]
}

/** Where the learn.json of the course may be whose telemetry that folder keeps, the likeliest first. */
const places = ({ dirPath }: CourseFolder): string[] =>
  [courseFolder(dirPath), dirPath, dirname(dirPath)].map((path) => join(path, 'learn.json'))

export function readConfigAt(path: string): CourseConfig {
  let text: string
  try {
    text = readRegular(path, { links: true }).toString('utf8')
  } catch (error) {
    return { destinations: {}, problems: [`${path}: cannot be read (${(error as Error).message})`] }
  }
  try {
    return configOf(JSON.parse(text.replace(/^\uFEFF/, '')), path)
  } catch (error) {
    const reason = `is not JSON (${(error as Error).message}); nothing is sent there, recording goes on locally`
    return { destinations: {}, problems: [`${path}: ${reason}`] }
  }
}

export const learnJsonOf = (folder: CourseFolder): string | undefined => places(folder).find(existsSync)

export function readCourseConfig(folder: CourseFolder): CourseConfig {
  const path = learnJsonOf(folder)
  if (path !== undefined) return readConfigAt(path)
  return {
    destinations: {},
    problems: [
      `${join(courseFolder(folder.dirPath), 'learn.json')}: no such file, so there is nowhere to send to`,
    ],
  }
}

/** How requests are made, and what goes along with them. */
export interface Sending {
  /** Default: `nodeFetch()`. */
  readonly fetch?: typeof fetch
  /** Epoch ms. Default: the system's clock. */
  readonly now?: () => number
  /** The student's token at the moment of a request. It goes to whom `mayHaveToken` names only. */
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
  const { origin, protocol } = new URL(url)
  const given = isSecret(sending.secret) ? sending.secret : secretFor(origin)
  const { fetch = nodeFetch(), now } = sending
  return {
    url,
    // One each: whoever gives up a request gives up the connections that its fetch is making.
    fetch,
    ...(now && { now }),
    ...(given !== undefined && { secret: given }),
    authorization: {
      origins: [origin],
      value() {
        const held = mayHaveToken(url, allowedOrigins) ? token?.() : undefined
        return held && `Token ${held}`
      },
      advice:
        protocol === 'https:' || isLoopback(new URL(url).hostname)
          ? `if you trust it with your token: learnpack-telemetry allow ${origin}`
          : 'a token is sent to https: only',
    },
  }
}

/**
 * Opens what is going on in the folder, to deliver it; starts no session.
 * @param given the token where there is no session file
 */
export function openForDelivery(
  folder: CourseFolder,
  { destinations }: CourseConfig,
  sending: Sending = {},
  given?: string,
): Telemetry {
  const { dirPath } = folder
  const token = (): string | undefined =>
    existsSync(sessionFolder(dirPath)) ? readHostSession(dirPath)?.token : given
  const telemetry: Telemetry = createTelemetry({
    storage: folder,
    ...nodePorts,
    transports: transportsOf(destinations, { token, ...sending }).map((transport) =>
      gated(transport, () => whyNothingIsSent(folder, telemetry.status().student)),
    ),
    machine: machineId,
    // A telemetry.json of somebody else's is taken in.
    redact: createRedactor(),
  })
  telemetry.open()
  return telemetry
}
