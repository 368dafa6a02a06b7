// The plugin of LearnPack's command line (oclif): what its hooks around `learnpack start` do. Nothing of the
// host is changed but the options of its `action` hook, which get the `telemetry` that language plugins expect.

import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { COURSE_FOLDERS, ignoreErrors, readRegular, recordFolder } from '@learnpack/telemetry-transport-file'
import { purge } from './commands/purge'
import type { ConfigObject } from './host/host-course'
import { watchCourse } from './host/watch-course'
import { wire, type SocketLike, type Wiring } from './host/wiring'

/** oclif's config, as far as it concerns us. */
export interface Host {
  readonly version: string
  runHook(event: string, options: Record<string, unknown>): Promise<unknown>
}

/** From this major version on LearnPack records by itself (SPEC §9). */
const RECORDS_ITSELF = 2

/** The host's config.json names every file of every exercise, bytes. */
const CONFIG_BYTES = 64 * 1024 * 1024

let wiring: Wiring | undefined

export const recordsItself = ({ version }: Pick<Host, 'version'>): boolean =>
  Number.parseInt(version, 10) >= RECORDS_ITSELF

/** Before `learnpack start`: nothing is known of the course yet, and nothing is written. */
export function beforeStart(host: Host): void {
  ignoreErrors(() => {
    if (recordsItself(host)) return watchBeside()
    const here = wire({}, { logins: true })
    const run = host.runHook.bind(host)
    host.runHook = (event, options) => {
      if (event !== 'action' || options['telemetry'] !== undefined) return run(event, options)
      here.manager.checkLogin()
      return run(event, { ...options, telemetry: here.manager })
    }
    wiring = here
  })
}

/** A host that records by itself gets a torn telemetry.json repaired before it reads it, and is followed from then on. */
function watchBeside(): void {
  watchCourse({ dirPath: recordFolder(process.cwd()) })
}

/** After it: the server listens and the exercise index is built. */
export function afterStart(): void {
  ignoreErrors(() => {
    if (wiring === undefined) return
    const { start, listen, requested } = wiring
    start(builtConfig())
    subscribe('http.server.request.start', (message) =>
      requested((message as { request: IncomingMessage }).request),
    )
    const io = hostSocket()
    if (io !== undefined) listen(io)
  })
}

/** After `learnpack clean`, which makes a course fit to publish: with nobody's work in it. */
export function afterClean(host: Pick<Host, 'version'>): void {
  if (recordsItself(host)) return
  ignoreErrors(() => purge('.'))
}

/** What the host has just written. @throws when it has not */
function builtConfig(): ConfigObject {
  const text = COURSE_FOLDERS.flatMap((folder) => readIfThere(join(folder, 'config.json')))[0]
  const built = JSON.parse(text ?? '') as ConfigObject
  // It may hold what learn.json said at an earlier start: the URLs are taken from learn.json itself.
  const path = built.config?.configPath
  const [learnJson] = typeof path === 'string' ? readIfThere(path) : []
  const { telemetry } = JSON.parse(learnJson ?? '{}') as { telemetry?: unknown }
  return { ...built, config: { ...built.config, telemetry } }
}

function readIfThere(path: string): string[] {
  try {
    return [readRegular(path, { most: CONFIG_BYTES, links: true }).toString('utf8')]
  } catch {
    return []
  }
}

/** The host's socket.io server: its socket manager holds it, and no hook passes it on. */
function hostSocket(): SocketLike | undefined {
  for (const module of Object.values(require.cache)) {
    const { actionCallBacks, socket } = (module?.exports ?? {}) as Record<string, unknown>
    if (actionCallBacks && typeof (socket as SocketLike | null)?.on === 'function')
      return socket as SocketLike
  }
  return undefined
}
