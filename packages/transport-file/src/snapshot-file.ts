// telemetry.json: replaced atomically, and never without knowing that what is there is ours (SPEC §7).

import { createHash } from 'node:crypto'
import { lstatSync, readFileSync, renameSync, unlinkSync, type BigIntStats } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Replacement, SnapshotFile, SnapshotStore } from '@learnpack/telemetry-core'
import { CREATE_NEW, FILE_MODE, makeFolder, quietly, readJson, renameOver, replaceFile } from './files'
import { syncFolder, temporaryFor } from './files'

/** What tells our telemetry.json from anybody else's: the digests of the last and of the one before. */
interface Fingerprint {
  readonly sha256: readonly string[]
}

/**
 * @param path the telemetry.json
 * @param fingerprintPath where the digest of what we last wrote is kept
 */
export function openSnapshotFile(path: string, fingerprintPath: string): SnapshotStore {
  /** Which file was last seen to be ours: while it is that one, it need not be read. */
  let known: string | undefined

  function ours(): readonly string[] {
    const found = readJson(fingerprintPath) as Partial<Fingerprint> | undefined
    return Array.isArray(found?.sha256) ? found.sha256 : []
  }

  /** First the digest, keeping the one before: after a crash in between, the old file is still known as ours. */
  function announce(sha256: string): void {
    makeFolder(dirname(fingerprintPath))
    const fingerprint: Fingerprint = { sha256: [sha256, ...ours().slice(0, 1)] }
    replaceFile(fingerprintPath, [JSON.stringify(fingerprint)])
  }

  function look(): BigIntStats | undefined {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false })
  }

  function remember(): void {
    const found = look()
    known = found && identity(found)
  }

  return {
    read(): SnapshotFile {
      const found = look()
      if (found === undefined) return { kind: 'none' }
      if (!found.isFile()) return { kind: 'unreadable', reason: 'is no regular file' }
      if (identity(found) === known) return { kind: 'ours' }
      const bytes = readFileSync(path)
      if (!ours().includes(digestOf([bytes]))) return { kind: 'foreign', text: bytes.toString('utf8') }
      known = identity(found)
      return { kind: 'ours' }
    },
    adopted() {
      announce(digestOf([readFileSync(path)]))
      remember()
    },
    replace(): Replacement {
      const temporary = temporaryFor(path)
      const hash = createHash('sha256')
      let file: FileHandle | undefined
      return {
        async write(text) {
          file ??= await open(temporary, CREATE_NEW, FILE_MODE)
          const bytes = Buffer.from(text)
          hash.update(bytes)
          await writeWhole(file, bytes)
        },
        async commit() {
          await file?.sync()
          await file?.close()
          file = undefined
          announce(hash.digest('hex'))
          renameOver(temporary, path)
          syncFolder(dirname(path))
          remember()
        },
        async discard() {
          await file?.close().catch(() => {})
          quietly(() => unlinkSync(temporary))
        },
      }
    },
    replaceSync(pieces) {
      const all = [...pieces]
      announce(digestOf(all))
      replaceFile(path, all)
      remember()
    },
    setAside() {
      const name = `telemetry.json.aside-${new Date().toISOString().replace(/[:.]/g, '-')}`
      renameSync(path, join(dirname(path), name))
      return name
    },
  }
}

const identity = ({ dev, ino, size, mtimeNs }: BigIntStats): string => [dev, ino, size, mtimeNs].join(' ')

/** As `writeAll`, without holding the event loop. */
async function writeWhole(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, at)
    if (bytesWritten === 0) throw new Error(`short write: 0 of ${bytes.length - at} bytes, is the disk full?`)
    at += bytesWritten
  }
}

function digestOf(pieces: Iterable<string | Uint8Array>): string {
  const hash = createHash('sha256')
  for (const piece of pieces) hash.update(piece)
  return hash.digest('hex')
}
