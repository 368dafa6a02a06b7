// How every small file of ours is written: for the owner only, and replaced atomically or not at all.

import {
  closeSync,
  constants,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'

export const FOLDER_MODE = 0o700
export const FILE_MODE = 0o600

/** A link planted in the course folder must not lead our writes elsewhere. Windows has no such flag. */
const NOFOLLOW = constants.O_NOFOLLOW ?? 0

export const APPEND = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | NOFOLLOW
export const READ = constants.O_RDONLY | NOFOLLOW
const CREATE_NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NOFOLLOW

export const makeFolder = (path: string): void => void mkdirSync(path, { recursive: true, mode: FOLDER_MODE })

/** Writes all of `bytes` or throws: a full disk shows as a write that takes fewer bytes than it was given. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  const written = writeSync(fd, bytes)
  if (written === bytes.length) return
  throw Object.assign(new Error(`short write: ${written} of ${bytes.length} bytes, is the disk full?`), {
    code: 'ENOSPC',
  })
}

let temporaries = 0

/**
 * Replaces `path` by `pieces`: temporary file, sync, rename, sync of the folder. A reader sees the old
 * file or the new one. @throws when it cannot; the old file is then intact.
 */
export function replaceFile(path: string, pieces: Iterable<string | Uint8Array>): void {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}-${temporaries++}.tmp`)
  const fd = openSync(temporary, CREATE_NEW, FILE_MODE)
  try {
    try {
      for (const piece of pieces) writeAll(fd, typeof piece === 'string' ? Buffer.from(piece) : piece)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(temporary, path)
  } catch (error) {
    quietly(() => unlinkSync(temporary))
    throw error
  }
  syncFolder(dirname(path))
}

/** Makes a rename durable. Not every platform can sync a folder, and the rename holds without it. */
function syncFolder(path: string): void {
  quietly(() => {
    const fd = openSync(path, constants.O_RDONLY)
    try {
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
  })
}

/** The JSON in `path`, or undefined where there is no such file or no JSON in it. */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

export const errorCode = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code

function quietly(action: () => void): void {
  try {
    action()
  } catch {
    // Best effort by definition: see the callers.
  }
}
