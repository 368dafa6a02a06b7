// Who is logged in at the host: it keeps that with node-persist in `.session` (SPEC §9), one JSON file a key.

import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { sameStudent, type StudentId } from '@learnpack/telemetry-core'
import { readRegular } from '@learnpack/telemetry-transport-file'

export interface HostStudent {
  readonly user_id: string | number
  /** Kept in memory only. Another one is another login of the same student. */
  readonly token: string
  /** When that was stored, epoch ms. */
  readonly at: number
  /** The file it is kept in, and what is in it. */
  readonly path: string
  readonly content: Buffer
}

export const sessionFolder = (dirPath: string): string => join(dirPath, '.session')

/**
 * @param dirPath the course's `dirPath`
 * @returns null while nobody is logged in; undefined while it cannot be read, as when the host is writing it
 */
export function readHostSession(dirPath: string): HostStudent | null | undefined {
  const folder = sessionFolder(dirPath)
  let names: string[]
  try {
    names = readdirSync(folder)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? null : undefined
  }
  try {
    for (const name of names) {
      // node-persist skips these as well: the system made them.
      if (name.startsWith('.')) continue
      const path = join(folder, name)
      if (!statSync(path).isFile()) continue
      const content = readRegular(path)
      const stored = JSON.parse(content.toString('utf8')) as { key?: unknown; value?: unknown } | null
      if (stored?.key !== 'bc-payload') continue
      const { user_id, token } = (stored.value ?? {}) as { user_id?: unknown; token?: unknown }
      const named = typeof user_id === 'string' || typeof user_id === 'number'
      if (named && typeof token === 'string' && token !== '')
        return { user_id, token, at: statSync(path).mtimeMs, path, content }
    }
    return null
  } catch {
    return undefined
  }
}

/**
 * Why nothing of the student whom the log names as logged in may be sent: the host's session is not theirs. Undefined if it is,
 * or if the host keeps none.
 */
export function whyNotLoggedIn(dirPath: string, student: StudentId | undefined): string | undefined {
  const folder = sessionFolder(dirPath)
  if (student === undefined || !existsSync(folder)) return undefined
  const found = readHostSession(dirPath)
  if (found === undefined) return sessionUnreadable(folder)
  return sameStudent(found?.user_id, student) ? undefined : studentLoggedOut(student)
}

/** Why nothing is sent, for a person. */
export const sessionUnreadable = (path: string): string =>
  `it cannot be told who is logged in (${path} cannot be read)`
export const studentLoggedOut = (student: StudentId): string => `student ${student} is no longer logged in`
