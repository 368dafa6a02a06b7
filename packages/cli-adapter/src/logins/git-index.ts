// Whether git tracks a file, read from the index of its repository. The git command is not asked: it runs programs that
// the configuration of a repository names, and a course comes from a stranger.

import { createHash } from 'node:crypto'
import { existsSync, statSync, type Stats } from 'node:fs'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { readRegular } from '@learnpack/telemetry-transport-file'
import { ancestors } from '../shared/paths'

/** An index larger than that is not read, bytes. */
const MOST_BYTES = 64 * 1024 * 1024

/** What the index knows of one file. */
interface Entry {
  readonly path: string
  /** Object id of the file as it is tracked. */
  readonly oid: Buffer
  /** Of the file as git wrote or last saw it. */
  readonly size: number
  readonly mtimeSeconds: number
}

/**
 * Whether git tracks the file at `path`, and it is unchanged. False outside a repository.
 * @param content of the file
 * @throws when there is an index that cannot be read
 */
export function isAsTracked(path: string, content: Buffer, stats: Stats): boolean {
  const repository = repositoryOf(dirname(resolve(path)))
  if (repository === undefined || !existsSync(join(repository.git, 'index'))) return false
  const file = join(repository.git, 'index')
  const name = relative(repository.root, resolve(path)).split(sep).join('/')
  // Where case does not count, a file is found by another name than it is tracked by.
  const isSameFile = ({ path }: Entry): boolean => path.toLowerCase() === name.toLowerCase()
  const entry = entriesOf(readRegular(file, { most: MOST_BYTES, links: true })).find(isSameFile)
  if (entry === undefined) return false
  const isUntouched = entry.size === stats.size && entry.mtimeSeconds === Math.floor(stats.mtimeMs / 1_000)
  return (
    isUntouched ||
    [content, withLineFeeds(content)].some((bytes) => oidOf(bytes, entry.oid.length).equals(entry.oid))
  )
}

/** The folder of the repository that `folder` is in, and the one in which git keeps its data. */
function repositoryOf(folder: string): { root: string; git: string } | undefined {
  for (const root of ancestors(folder)) {
    const git = join(root, '.git')
    const found = statSync(git, { throwIfNoEntry: false })
    if (found?.isDirectory()) return { root, git }
    // A worktree or a submodule.
    const named =
      found?.isFile() && /^gitdir: (.+)/.exec(readRegular(git, { links: true }).toString('utf8'))?.[1]
    if (named) return { root, git: isAbsolute(named) ? named : join(root, named) }
  }
  return undefined
}

/** git on Windows may write CR LF for the LF that it tracks. */
const withLineFeeds = (content: Buffer): Buffer =>
  Buffer.from(content.toString('latin1').replaceAll('\r\n', '\n'), 'latin1')

function oidOf(content: Buffer, length: number): Buffer {
  return createHash(length === 20 ? 'sha1' : 'sha256')
    .update(`blob ${content.length}\0`)
    .update(content)
    .digest()
}

/**
 * The entries of an index of version 2, 3 or 4 (gitformat-index in git's documentation), whose object ids are SHA-1 or
 * SHA-256: where the entries end shows which.
 */
function entriesOf(index: Buffer): Entry[] {
  const version = index.readUInt32BE(4)
  if (index.toString('latin1', 0, 4) !== 'DIRC' || version < 2 || version > 4)
    throw new Error('no index of git')
  for (const idLength of [20, 32]) {
    const entries = readEntries(index, version, idLength)
    if (entries !== undefined) return entries
  }
  throw new Error('no index of git')
}

/** Bytes in front of the object id: two times of 8, and six numbers of 4. */
const STATS = 40

function readEntries(index: Buffer, version: number, idLength: number): Entry[] | undefined {
  const count = index.readUInt32BE(8)
  const entries: Entry[] = []
  let path = Buffer.alloc(0)
  let at = 12
  for (let n = 0; n < count; n++) {
    const begin = at
    at += STATS + idLength
    if (at + 2 > index.length) return undefined
    const flags = index.readUInt16BE(at)
    at += version > 2 && flags & 0x4000 ? 4 : 2
    let kept = 0
    if (version === 4) {
      const stripped = readOffset(index, at)
      at = stripped.next
      kept = path.length - stripped.value
    }
    const end = index.indexOf(0, at)
    if (end < 0 || kept < 0) return undefined
    path = Buffer.concat([path.subarray(0, kept), index.subarray(at, end)])
    // The length is in the flags as well, up to 4,095: with an id of the wrong length the two would differ.
    if (Math.min(path.length, 0xfff) !== (flags & 0xfff)) return undefined
    at = version === 4 ? end + 1 : begin + (((end - begin) >> 3) + 1) * 8
    entries.push({
      path: path.toString('utf8'),
      oid: index.subarray(begin + STATS, begin + STATS + idLength),
      size: index.readUInt32BE(begin + 36),
      mtimeSeconds: index.readUInt32BE(begin + 8),
    })
  }
  return entries
}

/** A number of seven bits a byte, as in git's packs: each byte but the last has its high bit set, and adds one. */
function readOffset(bytes: Buffer, from: number): { value: number; next: number } {
  let next = from
  let byte = bytes.readUInt8(next++)
  let value = byte & 0x7f
  while (byte & 0x80) {
    byte = bytes.readUInt8(next++)
    value = ((value + 1) << 7) | (byte & 0x7f)
  }
  return { value, next }
}
