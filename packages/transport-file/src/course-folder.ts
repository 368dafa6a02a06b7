// Everything kept for one course folder (SPEC §7): telemetry.json beside a folder `telemetry`, which holds
// a folder per telemetry, the index of them, and a file that keeps it all out of git.

import { createHash } from 'node:crypto'
import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  linkSync,
  lstatSync,
  readdirSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import type { CourseIndex, DeliveryState, Storage } from '@learnpack/telemetry-core'
import type { TelemetryStore } from '@learnpack/telemetry-core'
import { openFileLog, type FileLog } from './event-log'
import {
  APPEND,
  FILE_MODE,
  READ,
  errorCode,
  isThere,
  makeFolder,
  openRegular,
  ignoreErrors,
  readAt,
  readJson,
} from './files'
import { removeLeftovers, replaceFile, seal, systemError, temporaryFor, writeAll } from './files'
import {
  cursorName,
  DEAD_LETTERS_NAME,
  FINGERPRINT_NAME,
  FOREIGN_SESSION_NAME,
  INDEX_NAME,
  isCursor,
  LOG_NAME,
  RECORD_NAME,
  REFUSALS_NAME,
  SNAPSHOT_NAME,
} from './layout'
import { openLease, type FileLease } from './lease'
import { openSnapshotFile } from './snapshot-file'
import { parseCursor, parseDeadLetter, parseIndex, parseRefusal } from './stored'

/** A course folder on a file system, as the storage of `createTelemetry`. Paths are told whether or not anything is there. */
export interface CourseFolder extends Storage {
  readonly lease: FileLease
  /** The `dirPath` it was opened with. */
  readonly dirPath: string
  /** Path of telemetry.json. */
  readonly snapshotPath: string
  /** Path of the folder beside it. */
  readonly recordPath: string
  /** Path of the index in that. */
  readonly indexPath: string
  /** Path of the event log of that telemetry. */
  logPath(telemetry_id: string): string
  /**
   * A digest, in hex, of the login in the host's session file that came with the course and logs nobody in (SPEC §4 rule
   * 5); undefined where there is none.
   */
  foreignSession(): string | undefined
  /** Notes that. @throws when it cannot */
  noteForeignSession(sha256: string): void
  /** What `list` gives but that one, by the names of their folders. */
  others(telemetry_id: string): string[]
  /** Closes the logs and lets go of the lease. For after `Telemetry.close`. @throws when the lease cannot be let go of */
  close(): void
}

/**
 * What is kept of a course, in its folder (SPEC §7): telemetry.json, and beside it `telemetry/`. Nothing is created before it
 * is needed; what is, is for its owner only (0700, 0600) and kept out of git. Behind a symbolic link nothing is written:
 * `open` throws there.
 * @param dirPath the course's `dirPath`, normally `.learn`
 */
