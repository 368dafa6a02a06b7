// telemetry.json: replaced atomically, and never without knowing that what is there is ours (SPEC §7).

import { createHash } from 'node:crypto'
import { existsSync, lstatSync, renameSync, unlinkSync, type BigIntStats } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Replacement, SnapshotFile, SnapshotStore } from '@learnpack/telemetry-core'
import {
  CREATE_NEW,
  FILE_MODE,
  READ,
  SNAPSHOT_BYTES,
  makeFolder,
  ignoreErrors,
  readJson,
  readRegular,
} from './files'
import { renameOver, replaceFile, syncFolder, temporaryFor } from './files'
import { asideName } from './layout'

/**
 * So much is made to survive a power cut at a time, bytes: a process that ends waits for it. Of a larger file that is
 * written in the moment of the exit, the log is what survives.
 */
const SYNCED_BYTES = 4 * 1024 * 1024

/** Of a UTF-16 unit in UTF-8. */
const MOST_BYTES = 3

/** What tells our telemetry.json from anybody else's: of the last one and, for a crash in between, of the one before. */
interface Fingerprint {
  readonly sha256: readonly string[]
  /** Which files those are: while it is one of them, it need not be read to know. */
  readonly files: readonly string[]
}

/**
 * @param path the telemetry.json
 * @param fingerprintPath where it is kept which telemetry.json is ours
 */
export function openSnapshotFile(path: string, fingerprintPath: string): SnapshotStore {
  let known: Fingerprint = { sha256: [], files: [] }

  /** As it is stored now: another process may have written telemetry.json since. */
  function stored(): Fingerprint {
    const { sha256, files } = (readJson(fingerprintPath) ?? {}) as Record<keyof Fingerprint, unknown>
    return (known = { sha256: texts(sha256), files: texts(files) })
  }

  function remember(fingerprint: Fingerprint): void {
    replaceFile(fingerprintPath, [JSON.stringify(fingerprint)])
    known = fingerprint
  }

  /** Makes a file known as ours, before it is in its place. Returns how to undo that. */
  function announce(digest: string, file: BigIntStats): () => void {
    const before = stored()
    makeFolder(dirname(fingerprintPath))
    remember({ sha256: latest(digest, before.sha256), files: latest(identity(file), before.files) })
    return () => remember(before)
  }

  const look = (): BigIntStats | undefined => lstatSync(path, { bigint: true, throwIfNoEntry: false })

  /** Which file is there now. */
  function seen(): string | undefined {
    const found = look()
    return found && identity(found)
  }

  /** Puts a file in its place, unless somebody else wrote there since. */
  function put(digest: string, file: BigIntStats, before: string | undefined, rename: () => void): void {
    if (seen() !== before) throw new Error('somebody else wrote it meanwhile')
    const undo = announce(digest, file)
    try {
      rename()
    } catch (error) {
      ignoreErrors(undo)
      throw error
    }
  }

  return {
    read(): SnapshotFile {
      const found = look()
      if (found === undefined) return { kind: 'none' }
      if (!found.isFile()) return { kind: 'unreadable', reason: 'is no regular file' }
      const file = identity(found)
      if (known.files.includes(file) || stored().files.includes(file)) return { kind: 'ours' }
      if (found.size > SNAPSHOT_BYTES) {
        return {
          kind: 'unreadable',
          reason: `is larger than the ${SNAPSHOT_BYTES} bytes that are read of it`,
        }
      }
      const bytes = readRegular(path, { most: SNAPSHOT_BYTES })
      const digest = digestOf([bytes])
      const adopted = (): void => void announce(digest, found)
      if (!known.sha256.includes(digest)) return { kind: 'foreign', text: bytes.toString('utf8'), adopted }
      adopted()
      return { kind: 'ours' }
    },
    disown() {
      known = { sha256: [], files: [] }
      if (existsSync(fingerprintPath)) remember(known)
    },
    replace(): Replacement {
      const temporary = temporaryFor(path)
      const hash = createHash('sha256')
      const before = seen()
      let file: FileHandle | undefined
      let unsynced = 0
      /** One for all pieces: a new one for each would wait for the garbage collector. */
      let room = Buffer.alloc(0)
      return {
        async write(text) {
          file ??= await open(temporary, CREATE_NEW, FILE_MODE)
          const most = text.length * MOST_BYTES
          if (room.length < most) room = Buffer.allocUnsafeSlow(most)
          const bytes = room.subarray(0, room.write(text))
          hash.update(bytes)
          await writeWhole(file, bytes)
          unsynced += bytes.length
          if (unsynced < SYNCED_BYTES) return
          await file.datasync()
          unsynced = 0
        },
        async commit() {
          if (file === undefined) return
          await file.sync()
          const written = await file.stat({ bigint: true })
          await file.close()
          file = undefined
          // Held open, the old file is let go in the background; that takes long for a large one.
          const old = await open(path, READ).catch(() => undefined)
          try {
            put(hash.digest('hex'), written, before, () => renameOver(temporary, path))
          } finally {
            void old?.close().catch(() => {})
          }
          await syncFolder(dirname(path))
        },
        async discard() {
          // At once, because the process may end here; and where an open file cannot be deleted, later.
          ignoreErrors(() => unlinkSync(temporary))
          await file?.close().catch(() => {})
          ignoreErrors(() => unlinkSync(temporary))
        },
      }
    },
    replaceSync(pieces) {
      const before = seen()
      const hash = createHash('sha256')
      function* hashed(): Generator<string> {
        for (const piece of pieces) {
          hash.update(piece)
          yield piece
        }
      }
      replaceFile(path, hashed(), {
        durableBytes: SYNCED_BYTES,
        rename: (file, rename) => put(hash.digest('hex'), file, before, rename),
      })
    },
    setAside() {
      const name = asideName(new Date())
      renameSync(path, join(dirname(path), name))
      return name
    },
  }
}

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []

const latest = (one: string, others: readonly string[]): string[] =>
  [one, ...others.filter((other) => other !== one)].slice(0, 2)

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
