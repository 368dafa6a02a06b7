// Whether a file is the one that was read before, without reading it again.

import { statSync, type Stats } from 'node:fs'
import { ignoreErrors } from '@learnpack/telemetry-transport-file'

/** Two changes this close may bear the same time, ms: file systems keep it in steps of up to 4 ms, some of 10. */
const TOO_NEW_MS = 100

/**
 * A string that changes when the file or folder at `path` does; undefined where there is none.
 * @throws where it cannot be looked at
 */
export function versionOf(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false })
  return found && nameOf(found)
}

/**
 * The same, for a caller that reads the file again only when this changes. `none` where there is no file; undefined, so that
 * the caller reads it, where the file was changed a moment ago or cannot be looked at.
 */
export function settledVersionOf(path: string): string | undefined {
  const found = ignoreErrors(() => statSync(path, { throwIfNoEntry: false }) ?? 'none')
  if (found === undefined || found === 'none') return found
  return Math.abs(Date.now() - found.mtimeMs) < TOO_NEW_MS ? undefined : nameOf(found)
}

const nameOf = ({ ino, size, mtimeMs, ctimeMs }: Stats): string => `${ino} ${size} ${mtimeMs} ${ctimeMs}`
