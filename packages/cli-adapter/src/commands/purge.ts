// Deletes everything that is kept of a course: the logs, what was derived from them, and telemetry.json.

import { rmSync } from 'node:fs'
import { recordEntries } from '@learnpack/telemetry-transport-file'

/** @throws when one of them cannot be deleted. A link is deleted, not what it leads to */
export function purge(path: string): string[] {
  const paths = recordEntries(path)
  for (const found of paths) rmSync(found, { recursive: true, force: true })
  return paths
}
