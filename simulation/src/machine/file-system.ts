// A file system in memory, as far as programs of ours use one: folders, files with several names, descriptors. It knows of every
// file what a power cut would leave of it. Errors are those of the operating system.

import { posix } from 'node:path'

export interface File {
  readonly kind: 'file'
  readonly ino: number
  bytes: Buffer
  size: number
  /** What survives a power cut. */
  synced: Buffer
  /** Epoch ms, as of everything here: when it was made, and when it was changed last. */
  readonly made: number
  mtime: number
  links: number
}

export interface Folder {
  readonly kind: 'folder'
  readonly ino: number
  readonly entries: Map<string, Entry>
  readonly made: number
  mtime: number
}

export type Entry = File | Folder

/** An error as the operating system's own. */
export class SystemError extends Error {
  constructor(
    readonly code: string,
    readonly syscall: string,
    readonly path = '',
  ) {
    const { stackTraceLimit } = Error
    // Most are caught, and where they come from takes long to find out.
    Error.stackTraceLimit = 0
    super(`${code}: ${syscall} ${path}`)
    Error.stackTraceLimit = stackTraceLimit
  }
}

const NOTHING = Buffer.alloc(0)

export class FileSystem {
  readonly #root: Folder = { kind: 'folder', ino: 1, entries: new Map(), made: 0, mtime: 0 }
  #inos = 1

  /** What lies at an absolute path; undefined where nothing does. */
  find(path: string): Entry | undefined {
    let found: Entry | undefined = this.#root
    for (const name of partsOf(path)) {
      if (found?.kind === 'file') throw new SystemError('ENOTDIR', 'stat', path)
      found = found?.entries.get(name)
    }
    return found
  }

  get(path: string, syscall: string): Entry {
    const found = this.find(path)
    if (found === undefined) throw new SystemError('ENOENT', syscall, path)
    return found
  }

  folder(path: string, syscall: string): Folder {
    const found = this.get(path, syscall)
    if (found.kind === 'file') throw new SystemError('ENOTDIR', syscall, path)
    return found
  }

  file(path: string, syscall: string): File {
    const found = this.get(path, syscall)
    if (found.kind === 'folder') throw new SystemError('EISDIR', syscall, path)
    return found
  }

  /** The folder that an entry is in, or would be. */
  parent(path: string, syscall: string): Folder {
    return this.folder(posix.dirname(path), syscall)
  }

  createFile(path: string, at: number): File {
    const file: File = {
      kind: 'file',
      ino: ++this.#inos,
      bytes: NOTHING,
      size: 0,
      synced: NOTHING,
      made: at,
      mtime: at,
      links: 0,
    }
    this.link(path, file, 'open', at)
    return file
  }

  createFolder(path: string, at: number): void {
    const parent = this.parent(path, 'mkdir')
    if (parent.entries.has(posix.basename(path))) throw new SystemError('EEXIST', 'mkdir', path)
    this.#put(
      parent,
      path,
      { kind: 'folder', ino: ++this.#inos, entries: new Map(), made: at, mtime: at },
      at,
    )
  }

  /** Gives a file one more name. */
  link(path: string, file: File, syscall: string, at: number): void {
    const parent = this.parent(path, syscall)
    if (parent.entries.has(posix.basename(path))) throw new SystemError('EEXIST', syscall, path)
    this.#put(parent, path, file, at)
    file.links++
  }

  unlink(path: string, at: number): void {
    this.file(path, 'unlink').links--
    this.#remove(path, at)
  }

  rename(from: string, to: string, at: number): void {
    this.parent(from, 'rename')
    const parent = this.parent(to, 'rename')
    const entry = this.get(from, 'rename')
    const before = this.find(to)
    const refused = (code: string): SystemError => new SystemError(code, 'rename', to)
    if (to.startsWith(`${from}/`)) throw refused('EINVAL')
    if (from.startsWith(`${to}/`)) throw refused('ENOTEMPTY')
    if (before === entry) return
    if (entry.kind === 'folder' && before?.kind === 'file') throw refused('ENOTDIR')
    if (entry.kind === 'file' && before?.kind === 'folder') throw refused('EISDIR')
    if (before?.kind === 'folder' && before.entries.size > 0) throw refused('ENOTEMPTY')
    if (before?.kind === 'file') before.links--
    this.#remove(from, at)
    this.#put(parent, to, entry, at)
  }

  /** With all that is in it. */
  removeTree(path: string, at: number): void {
    if (this.find(path) !== undefined) this.#remove(path, at)
  }

  write(file: File, bytes: Uint8Array, position: number, at: number): void {
    const end = position + bytes.length
    if (end > file.bytes.length) {
      const room = Buffer.alloc(Math.max(256, end * 2))
      file.bytes.copy(room, 0, 0, file.size)
      file.bytes = room
    }
    file.bytes.set(bytes, position)
    file.size = Math.max(file.size, end)
    file.mtime = at
  }

  sync(file: File): void {
    if (file.synced.length !== file.size || !file.synced.equals(contentOf(file)))
      file.synced = Buffer.from(contentOf(file))
  }

  /**
   * Power fails: of each file is left what was synced, and more or less of what was appended since. Names are kept, as a
   * journal of the file system does it: a file that was never synced may be there and empty.
   * @param keeps how many of so many unsynced bytes are left
   */
  cutPower(keeps: (bytes: number) => number): void {
    for (const file of filesIn(this.#root)) {
      const content = contentOf(file)
      const { synced } = file
      const isAppended = content.length >= synced.length && content.subarray(0, synced.length).equals(synced)
      const rest = isAppended ? content.length - synced.length : content.length
      const kept = rest === 0 ? 0 : keeps(rest)
      const left = isAppended ? content.subarray(0, synced.length + kept) : content.subarray(0, kept)
      file.bytes = Buffer.from(left)
      file.size = left.length
      this.sync(file)
    }
  }

  /** Copies a folder of another disk, or of this one, to where nothing is. */
  copyTree(from: Entry, to: string, at: number): void {
    if (from.kind === 'file') {
      const file = this.createFile(to, at)
      this.write(file, contentOf(from), 0, from.mtime)
      this.sync(file)
      return
    }
    this.createFolder(to, at)
    for (const [name, entry] of from.entries) this.copyTree(entry, posix.join(to, name), at)
  }

  #put(parent: Folder, path: string, entry: Entry, at: number): void {
    parent.entries.set(posix.basename(path), entry)
    parent.mtime = at
  }

  #remove(path: string, at: number): void {
    const parent = this.parent(path, 'unlink')
    parent.entries.delete(posix.basename(path))
    parent.mtime = at
  }
}

const partsOf = (path: string): string[] => path.split('/').filter((part) => part !== '')

export const contentOf = ({ bytes, size }: File): Buffer => bytes.subarray(0, size)

function* filesIn(folder: Folder): Generator<File> {
  for (const entry of folder.entries.values()) {
    if (entry.kind === 'file') yield entry
    else yield* filesIn(entry)
  }
}
