// The event log on a file system: one file, one line an event, only ever appended to (SPEC §7).

import { closeSync, fdatasync, fdatasyncSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { EventLog, LogLine, LogSlice } from '@learnpack/telemetry-core'
import { APPEND, FILE_MODE, READ, errorCode, makeFolder, writeAll } from './files'

/** What is with the operating system survives our death; this bounds what a power cut may take, ms. */
const SYNC_INTERVAL_MS = 1_000
const LINE_FEED = 0x0a

export interface FileLog extends EventLog {
  readonly path: string
  /** Makes what was appended survive a power cut. */
  sync(): void
  /** Bytes in the file now. */
  size(): number
  close(): void
}

export function openFileLog(path: string): FileLog {
  /** The descriptor we append to, and which file it is. */
  let open: { fd: number; dev: number; ino: number } | undefined
  /** Size of the file after our last append: while it is that, the file ends in a whole line. */
  let sealedAt = 0
  let syncTimer: NodeJS.Timeout | undefined

  /** The descriptor and the size of the file now at `path`; it may have been deleted or replaced. */
  function opened(): { fd: number; size: number } {
    const found = statSync(path, { throwIfNoEntry: false })
    if (open !== undefined) {
      if (found?.ino === open.ino && found.dev === open.dev) return { fd: open.fd, size: found.size }
      closeAppend()
    }
    if (found === undefined) makeFolder(dirname(path))
    const fd = openSync(path, APPEND, FILE_MODE)
    const { dev, ino, size } = fstatSync(fd)
    open = { fd, dev, ino }
    sealedAt = 0
    return { fd, size }
  }

  function closeAppend(): void {
    if (open === undefined) return
    const { fd } = open
    open = undefined
    closeSync(fd)
  }

  /** Whether the file ends in a piece of a line: of ours that did not fit, or of a process that was killed. */
  function torn(size: number): boolean {
    return size !== sealedAt && size > 0 && withFile((fd) => readAt(fd, size - 1, 1)[0] !== LINE_FEED)
  }

  function withFile<T>(use: (fd: number) => T): T {
    const fd = openSync(path, READ)
    try {
      return use(fd)
    } finally {
      closeSync(fd)
    }
  }

  function syncSoon(): void {
    syncTimer ??= setTimeout(() => {
      syncTimer = undefined
      if (open !== undefined) fdatasync(open.fd, () => {})
    }, SYNC_INTERVAL_MS).unref()
  }

  return {
    path,
    append(line) {
      const { fd, size } = opened()
      const bytes = Buffer.from(torn(size) ? `\n${line}\n` : `${line}\n`)
      writeAll(fd, bytes)
      sealedAt = size + bytes.length
      syncSoon()
    },
    read(from, maxBytes) {
      try {
        return withFile((fd) => slice(fd, from, maxBytes))
      } catch (error) {
        if (errorCode(error) === 'ENOENT') return { lines: [], next: from, atEnd: true }
        throw error
      }
    },
    sync() {
      if (syncTimer === undefined || open === undefined) return
      clearTimeout(syncTimer)
      syncTimer = undefined
      fdatasyncSync(open.fd)
    },
    size: () => statSync(path, { throwIfNoEntry: false })?.size ?? 0,
    close() {
      clearTimeout(syncTimer)
      closeAppend()
    },
  }
}

/** Whole lines from `from` on; a piece without its line feed is left for a later read. */
function slice(fd: number, from: number, maxBytes: number): LogSlice {
  const { size } = fstatSync(fd)
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
    lines.push({ text: bytes.toString('utf8', start, end), offset: from + start, next: from + end + 1 })
    start = end + 1
  }
  return { lines, next: from + start, atEnd: from + bytes.length >= size }
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
