// telemetry.json: replaced atomically, and never without knowing that what is there is ours (SPEC §7).

import { createHash } from 'node:crypto'
import { lstatSync, readFileSync, renameSync, unlinkSync, type BigIntStats } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Replacement, SnapshotFile, SnapshotStore } from '@learnpack/telemetry-core'
import { CREATE_NEW, FILE_MODE, makeFolder, quietly, readJson, renameOver, replaceFile } from './files'
import { syncFolder, temporaryFor } from './files'

/** What tells our telemetry.json from anybody else's. */
interface Fingerprint {
  /** Digests of the last one and of the one before. */
  readonly sha256: readonly string[]
  /** The file that was last seen to be ours: while it is that one, it need not be read to know. */
  readonly file?: string | undefined
}

/**
 * @param path the telemetry.json
 * @param fingerprintPath where the digest of what we last wrote is kept
 */
export function openSnapshotFile(path: string, fingerprintPath: string): SnapshotStore {
  let known: Fingerprint | undefined

  /** As it is stored now: another process may have written telemetry.json since. */
  function fingerprint(): Fingerprint {
    const { sha256, file } = (readJson(fingerprintPath) ?? {}) as Partial<Fingerprint>
    return (known = { sha256: Array.isArray(sha256) ? sha256 : [], file })
  }

  function store(next: Fingerprint): void {
    makeFolder(dirname(fingerprintPath))
    replaceFile(fingerprintPath, [JSON.stringify(next)])
    known = next
  }

  /** First the digest, keeping the one before: after a crash in between, the old file is still known as ours. */
  function announce(sha256: string): void {
    store({ sha256: [sha256, ...fingerprint().sha256.slice(0, 1)] })
  }

  function look(): BigIntStats | undefined {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false })
  }

  /** Which file is there now. */
  function seen(): string | undefined {
    const found = look()
    return found && identity(found)
  }

  function remember(): void {
    store({ ...fingerprint(), file: seen() })
  }

  return {
    read(): SnapshotFile {
      const found = look()
      if (found === undefined) return { kind: 'none' }
      if (!found.isFile()) return { kind: 'unreadable', reason: 'is no regular file' }
      if (identity(found) === known?.file || identity(found) === fingerprint().file) return { kind: 'ours' }
      const bytes = readFileSync(path)
      if (!fingerprint().sha256.includes(digestOf([bytes])))
        return { kind: 'foreign', text: bytes.toString('utf8') }
      remember()
      return { kind: 'ours' }
    },
    adopted() {
      announce(digestOf([readFileSync(path)]))
      remember()
    },
    replace(): Replacement {
      const temporary = temporaryFor(path)
      const hash = createHash('sha256')
      const before = seen()
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
          if (seen() !== before) throw new Error('somebody else wrote it meanwhile')
          announce(hash.digest('hex'))
          renameOver(temporary, path)
          remember()
          await syncFolder(dirname(path))
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
      replaceFile(path, all, { durable: true })
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
