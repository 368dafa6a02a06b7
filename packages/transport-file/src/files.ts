// How every file of ours is opened: a regular file, never what a course may have put in its place. How every small one is
// read, up to a limit, and written: for the owner only, and replaced atomically or not at all.

import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  readdirSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
  type BigIntStats,
  type Stats,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isOfTheMoment } from '@learnpack/telemetry-core'
import { temporaryName, writerOf } from './layout'

const FOLDER_MODE = 0o700
export const FILE_MODE = 0o600

/** A link planted in the course folder must not lead our writes elsewhere. Windows has no such flag. */
const NOFOLLOW = constants.O_NOFOLLOW ?? 0

/** Opening a pipe or a device must not wait for its other end, nor make it our terminal. Windows has no such flags. */
const NOWAIT = (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0)

export const LINE_FEED = 0x0a

export const APPEND = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | NOFOLLOW | NOWAIT
export const READ = constants.O_RDONLY | NOFOLLOW | NOWAIT
export const CREATE_NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NOFOLLOW

/** What of a small file is read at most, bytes: an index, a cursor, a choice. */
const SMALL_BYTES = 1024 * 1024
/** Of a telemetry.json, bytes: it is held in memory several times while it is read. */
export const SNAPSHOT_BYTES = 64 * 1024 * 1024

/**
 * Opens a regular file: its descriptor. Neither waits for a pipe nor reads from a device; a file that is created is for its owner only.
 * @param flags of `open(2)`. Default: to read, and no symbolic link
 * @throws when something else is there, saying what
 */
export function openRegular(path: string, flags: number = READ): number {
  let fd: number
  try {
    fd = openSync(path, flags, FILE_MODE)
  } catch (error) {
    const found = (flags & NOFOLLOW) === 0 ? undefined : ignoreErrors(() => lstatSync(path))
    if (found === undefined || found.isFile()) throw error
    throw notRegular(path, found)
  }
  const found = fstatSync(fd)
  if (found.isFile()) return fd
  closeSync(fd)
  throw notRegular(path, found)
}

function notRegular(path: string, found: Stats): Error {
  const kind = found.isDirectory()
    ? 'a folder'
    : found.isSymbolicLink()
      ? 'a symbolic link'
      : found.isFIFO()
        ? 'a pipe'
        : found.isSocket()
          ? 'a socket'
          : 'a device'
  return systemError('EFTYPE', 'open', path, `${path} is ${kind}, not a file`)
}

/** As the operating system's own, which `syscall` tells from a bug: it is about what lies at `path`. */
export const systemError = (code: string, syscall: string, path: string, message: string): Error =>
  Object.assign(new Error(message), { code, syscall, path })

/** What `readRegular` accepts. */
export interface Reading {
  /** Bytes of the largest file that is read. Default: 1 MiB. */
  readonly most?: number
  /** Whether `path` may be a symbolic link to a file, as a course's own files may. Default: false. */
  readonly links?: boolean
}

/**
 * The whole of a regular file. Returns at once whatever is at `path`, and reads no more than `most`.
 * @throws when it is not there, is no regular file or is larger than `most`
 */
export function readRegular(path: string, { most = SMALL_BYTES, links = false }: Reading = {}): Buffer {
  const fd = openRegular(path, links ? READ & ~NOFOLLOW : READ)
  try {
    const { size } = fstatSync(fd)
    if (size > most) {
      const message = `${path} has ${megabytes(size)}, more than the ${megabytes(most)} that are read of it`
      throw systemError('EFBIG', 'read', path, message)
    }
    return readAt(fd, 0, size)
  } finally {
    closeSync(fd)
  }
}

const megabytes = (bytes: number): string => `${(bytes / 1_000_000).toFixed(1)} MB`

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
  const fd = openRegular(path, READ)
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
    ignoreErrors(() => unlinkSync(temporary))
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
  ignoreErrors(() => {
    for (const name of readdirSync(folder)) {
      const pid = writerOf(name) ?? 0
      if (pid > 0 && !isAlive(pid)) ignoreErrors(() => unlinkSync(join(folder, name)))
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

/**
 * The JSON in the small file at `path`, or undefined where there is no such file or no JSON in it.
 * @throws where it cannot be read at the moment
 */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readRegular(path).toString('utf8'))
  } catch (error) {
    if (isOfTheMoment(error)) throw error
    return undefined
  }
}

/** Whether something is there. @throws where that cannot be told at the moment */
export function isThere(path: string): boolean {
  try {
    statSync(path)
    return true
  } catch (error) {
    if (isOfTheMoment(error)) throw error
    return false
  }
}

export const errorCode = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code

/** What `action` returns, or undefined where it throws. For what is best effort, and must not trouble its host. */
export function ignoreErrors<T>(action: () => T): T | undefined {
  try {
    return action()
  } catch {
    return undefined
  }
}
