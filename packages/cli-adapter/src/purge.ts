// Deletes everything that is kept of a course: the logs, what was derived from them, and telemetry.json.

import { existsSync, readdirSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { recordFolders } from '@learnpack/telemetry-transport-file'

/** telemetry.json, what could not be read and was set aside, and what a killed process left. */
const OURS = /^(telemetry|telemetry\.json(\.aside-[\dTZ-]+)?|\.telemetry\.json\.\d+-\d+\.tmp)$/

/** @param path a course folder, or the one in it that holds its record. Returns the paths that are deleted by `purge` */
export function purgeable(path: string): string[] {
  return recordFolders(path)
    .filter(existsSync)
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((found) => OURS.test(basename(found)))
}

/** @throws when one of them cannot be deleted. A link is deleted, not what it leads to */
export function purge(path: string): string[] {
  const paths = purgeable(path)
  for (const found of paths) rmSync(found, { recursive: true, force: true })
  return paths
}
