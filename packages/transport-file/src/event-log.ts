// The event log on a file system: one file, one line an event, only ever appended to (SPEC §7).

import { constants } from 'node:buffer'
import {
  closeSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  openSync,
  readSync,
  statSync,
  type Stats,
} from 'node:fs'
import { dirname } from 'node:path'
import type { EventLog, LogLine, LogSlice } from '@learnpack/telemetry-core'
import { APPEND, FILE_MODE, READ, makeFolder, writeAll } from './files'

/** What is with the operating system survives our death; this bounds what a power cut may take, ms. */
const SYNC_INTERVAL_MS = 1_000
const LINE_FEED = 0x0a
/** How often other processes' lines are looked for, ms. */
const WATCH_MS = 500

export interface FileLog extends EventLog {
  readonly path: string
  /** Makes what was appended survive a power cut. */
  sync(): void
  close(): void
}

/** A file that is open. While it is, no other file gets its number, so the number tells whether it is still at `path`. */
interface Opened {
  readonly fd: number
  readonly dev: number
  readonly ino: number
}

export function openFileLog(path: string): FileLog {
  let writer: Opened | undefined
  let reader: Opened | undefined
  /** Size of the file after our last append: while it is that, the file ends in a whole line. */
  let sealedAt = 0
  let syncTimer: NodeJS.Timeout | undefined

  const look = (): Stats | undefined => statSync(path, { throwIfNoEntry: false })

  /** The descriptor to append to and the size of the file now at `path`, which may have been deleted or replaced. */
  function toAppend(): { fd: number; size: number } {
    const found = look()
    if (writer !== undefined && isSame(writer, found)) return { fd: writer.fd, size: found.size }
    if (writer !== undefined) closeSync(writer.fd)
    writer = undefined
    if (found === undefined) makeFolder(dirname(path))
    const fd = openSync(path, APPEND, FILE_MODE)
    const { dev, ino, size } = fstatSync(fd)
    writer = { fd, dev, ino }
    sealedAt = 0
    return { fd, size }
  }

  /** The same to read; `replaced` where it is another file than at the last read. */
  function toRead(found: Stats): { fd: number; replaced: boolean } {
    if (reader !== undefined && isSame(reader, found)) return { fd: reader.fd, replaced: false }
    const replaced = reader !== undefined
    closeReader()
    const fd = openSync(path, READ)
    const { dev, ino } = fstatSync(fd)
    reader = { fd, dev, ino }
    return { fd, replaced }
  }

  function closeReader(): void {
    if (reader !== undefined) closeSync(reader.fd)
    reader = undefined
  }

  /** Whether the file ends in a piece of a line: of ours that did not fit, or of a process that was killed. */
  function torn(size: number): boolean {
    if (size === sealedAt || size === 0) return false
    const fd = openSync(path, READ)
    try {
      return readAt(fd, size - 1, 1)[0] !== LINE_FEED
    } finally {
      closeSync(fd)
    }
  }

  function syncSoon(): void {
    syncTimer ??= setTimeout(() => {
      syncTimer = undefined
      if (writer !== undefined) fdatasync(writer.fd, () => {})
    }, SYNC_INTERVAL_MS).unref()
  }

  return {
    path,
    append(line) {
      const { fd, size } = toAppend()
      const seal = torn(size) ? '\n' : ''
      const bytes = Buffer.from(`${seal}${line}\n`)
      writeAll(fd, bytes)
      sealedAt = size + bytes.length
      syncSoon()
      return size + seal.length
    },
    read(from, maxBytes) {
      const found = look()
      if (found === undefined) {
        closeReader()
        return { from: 0, lines: [], next: 0, atEnd: true }
      }
      const { fd, replaced } = toRead(found)
      return slice(fd, found.size, replaced || from > found.size ? 0 : from, maxBytes)
    },
    sync() {
      if (syncTimer === undefined || writer === undefined) return
      clearTimeout(syncTimer)
      syncTimer = undefined
      fdatasyncSync(writer.fd)
    },
    size: () => look()?.size ?? 0,
    watch(tick) {
      const timer = setInterval(tick, WATCH_MS).unref()
      return () => clearInterval(timer)
    },
    close() {
      clearTimeout(syncTimer)
      if (writer !== undefined) closeSync(writer.fd)
      writer = undefined
      closeReader()
    },
  }
}

const isSame = ({ dev, ino }: Opened, found: Stats | undefined): found is Stats =>
  found?.ino === ino && found.dev === dev

/** Whole lines from `from` on; a piece without its line feed is left for a later read. */
function slice(fd: number, size: number, from: number, maxBytes: number): LogSlice {
  let bytes = readAt(fd, from, Math.min(maxBytes, size - from))
  // A line longer than that: read on until its end.
  while (bytes.lastIndexOf(LINE_FEED) < 0 && from + bytes.length < size) {
    bytes = Buffer.concat([
      bytes,
      readAt(fd, from + bytes.length, Math.min(bytes.length, size - from - bytes.length)),
    ])
  }
  const lines: LogLine[] = []
  let start = 0
  for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
    lines.push({ text: textOf(bytes.subarray(start, end)), offset: from + start, next: from + end + 1 })
    start = end + 1
  }
  return { from, lines, next: from + start, atEnd: from + bytes.length >= size }
}

/** A line longer than any string can be (SPEC §7 writes none) shows as a damaged one, by its beginning. */
function textOf(bytes: Buffer): string {
  return bytes.length > constants.MAX_STRING_LENGTH
    ? bytes.toString('utf8', 0, 1_000)
    : bytes.toString('utf8')
}

function readAt(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(Math.max(0, length))
  let filled = 0
  while (filled < bytes.length) {
    const read = readSync(fd, bytes, filled, bytes.length - filled, position + filled)
    if (read === 0) break
    filled += read
  }
  return bytes.subarray(0, filled)
}
