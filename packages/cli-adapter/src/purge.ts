// Deletes everything that is kept of a course: the logs, what was derived from them, and telemetry.json.

import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** @param dirPath the course's `dirPath`. Returns the paths that are deleted by `purge` */
export function purgeable(dirPath: string): string[] {
  if (!existsSync(dirPath)) return []
  return readdirSync(dirPath)
    .filter((name) => name === 'telemetry' || /^\.?telemetry\.json(\.|$)/.test(name))
    .map((name) => join(dirPath, name))
}

/** @throws when one of them cannot be deleted */
export function purge(dirPath: string): string[] {
  const paths = purgeable(dirPath)
  for (const path of paths) rmSync(path, { recursive: true, force: true })
  return paths
}
