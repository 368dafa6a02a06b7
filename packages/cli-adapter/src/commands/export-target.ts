// Where an export goes: a new folder, or a new zip file.

import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { openRegular } from '@learnpack/telemetry-transport-file'
import { CommandError } from '../shared/command-error'
import { isInside } from '../shared/paths'

/** @throws CommandError where something is there already, or where we keep what is recorded */
export function freePlace(to: string, dirPath: string): string {
  const target = resolve(to)
  const parent = dirname(target)
  if (lstatSync(target, { throwIfNoEntry: false }) !== undefined) {
    throw new CommandError(`--to: ${to} is there already; nothing was written`)
  }
  if (!existsSync(parent)) throw new CommandError(`--to: ${parent}: no such folder`)
  if (isInside(realpathSync(dirPath), realpathSync(parent))) {
    throw new CommandError(`--to: ${to} is inside the folder that is exported; name another place`)
  }
  return target
}

/** What a file of an export holds: text of ours, or the beginning of a file, which is copied piece by piece. */
export type Content = string | { readonly path: string; readonly bytes: number }

export const sizeOf = (content: Content): number =>
  typeof content === 'string' ? Buffer.byteLength(content) : content.bytes

/** A zip file of the kind that everything opens has no more than 4 GB a file, nor as a whole (zip64 is another kind). */
export const ZIP_BYTES = 2 ** 32 - 1

export const isZip = (target: string): boolean => /\.zip$/i.test(target)

/** @throws CommandError when it cannot; nothing of it is left then */
export async function write(
  target: string,
  files: ReadonlyMap<string, Content>,
  progress: (text: string) => void,
): Promise<void> {
  try {
    if (isZip(target)) {
      const zip = openSync(target, 'wx', 0o600)
      try {
        await writeZip(zip, files, progress)
      } finally {
        closeSync(zip)
      }
      return
    }
    mkdirSync(target, { mode: 0o700 })
    for (const [name, content] of files) {
      mkdirSync(dirname(join(target, name)), { recursive: true, mode: 0o700 })
      const fd = openSync(join(target, name), 'wx', 0o600)
      try {
        for (const piece of piecesOf(name, content, progress)) writeFileSync(fd, piece)
      } finally {
        closeSync(fd)
      }
    }
  } catch (error) {
    // A file that was there first is not ours to delete.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') rmSync(target, { recursive: true, force: true })
    throw new CommandError(`--to: ${target} could not be written (${(error as Error).message})`)
  }
}

const PIECE_BYTES = 1024 * 1024

function* piecesOf(name: string, content: Content, progress: (text: string) => void): Generator<Uint8Array> {
  progress(`writing ${name}`)
  if (typeof content === 'string') return yield Buffer.from(content)
  const fd = openRegular(content.path)
  try {
    for (let at = 0; at < content.bytes;) {
      const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, content.bytes - at))
      const read = readSync(fd, piece, 0, piece.length, at)
      if (read === 0) throw new Error(`${content.path} became shorter while it was read`)
      yield piece.subarray(0, read)
      at += read
      if (at > PIECE_BYTES) progress(`writing ${name}, ${Math.floor((100 * at) / content.bytes)} %`)
    }
  } finally {
    closeSync(fd)
  }
}

/** Unix modes travel in a zip as the upper half of its external attributes. */
const UNIX = { os: 3, attrs: 0o600 << 16 } as const

async function writeZip(
  fd: number,
  files: ReadonlyMap<string, Content>,
  progress: (text: string) => void,
): Promise<void> {
  const { Zip, ZipDeflate } = await import('fflate')
  const zip = new Zip((error, piece) => {
    if (error) throw error
    writeFileSync(fd, piece)
  })
  for (const [name, content] of files) {
    const entry = Object.assign(new ZipDeflate(name), UNIX)
    zip.add(entry)
    for (const piece of piecesOf(name, content, progress)) entry.push(piece)
    entry.push(new Uint8Array(0), true)
  }
  zip.end()
}
