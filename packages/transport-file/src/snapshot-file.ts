// telemetry.json: replaced atomically, and never without knowing that what is there is ours (SPEC §7).

import { createHash } from 'node:crypto'
import { lstatSync, readFileSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { SnapshotFile, SnapshotStore } from '@learnpack/telemetry-core'
import { makeFolder, readJson, replaceFile } from './files'

/** What tells our telemetry.json from anybody else's: the digests of the last and of the one before. */
interface Fingerprint {
  readonly sha256: readonly string[]
}

/**
 * @param path the telemetry.json
 * @param fingerprintPath where the digest of what we last wrote is kept
 */
export function openSnapshotFile(path: string, fingerprintPath: string): SnapshotStore {
  function ours(): readonly string[] {
    const found = readJson(fingerprintPath) as Partial<Fingerprint> | undefined
    return Array.isArray(found?.sha256) ? found.sha256 : []
  }

  return {
    read(): SnapshotFile {
      const found = lstatSync(path, { throwIfNoEntry: false })
      if (found === undefined) return { kind: 'none' }
      if (!found.isFile()) return { kind: 'unreadable', reason: 'is no regular file' }
      const bytes = readFileSync(path)
      if (ours().includes(digestOf([bytes]))) return { kind: 'ours' }
      return { kind: 'foreign', text: bytes.toString('utf8') }
    },
    write(pieces) {
      const all = [...pieces]
      makeFolder(dirname(fingerprintPath))
      // First the digest, keeping the one before: after a crash in between, the old file is still known as ours.
      const fingerprint: Fingerprint = { sha256: [digestOf(all), ...ours().slice(0, 1)] }
      replaceFile(fingerprintPath, [JSON.stringify(fingerprint)])
      replaceFile(path, all)
    },
    setAside() {
      const name = `telemetry.json.aside-${new Date().toISOString().replace(/[:.]/g, '-')}`
      renameSync(path, join(dirname(path), name))
      return name
    },
  }
}

function digestOf(pieces: Iterable<string | Uint8Array>): string {
  const hash = createHash('sha256')
  for (const piece of pieces) hash.update(piece)
  return hash.digest('hex')
}
