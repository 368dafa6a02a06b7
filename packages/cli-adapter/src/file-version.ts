// Whether a file is the one that was read before, without reading it again.

import { statSync } from 'node:fs'

/** Two changes this close may bear the same time, ms: file systems keep it in steps of up to 4 ms, some of 10. */
const TOO_NEW_MS = 100

/**
 * A string that changes when the file or folder at `path` does, also where it comes or goes. Undefined where that cannot be told:
 * it was changed a moment ago, or cannot be looked at.
 */
export function versionOf(path: string): string | undefined {
  try {
    const found = statSync(path, { throwIfNoEntry: false })
    if (found === undefined) return 'none'
    if (Math.abs(Date.now() - found.mtimeMs) < TOO_NEW_MS) return undefined
    return `${found.ino} ${found.size} ${found.mtimeMs} ${found.ctimeMs}`
  } catch {
    return undefined
  }
}
