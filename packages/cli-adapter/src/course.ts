// A course as its tools open it: its learn.json, its destinations, and a runtime without a session.

import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import {
  createTelemetry,
  readConfig,
  type Destinations,
  type Telemetry,
  type Transport,
} from '@learnpack/telemetry-core'
import { nodePorts, type CourseFolder } from '@learnpack/telemetry-transport-file'
import {
  batchTransport,
  streamTransport,
  type HttpTransportOptions,
} from '@learnpack/telemetry-transport-http'
import { nodeFetch } from './node-fetch'

export interface CourseConfig {
  readonly destinations: Destinations
  readonly problems: readonly string[]
}

/** Reads the learn.json of the course whose telemetry that folder keeps: beside it, or in it. */
export function readCourseConfig(folder: CourseFolder): CourseConfig {
  const dirPath = dirname(folder.snapshotPath)
  const places = [join(dirPath, 'learn.json'), join(dirname(dirPath), 'learn.json')]
  const path = (basename(dirPath).startsWith('.') ? places.reverse() : places).find(existsSync)
  if (path === undefined)
    return { destinations: {}, problems: [`${places[0]}: no such file, so there is nowhere to send to`] }
  return readConfig(readFileSync(path, 'utf8'), path)
}

export function transportsOf(
  { batch, stream }: Destinations,
  options: Omit<HttpTransportOptions, 'url'> = {},
): Transport[] {
  const http = { fetch: nodeFetch(), ...options }
  return [
    ...(batch === undefined ? [] : [batchTransport({ ...http, url: batch })]),
    ...(stream === undefined ? [] : [streamTransport({ ...http, url: stream })]),
  ]
}

/** Opens what is going on in the folder, to deliver it; starts no session. */
export function openForDelivery(folder: CourseFolder, { destinations }: CourseConfig): Telemetry {
  const telemetry = createTelemetry({
    storage: folder,
    ...nodePorts,
    transports: transportsOf(destinations),
  })
  telemetry.open()
  return telemetry
}
