// The event log on a file system: one file, one line an event, only ever appended to (SPEC §7).

import { closeSync, fdatasync, fdatasyncSync, fstatSync, statSync, type Stats } from 'node:fs'
import { dirname } from 'node:path'
import type { EventLog, LogLine, LogSlice } from '@learnpack/telemetry-core'
import {
  APPEND,
  LINE_FEED,
  READ,
  makeFolder,
  openRegular,
  ignoreErrors,
  readAt,
  seal,
  writeAll,
} from './files'

/** What is with the operating system survives our death; this bounds what a power cut may take, ms. */
const SYNC_INTERVAL_MS = 1_000
/** How long an open file is trusted to be the one at its path, ms, and for how much, characters. */
const VERIFY_MS = 100
const VERIFY_LENGTH = 1024 * 1024
/** How often other processes' lines are looked for, ms. */
const WATCH_MS = 500

/**
 * The longest line, bytes: an import of the largest telemetry.json that is read fits. Of a longer one, which we never write,
 * every piece of that length counts as a damaged line: a file without line feeds is not held in memory, nor read again
 * and again.
 */
const LONGEST_LINE = 128 * 1024 * 1024
/** Of those pieces that much is read, and of what is searched for a line feed at a time, bytes. */
const BEGINNING = 1_000
const SEARCHED = 1024 * 1024

/** An event log that is a file. */
export interface FileLog extends EventLog {
  /**
   * Makes what is in the log survive a power cut, other processes' lines as well; returns once the disk has it. Without, that
   * happens in the background, at most once a second.
   * @throws when the disk fails
   */
  sync(): void
  /** Syncs as well as it can and closes the file. A later call opens it again. */
  close(): void
}

/** A file that is open. While it is, no other file gets its number, so the number tells whether it is still at `path`. */
interface Opened {
  readonly fd: number
  readonly dev: number
  readonly ino: number
}

/**
 * A log that is one file, one line an event, only ever appended to (SPEC §7). Several processes may append at once. What was
 * appended to a file that was deleted in the same moment is appended to the new one. Opens nothing until it is used; a folder
 * that is missing is made by the first `append`, and a symbolic link at `path` is refused.
 */