export function openCourseFolder(dirPath: string): CourseFolder {
  const folder = join(dirPath, RECORD_NAME)
  const snapshotPath = join(dirPath, SNAPSHOT_NAME)
  const indexPath = join(folder, INDEX_NAME)
  const foreignSessionPath = join(folder, FOREIGN_SESSION_NAME)
  const logs = new Map<string, FileLog>()

  const homePath = (id: string): string => join(folder, folderName(id))
  const logPath = (id: string): string => join(homePath(id), LOG_NAME)

  const lease = openLease(folder)
  let tidied: number | undefined

  /** Whoever only reads removes nothing. */
  function tidyOnce(term: number | undefined): number | undefined {
    if (term === undefined || term === tidied) return term
    tidied = term
    for (const place of [dirPath, folder, ...list().map(homePath)]) removeLeftovers(place)
    return term
  }

  function list(): string[] {
    if (!isThere(folder)) return []
    return readdirSync(folder).filter((name) => isThere(join(folder, name, LOG_NAME)))
  }

  /** A course from a stranger may bring a link that leads what is written of a learner elsewhere. */
  function refuseLinks(...paths: string[]): void {
    for (const path of paths) {
      // `resolve`: behind a slash at its end a link would be looked through.
      if (lstatSync(resolve(path), { throwIfNoEntry: false })?.isSymbolicLink() === true)
        throw systemError('ELOOP', 'open', path, `${path} is a symbolic link: nothing is written behind it`)
    }
  }

  function prepare(): void {
    refuseLinks(dirPath, folder)
    makeFolder(folder)
    try {
      writeFileSync(join(folder, '.gitignore'), '*\n', { flag: 'wx', mode: FILE_MODE })
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error
    }
  }

  const readIndex = (): CourseIndex | undefined => parseIndex(readJson(indexPath))

  return {
    dirPath,
    snapshotPath,
    recordPath: folder,
    indexPath,
    logPath,
    others: (id) => list().filter((name) => name !== folderName(id)),
    snapshot: openSnapshotFile(snapshotPath, join(folder, FINGERPRINT_NAME)),
    lease: { ...lease, acquire: () => tidyOnce(lease.acquire()) },
    readIndex,
    foreignSession() {
      const { sha256 } = (readJson(foreignSessionPath) ?? {}) as { sha256?: unknown }
      return typeof sha256 === 'string' ? sha256 : undefined
    },
    noteForeignSession(sha256) {
      prepare()
      replaceFile(foreignSessionPath, [JSON.stringify({ sha256 })], { durableBytes: Infinity })
    },
    writeIndex(index) {
      prepare()
      // The index must never be more durable than the logins that it tells of.
      for (const log of logs.values()) log.sync()
      replaceFile(indexPath, [JSON.stringify(index)], { durableBytes: Infinity })
    },
    claimIndex(index) {
      prepare()
      const temporary = temporaryFor(indexPath)
      writeFileSync(temporary, JSON.stringify(index), { flag: 'wx', mode: FILE_MODE, flush: true })
      try {
        // Of several processes that start at once in a new folder, one makes the first index.
        linkSync(temporary, indexPath)
        return index
      } catch (error) {
        if (errorCode(error) !== 'EEXIST') throw error
        return (
          readIndex() ?? (replaceFile(indexPath, [JSON.stringify(index)], { durableBytes: Infinity }), index)
        )
      } finally {
        ignoreErrors(() => unlinkSync(temporary))
      }
    },
    list,
    open(id): TelemetryStore {
      const home = homePath(id)
      refuseLinks(dirPath, folder, home)
      const log = logs.get(id) ?? openFileLog(logPath(id))
      logs.set(id, log)
      return {
        log,
        cursors: openCursors(home, log),
        deadLetters: openRecords(join(home, DEAD_LETTERS_NAME), parseDeadLetter),
        refusals: openRecords(join(home, REFUSALS_NAME), parseRefusal),
      }
    },
    close() {
      for (const log of logs.values()) log.close()
      lease.release()
    },
  }
}

/** A telemetry_id may come from a file a stranger wrote: what is no plain name becomes a digest. */
function folderName(id: string): string {
  return /^[a-z0-9]{1,64}$/.test(id) ? id : createHash('sha256').update(id).digest('hex').slice(0, 32)
}

/** A file per destination, so that two of them never write over each other. */
function openCursors(home: string, log: FileLog): TelemetryStore['cursors'] {
  const path = (destination: string): string => {
    const digest = createHash('sha256').update(destination).digest('hex').slice(0, 16)
    return join(home, cursorName(digest))
  }
  return {
    list() {
      if (!isThere(home)) return []
      const names = readdirSync(home).filter(isCursor)
      return names.flatMap((name) => stored(join(home, name)) ?? [])
    },
    read: (destination) => stored(path(destination))?.state,
    write(destination, state) {
      // A cursor must never be more durable than the lines it has moved over.
      log.sync()
      replaceFile(path(destination), [JSON.stringify({ destination, ...state })])
    },
  }
}

function stored(path: string): { destination: string; state: DeliveryState } | undefined {
  const found = parseCursor(readJson(path))
  if (found === undefined) return undefined
  const { destination, ...state } = found
  return { destination, state }
}

/** What of a file of records is read, bytes: its end, for a later record counts instead of an earlier one. */
const RECORDS_BYTES = 16 * 1024 * 1024

/** A file of records, one JSON object a line, only ever appended to. */
function openRecords<T>(
  path: string,
  parse: (value: unknown) => T | undefined,
): { append(record: T): void; list(): T[] } {
  return {
    append(record) {
      const fd = openRegular(path, APPEND)
      try {
        seal(path, fd)
        writeAll(fd, `${JSON.stringify(record)}\n`)
        // A cursor must never be more durable than the dead letter of what it has moved over. They are rare.
        fdatasyncSync(fd)
      } finally {
        closeSync(fd)
      }
    },
    list() {
      if (!isThere(path)) return []
      const fd = openRegular(path, READ)
      try {
        const { size } = fstatSync(fd)
        const from = Math.max(0, size - RECORDS_BYTES)
        const lines = readAt(fd, from, size - from)
          .toString('utf8')
          .split('\n')
        return lines.flatMap((line) => parse(parsed(line)) ?? [])
      } finally {
        closeSync(fd)
      }
    },
  }
}

/** A torn line is no record. */
function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
