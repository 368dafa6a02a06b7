// How every small file of ours is written: for the owner only, and replaced atomically or not at all.

import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  renameSync,
  unlinkSync,
  writeSync,
  type BigIntStats,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { temporaryName, writerOf } from './layout'

const FOLDER_MODE = 0o700
export const FILE_MODE = 0o600

/** A link planted in the course folder must not lead our writes elsewhere. Windows has no such flag. */
const NOFOLLOW = constants.O_NOFOLLOW ?? 0

export const LINE_FEED = 0x0a

export const APPEND = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | NOFOLLOW
export const READ = constants.O_RDONLY | NOFOLLOW
export const CREATE_NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NOFOLLOW

export const makeFolder = (path: string): void => void mkdirSync(path, { recursive: true, mode: FOLDER_MODE })

/** Writes all of `content` or throws: a full disk shows as a write that takes fewer bytes than it was given. */
export function writeAll(fd: number, content: string | Uint8Array): void {
  const length = Buffer.byteLength(content)
  const written = typeof content === 'string' ? writeSync(fd, content) : writeSync(fd, content)
  if (written === length) return
  throw Object.assign(new Error(`short write: ${written} of ${length} bytes, is the disk full?`), {
    code: 'ENOSPC',
  })
}

/** Ends a line that was never whole: of ours that did not fit, or of a process that was killed. */
export function seal(path: string, appendTo: number): void {
  const { size } = fstatSync(appendTo)
  if (size === 0) return
  const fd = openSync(path, READ)
  try {
    if (readAt(fd, size - 1, 1)[0] !== LINE_FEED) writeAll(appendTo, '\n')
  } finally {
    closeSync(fd)
  }
}

export function readAt(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(Math.max(0, length))
  let filled = 0
  while (filled < bytes.length) {
    const read = readSync(fd, bytes, filled, bytes.length - filled, position + filled)
    if (read === 0) break
    filled += read
  }
  return bytes.subarray(0, filled)
}

export const temporaryFor = (path: string): string => join(dirname(path), temporaryName(basename(path)))

/** How `replaceFile` goes about it. */
export interface Replacing {
  /**
   * Up to how many bytes the new content must be on the disk first, for a power cut; what can be made again need not be.
   * Default: 0
   */
  readonly durableBytes?: number
  /** Called with the new file; has to call `rename`, which puts it in its place, or throw. Default: calls it. */
  readonly rename?: (file: BigIntStats, rename: () => void) => void
}

/**
 * Replaces `path` by `pieces`: temporary file beside it, rename. A reader sees the old file or the new one, which is for its
 * owner only (0600). The folder must be there.
 * @throws when it cannot; the old file is then intact
 */
export function replaceFile(
  path: string,
  pieces: Iterable<string | Uint8Array>,
  options: Replacing = {},
): void {
  const temporary = temporaryFor(path)
  const fd = openSync(temporary, CREATE_NEW, FILE_MODE)
  const put = options.rename ?? ((_: BigIntStats, rename: () => void) => rename())
  try {
    let file: BigIntStats
    try {
      for (const piece of pieces) writeAll(fd, piece)
      file = fstatSync(fd, { bigint: true })
      if (file.size <= (options.durableBytes ?? 0)) fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    put(file, () => renameOver(temporary, path))
  } catch (error) {
    quietly(() => unlinkSync(temporary))
    throw error
  }
}

/** Windows refuses to rename over a file that somebody reads at that moment, which passes. */
const RENAME_TRIES = 10

export function renameOver(from: string, to: string): void {
  for (let tries = 1; ; tries++) {
    try {
      return renameSync(from, to)
    } catch (error) {
      const passing = ['EPERM', 'EACCES', 'EBUSY'].includes(errorCode(error) ?? '')
      if (process.platform !== 'win32' || !passing || tries === RENAME_TRIES) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, tries)
    }
  }
}

/** Temporary files of processes that were killed while writing. */
export function removeLeftovers(folder: string): void {
  quietly(() => {
    for (const name of readdirSync(folder)) {
      const pid = writerOf(name) ?? 0
      if (pid > 0 && !isAlive(pid)) quietly(() => unlinkSync(join(folder, name)))
    }
  })
}

/** Whether there is a process with that pid on this host. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) !== 'ESRCH'
  }
}

/** Makes a rename durable. Not every platform can sync a folder, and the rename holds without it. */
export async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, constants.O_RDONLY)
    await folder.sync().finally(() => folder.close())
  } catch {
    // Windows, for one.
  }
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

/** For what is best effort by definition. */
export function quietly(action: () => void): void {
  try {
    action()
  } catch {
    // Nothing depends on it.
  }
}
