// What `node:fs` is to a program in the simulated world: the calls that programs of ours make, on a file system in memory, in
// whatever weather its disk has. Every call may be the last of its process.

import { constants } from 'node:fs'
import { posix } from 'node:path'
import type { Random } from '../random'
import type { DiskWeather } from '../weather'
import { contentOf, SystemError, type Entry, type File, type FileSystem } from './file-system'

/** Who calls. */
export interface Caller {
  /** Called before and after whatever changes something, and before whatever looks. @throws where its process ends there */
  calls(): void
  /** Runs something a little later, unless its process has ended. */
  soon(run: () => void): void
  /** Epoch ms, by the clock of the machine. */
  now(): number
  readonly chance: () => Random
  readonly cwd: string
  /** Told of every fault. */
  struck(what: string): void
  /** The text of descriptor 0. */
  readonly input: string
}

interface Opened {
  readonly file: Entry
  readonly path: string
  readonly isAppending: boolean
  readonly reads: boolean
  readonly writes: boolean
  position: number
}

type WriteOptions = string | { readonly flag?: string; readonly flush?: boolean }
type Data = string | Uint8Array

const bytesOf = (data: Data): Uint8Array => (typeof data === 'string' ? Buffer.from(data) : data)

export function nodeFs(disk: FileSystem, weather: DiskWeather, caller: Caller) {
  const opened = new Map<number, Opened>()
  let descriptors = 2

  const at = (path: string): string => posix.resolve(caller.cwd, path)

  function strike(chance: number, what: string, syscall: string, path: string): void {
    if (!caller.chance().chance(chance)) return
    caller.struck(`${syscall} ${what}`)
    throw new SystemError('EIO', syscall, path)
  }

  function full(syscall: string, path: string): void {
    if (!weather.full) return
    caller.struck(`${syscall} on a full disk`)
    throw new SystemError('ENOSPC', syscall, path)
  }

  function looking<T>(syscall: string, path: string, look: () => T): T {
    caller.calls()
    strike(weather.unreadable, 'cannot be read', syscall, path)
    return look()
  }

  function changing<T>(syscall: string, path: string, change: () => T): T {
    caller.calls()
    strike(weather.refused, 'refused', syscall, path)
    const result = change()
    caller.calls()
    strike(weather.lied, 'done and said to have failed', syscall, path)
    return result
  }

  function get(fd: number): Opened {
    const found = opened.get(fd)
    if (found === undefined) throw new SystemError('EBADF', 'fd')
    return found
  }

  function fileOf(fd: number): File {
    const { file, path } = get(fd)
    if (file.kind === 'folder') throw new SystemError('EISDIR', 'read', path)
    return file
  }

  function openSync(given: string, flags: number | string = 'r'): number {
    const path = at(given)
    const { O_CREAT, O_EXCL, O_APPEND, O_WRONLY, O_RDWR, O_TRUNC } = constants
    const mode = typeof flags === 'number' ? flags : NAMED[flags]
    if (mode === undefined) throw new Error(`the simulated file system knows no flag ${flags}`)
    const open = (): number => {
      let file = disk.find(path)
      if (file !== undefined && mode & O_EXCL) throw new SystemError('EEXIST', 'open', path)
      if (file === undefined) {
        if ((mode & O_CREAT) === 0) throw new SystemError('ENOENT', 'open', path)
        file = disk.createFile(path, caller.now())
      } else if (file.kind === 'file' && mode & O_TRUNC) {
        file.size = 0
        file.mtime = caller.now()
      }
      if (file.kind === 'folder' && mode & (O_WRONLY | O_RDWR)) throw new SystemError('EISDIR', 'open', path)
      const [isAppending, writes] = [(mode & O_APPEND) !== 0, (mode & (O_WRONLY | O_RDWR)) !== 0]
      opened.set(++descriptors, {
        file,
        path,
        isAppending,
        reads: (mode & O_WRONLY) === 0,
        writes,
        position: 0,
      })
      return descriptors
    }
    return mode & O_CREAT ? changing('open', path, open) : looking('open', path, open)
  }

  function closeSync(fd: number): void {
    get(fd)
    opened.delete(fd)
  }

  /** May write less than it was given, as where a disk is nearly full. */
  function writeSync(fd: number, data: Data, offset = 0): number {
    const one = get(fd)
    if (!one.writes) throw new SystemError('EBADF', 'write', one.path)
    const file = fileOf(fd)
    const bytes = bytesOf(data).subarray(offset)
    return changing('write', one.path, () => {
      const { chance, below } = caller.chance()
      full('write', one.path)
      const isShort = chance(weather.torn)
      if (isShort) caller.struck('write cut short')
      const written = isShort ? below(bytes.length) : bytes.length
      const from = one.isAppending ? file.size : one.position
      disk.write(file, bytes.subarray(0, written), from, caller.now())
      one.position = from + written
      return written
    })
  }

  function readSync(fd: number, into: Uint8Array, offset: number, length: number, position: number): number {
    if (!get(fd).reads) throw new SystemError('EBADF', 'read', get(fd).path)
    const file = fileOf(fd)
    return looking('read', get(fd).path, () => {
      const part = contentOf(file).subarray(position, position + length)
      into.set(part, offset)
      return part.length
    })
  }

  /** A folder can be synced, too: names are kept as they are anyway. */
  function fsyncSync(fd: number): void {
    const { file, path } = get(fd)
    changing('fsync', path, () => {
      if (file.kind === 'file') disk.sync(file)
    })
  }

  const stat = (entry: Entry, options?: { bigint?: boolean }) =>
    options?.bigint === true ? new BigStats(entry) : new Stats(entry)

  function statSync(given: string, options?: { bigint?: boolean; throwIfNoEntry?: boolean }) {
    const path = at(given)
    return looking('stat', path, () => {
      const found = disk.find(path)
      if (found !== undefined) return stat(found, options)
      if (options?.throwIfNoEntry === false) return undefined
      throw new SystemError('ENOENT', 'stat', path)
    })
  }

  function writeFileSync(path: string, data: Data, options?: WriteOptions): void {
    const fd = openSync(path, (typeof options === 'object' && options.flag) || 'w')
    try {
      const bytes = bytesOf(data)
      if (writeSync(fd, bytes) < bytes.length) throw new SystemError('ENOSPC', 'write', path)
      if (typeof options === 'object' && options.flush === true) fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
  }

  function readFileSync(path: string | number, encoding?: string | { encoding?: string }): string | Buffer {
    const asText = typeof encoding === 'string' || encoding?.encoding !== undefined
    if (path === 0) return caller.input
    const file = looking('open', String(path), () => disk.file(at(String(path)), 'open'))
    const bytes = Buffer.from(contentOf(file))
    return asText ? bytes.toString('utf8') : bytes
  }

  function rmSync(given: string, { recursive = false, force = false } = {}): void {
    const path = at(given)
    changing('rm', path, () => {
      const found = disk.find(path)
      if (found === undefined && !force) throw new SystemError('ENOENT', 'rm', path)
      if (found?.kind === 'folder' && !recursive) throw new SystemError('EISDIR', 'rm', path)
      if (found?.kind === 'file') disk.unlink(path, caller.now())
      else disk.removeTree(path, caller.now())
    })
  }

  function mkdirSync(given: string, { recursive = false } = {}): void {
    const path = at(given)
    changing('mkdir', path, () => {
      full('mkdir', path)
      if (!recursive) return disk.createFolder(path, caller.now())
      let whole = ''
      for (const part of path.split('/').slice(1)) {
        whole += `/${part}`
        const found = disk.find(whole)
        if (found === undefined) disk.createFolder(whole, caller.now())
        else if (found.kind === 'file')
          throw new SystemError(whole === path ? 'EEXIST' : 'ENOTDIR', 'mkdir', path)
      }
    })
  }

  /** As a call of a promise or with a callback: done a little later. */
  const later = <T>(run: () => T): Promise<T> =>
    new Promise((resolve, reject) => {
      caller.soon(() => {
        try {
          resolve(run())
        } catch (error) {
          reject(error as Error)
        }
      })
    })

  const handle = (fd: number) => ({
    fd,
    write: (bytes: Uint8Array, offset = 0) => later(() => ({ bytesWritten: writeSync(fd, bytes, offset) })),
    sync: () => later(() => fsyncSync(fd)),
    datasync: () => later(() => fsyncSync(fd)),
    stat: (options?: { bigint?: boolean }) =>
      later(() => looking('fstat', '', () => stat(get(fd).file, options))),
    close: () => later(() => closeSync(fd)),
  })

  const fs = {
    constants,
    openSync,
    closeSync,
    writeSync,
    readSync,
    fsyncSync,
    fdatasyncSync: fsyncSync,
    fdatasync: (fd: number, done: (error: Error | null) => void) =>
      void later(() => fsyncSync(fd)).then(
        () => done(null),
        (error: Error) => done(error),
      ),
    statSync,
    lstatSync: statSync,
    fstatSync: (fd: number, options?: { bigint?: boolean }) =>
      looking('fstat', get(fd).path, () => stat(get(fd).file, options)),
    existsSync(path: string): boolean {
      try {
        return statSync(path, { throwIfNoEntry: false }) !== undefined
      } catch (error) {
        if (error instanceof SystemError) return false
        throw error
      }
    },
    readdirSync: (path: string) =>
      looking('readdir', path, () => [...disk.folder(at(path), 'readdir').entries.keys()].sort()),
    realpathSync: (path: string) =>
      looking('realpath', path, () => (disk.get(at(path), 'realpath'), at(path))),
    mkdirSync,
    renameSync: (from: string, to: string) =>
      changing('rename', from, () => disk.rename(at(from), at(to), caller.now())),
    unlinkSync: (path: string) => changing('unlink', path, () => disk.unlink(at(path), caller.now())),
    linkSync: (from: string, to: string) =>
      changing('link', from, () => {
        const entry = disk.get(at(from), 'link')
        disk.parent(at(to), 'link')
        if (disk.find(at(to)) !== undefined) throw new SystemError('EEXIST', 'link', to)
        if (entry.kind === 'folder') throw new SystemError('EPERM', 'link', from)
        disk.link(at(to), entry, 'link', caller.now())
      }),
    utimesSync: (path: string, _: unknown, mtime: Date | number) =>
      changing('utime', path, () => void (disk.get(at(path), 'utime').mtime = Number(mtime))),
    rmSync,
    writeFileSync,
    readFileSync,
  }
  const promises = {
    open: (path: string, flags?: number | string) => later(() => handle(openSync(path, flags))),
  }
  return { fs: { ...fs, promises }, promises }
}

class Stats {
  readonly dev = 1
  readonly ino: number
  readonly size: number
  readonly mtimeMs: number
  readonly ctimeMs: number
  readonly birthtimeMs: number
  readonly #isFile: boolean
  constructor(entry: Entry) {
    this.#isFile = entry.kind === 'file'
    this.ino = entry.ino
    this.size = entry.kind === 'file' ? entry.size : 4_096
    this.mtimeMs = this.ctimeMs = entry.mtime
    this.birthtimeMs = entry.made
  }
  isFile = (): boolean => this.#isFile
  isDirectory = (): boolean => !this.#isFile
  isSymbolicLink = (): boolean => false
}

/** What of `BigIntStats` programs of ours look at. */
class BigStats {
  readonly dev = 1n
  readonly ino: bigint
  readonly size: bigint
  readonly mtimeNs: bigint
  readonly #isFile: boolean
  constructor(entry: Entry) {
    this.#isFile = entry.kind === 'file'
    this.ino = BigInt(entry.ino)
    this.size = BigInt(entry.kind === 'file' ? entry.size : 4_096)
    this.mtimeNs = BigInt(Math.floor(entry.mtime)) * 1_000_000n
  }
  isFile = (): boolean => this.#isFile
}

const { O_RDONLY, O_WRONLY, O_CREAT, O_TRUNC, O_EXCL, O_APPEND } = constants
const NAMED: Readonly<Record<string, number>> = {
  r: O_RDONLY,
  w: O_WRONLY | O_CREAT | O_TRUNC,
  wx: O_WRONLY | O_CREAT | O_EXCL,
  a: O_WRONLY | O_CREAT | O_APPEND,
}
