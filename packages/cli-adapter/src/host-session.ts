// Who is logged in at the host: it keeps that with node-persist in `.session` (SPEC §9), one JSON file a key.

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

export interface HostStudent {
  readonly user_id: string | number
  /** Tells a new login of the same student from none. Never written anywhere. */
  readonly token: unknown
}

/** @param dirPath the course's `dirPath`. Returns undefined while nobody is logged in */
export function readHostSession(dirPath: string): HostStudent | undefined {
  const folder = join(dirPath, '.session')
  for (const name of listed(folder)) {
    const { key, value } = parsed(join(folder, name)) ?? {}
    if (key !== 'bc-payload' || typeof value !== 'object' || value === null) continue
    const { user_id, token } = value as Partial<HostStudent>
    if (user_id !== undefined && user_id !== null && token) return { user_id, token }
  }
  return undefined
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function parsed(path: string): { key?: unknown; value?: unknown } | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as object
  } catch {
    return undefined
  }
}