export function openFileLog(path: string): FileLog {
  let writer: Opened | undefined
  let reader: Opened | undefined
  let syncTimer: NodeJS.Timeout | undefined
  /** Size of the file when it was last made to survive a power cut. */
  let syncedSize = -1
  /** What was appended since it was last seen that `path` is the file we append to. */
  let unverified: string[] = []
  let unverifiedLength = 0
  let verifiedAt = -Infinity
  /** What went to a file that is no longer there, to be appended to the one that is. */
  const homeless: string[] = []
  /** Our last append failed: part of it may be in the file. */
  let torn = false

  const look = (): Stats | undefined => statSync(path, { throwIfNoEntry: false })

  /**
   * The descriptor to append to. Looking whether `path` is still that file costs as much as appending, so
   * within a burst it is trusted; what went to a file that was deleted meanwhile is appended again.
   */
  function toAppend(): number {
    const recently = performance.now() - verifiedAt < VERIFY_MS && unverifiedLength < VERIFY_LENGTH
    const trusted = recently && !torn && homeless.length === 0
    return writer !== undefined && trusted ? writer.fd : verified(look())
  }

  function verified(found: Stats | undefined): number {
    if (writer === undefined || !isSame(writer, found)) {
      closeWriter()
      homeless.push(...unverified.splice(0))
      if (found === undefined) makeFolder(dirname(path))
      writer = opened(path, APPEND)
      torn = true
      syncedSize = -1
    }
    if (torn) seal(path, writer.fd)
    torn = false
    for (let line = homeless[0]; line !== undefined; line = homeless[0]) {
      write(writer.fd, line)
      homeless.shift()
    }
    forget()
    verifiedAt = performance.now()
    return writer.fd
  }

  function write(fd: number, line: string): void {
    try {
      writeAll(fd, line)
    } catch (error) {
      torn = true
      throw error
    }
    unverified.push(line)
    unverifiedLength += line.length
    syncSoon()
  }

  /** What is at `path` now, once what was appended is there. A file that was deleted is not brought back for nothing. */
  function lookVerified(): Stats | undefined {
    const found = look()
    const same = writer !== undefined && isSame(writer, found)
    const isThere = same || unverified.length === 0
    if (isThere && homeless.length === 0) {
      forget()
      if (!same) closeWriter()
      return found
    }
    verified(found)
    return look()
  }

  function forget(): void {
    unverified = []
    unverifiedLength = 0
  }

  /** The descriptor to read; `replaced` where it is another file than at the last read. */
  function toRead(found: Stats): { fd: number; replaced: boolean } {
    if (reader !== undefined && isSame(reader, found)) return { fd: reader.fd, replaced: false }
    const replaced = reader !== undefined
    closeReader()
    reader = opened(path, READ)
    return { fd: reader.fd, replaced }
  }

  function closeWriter(): void {
    if (writer !== undefined) closeSync(writer.fd)
    writer = undefined
  }

  function closeReader(): void {
    if (reader !== undefined) closeSync(reader.fd)
    reader = undefined
  }

  function syncSoon(): void {
    syncTimer ??= setTimeout(() => {
      syncTimer = undefined
      ignoreErrors(lookVerified)
      // A throw in a timer would be the host's end; network file systems fail at anything.
      ignoreErrors(startSync)
    }, SYNC_INTERVAL_MS).unref()
  }

  function startSync(): void {
    if (writer === undefined) return
    const { fd } = writer
    const { size } = fstatSync(fd)
    fdatasync(fd, (error) => {
      if (error === null) syncedSize = Math.max(syncedSize, size)
    })
  }

  function sync(): void {
    const open = writer ?? reader
    if (open === undefined) return
    // Other processes' lines count as well: a cursor of ours may move over them.
    const { size } = fstatSync(open.fd)
    if (size === syncedSize) return
    clearTimeout(syncTimer)
    syncTimer = undefined
    fdatasyncSync(open.fd)
    syncedSize = size
  }

  return {
    append(line) {
      if (Buffer.byteLength(line) >= LONGEST_LINE) throw new Error(`longer than ${LONGEST_LINE} bytes`)
      write(toAppend(), `${line}\n`)
    },
    read(from, maxBytes) {
      const found = lookVerified()
      if (found === undefined) {
        closeReader()
        return { from: 0, lines: [], next: 0, atEnd: true }
      }
      const { fd, replaced } = toRead(found)
      return slice(fd, found.size, replaced || from > found.size ? 0 : from, maxBytes)
    },
    sync,
    size: () => look()?.size ?? 0,
    watch(tick) {
      const timer = setInterval(tick, WATCH_MS).unref()
      return () => clearInterval(timer)
    },
    close() {
      ignoreErrors(sync)
      clearTimeout(syncTimer)
      closeWriter()
      closeReader()
    },
  }
}

function opened(path: string, flags: number): Opened {
  const fd = openRegular(path, flags)
  const { dev, ino } = fstatSync(fd)
  return { fd, dev, ino }
}

const isSame = ({ dev, ino }: Opened, found: Stats | undefined): found is Stats =>
  found?.ino === ino && found.dev === dev

/** Whole lines from `from` on; a piece without its line feed is left for a later read. */
function slice(fd: number, size: number, from: number, maxBytes: number): LogSlice {
  let bytes = readAt(fd, from, Math.min(maxBytes, size - from))
  if (bytes.lastIndexOf(LINE_FEED) < 0 && from + bytes.length < size) {
    // A line longer than that: read to its end.
    const end = lineFeedIn(fd, from + bytes.length, Math.min(size, from + LONGEST_LINE))
    if (end === undefined && size >= from + LONGEST_LINE) {
      const next = from + LONGEST_LINE
      const text = bytes.toString('utf8', 0, BEGINNING)
      return { from, lines: [{ text, offset: from, next }], next, atEnd: next === size }
    }
    if (end === undefined) return { from, lines: [], next: from, atEnd: true }
    bytes = readAt(fd, from, end + 1 - from)
  }
  const lines: LogLine[] = []
  let start = 0
  for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
    lines.push({ text: bytes.toString('utf8', start, end), offset: from + start, next: from + end + 1 })
    start = end + 1
  }
  return { from, lines, next: from + start, atEnd: from + bytes.length >= size }
}

/** Where the first line feed is between two offsets. */
function lineFeedIn(fd: number, from: number, to: number): number | undefined {
  for (let at = from; at < to; at += SEARCHED) {
    const found = readAt(fd, at, Math.min(SEARCHED, to - at)).indexOf(LINE_FEED)
    if (found >= 0) return at + found
  }
  return undefined
}
