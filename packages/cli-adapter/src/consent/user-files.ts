// What the user chose and what this tool keeps of them, in their configuration folder: one JSON object a file.

import { mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { ignoreErrors, openLease, readRegular, replaceFile } from '@learnpack/telemetry-transport-file'
import type { Environment } from '../shared/environment'
import { isObject } from '../shared/objects'

/** The user's configuration folder for this tool, as the platform has it. */
export function configFolder(env: Environment = process.env): string {
  if (env['XDG_CONFIG_HOME']) return join(env['XDG_CONFIG_HOME'], 'learnpack-telemetry')
  if (process.platform === 'win32' && env['APPDATA']) return join(env['APPDATA'], 'learnpack-telemetry')
  return join(homedir(), '.config', 'learnpack-telemetry')
}

export const userFile = (name: string, env: Environment = process.env): string =>
  join(configFolder(env), name)

/**
 * An empty object where there is no such file.
 * @throws when there is one that cannot be read: an unreadable choice is not the same as none
 */
export function readUserFile<T extends object>(name: string, env: Environment = process.env): Partial<T> {
  const path = userFile(name, env)
  let text: string
  try {
    text = readRegular(path, { links: true }).toString('utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
  const content: unknown = JSON.parse(text)
  if (!isObject(content)) throw new Error(`${path}: is not an object`)
  return content as Partial<T>
}

/** How long a change waits for another one to be written, ms, and how often it looks. */
const PATIENCE_MS = 10_000
const LOOK_MS = 10

/**
 * Two processes that read the same and each write theirs would lose one change: they take turns.
 * @throws when another process keeps it for 10 s, and where it cannot be read or written
 */
export function changeUserFile<T extends object>(
  name: string,
  env: Environment,
  change: (before: Partial<T>) => T,
): void {
  const folder = configFolder(env)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const lease = openLease(folder)
  for (let waited = 0; lease.acquire() === undefined; waited += LOOK_MS) {
    if (waited >= PATIENCE_MS) throw new Error(`another process is changing it (${folder})`)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_MS)
  }
  try {
    const after = change(readUserFile(name, env))
    // A choice outlives a power cut: of one that is torn, nobody knows what it was.
    replaceFile(join(folder, name), [`${JSON.stringify(after, null, 2)}\n`], { durableBytes: Infinity })
  } finally {
    // What was written counts, also where this cannot: a process that has ended holds nothing.
    ignoreErrors(() => lease.release())
  }
}
