// A course as its tools open it: its learn.json, its destinations, and a runtime without a session.

import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import {
  createTelemetry,
  readConfig,
  type Destinations,
  type Telemetry,
  type Transport,
} from '@learnpack/telemetry-core'
import { nodePorts, readRegular, type CourseFolder } from '@learnpack/telemetry-transport-file'
import {
  batchTransport,
  streamTransport,
  type HttpTransportOptions,
} from '@learnpack/telemetry-transport-http'
import { machineId } from './machine-id'
import { createRedactor } from './machine-redactor'
import { nodeFetch } from './node-fetch'

export interface CourseConfig {
  readonly destinations: Destinations
  readonly problems: readonly string[]
}

/** Where the learn.json of the course may be whose telemetry that folder keeps: beside it, or in it. */
function places({ snapshotPath }: CourseFolder): [string, string] {
  const dirPath = dirname(snapshotPath)
  const [inside, beside] = [join(dirPath, 'learn.json'), join(dirname(dirPath), 'learn.json')]
  return basename(dirPath).startsWith('.') ? [beside, inside] : [inside, beside]
}

export function readConfigAt(path: string): CourseConfig {
  try {
    return readConfig(readRegular(path, { links: true }).toString('utf8'), path)
  } catch (error) {
    return { destinations: {}, problems: [`${path}: cannot be read (${(error as Error).message})`] }
  }
}

export const learnJsonOf = (folder: CourseFolder): string | undefined => places(folder).find(existsSync)

export function readCourseConfig(folder: CourseFolder): CourseConfig {
  const path = learnJsonOf(folder)
  if (path !== undefined) return readConfigAt(path)
  return {
    destinations: {},
    problems: [`${places(folder)[0]}: no such file, so there is nowhere to send to`],
  }
}

export function transportsOf(
  { batch, stream }: Destinations,
  options: Omit<HttpTransportOptions, 'url'> = {},
): Transport[] {
  // A fetch each: whoever gives up a request gives up the connections that its fetch is making.
  const to = (url: string): HttpTransportOptions => ({ fetch: nodeFetch(), ...options, url })
  return [
    ...(batch === undefined ? [] : [batchTransport(to(batch))]),
    ...(stream === undefined ? [] : [streamTransport(to(stream))]),
  ]
}

/**
 * A fetch for a process that does not have the token and the secret of the host: a receiver that wants them refuses it, and
 * would take the host. So that is a failed attempt, and no reason to pause the destination for the host as well (SPEC §6).
 */
const asGuest =
  (ask: typeof fetch): typeof fetch =>
  async (...request) => {
    const response = await ask(...request)
    if (response.status !== 401 && response.status !== 403) return response
    await response.body?.cancel()
    throw new Error(
      `answered ${response.status}: it may want a token or signature, which this command does not have; LearnPack sends it at its next start`,
    )
  }

/** Opens what is going on in the folder, to deliver it; starts no session. */
export function openForDelivery(folder: CourseFolder, { destinations }: CourseConfig): Telemetry {
  const telemetry = createTelemetry({
    storage: folder,
    ...nodePorts,
    transports: Object.entries(destinations).flatMap(([key, url]) =>
      transportsOf({ [key]: url }, { fetch: asGuest(nodeFetch()) }),
    ),
    machine: machineId,
    // A telemetry.json of somebody else's is taken in.
    redact: createRedactor(),
  })
  telemetry.open()
  return telemetry
}
