// Where an export goes: a new folder, or a new zip file.

import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import paths, { dirname, join, resolve, type PlatformPath } from 'node:path'
import { CommandError } from './command-error'

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

/** Whether `path` is `folder` or in it. On Windows the way to another drive is no relative one. */
export function isInside(
  folder: string,
  path: string,
  { relative, isAbsolute }: Pick<PlatformPath, 'relative' | 'isAbsolute'> = paths,
): boolean {
  const way = relative(folder, path)
  return !isAbsolute(way) && !/^\.\.(?:[/\\]|$)/.test(way)
}

/** @throws CommandError when it cannot; nothing of it is left then */
export async function write(
  target: string,
  files: ReadonlyMap<string, Uint8Array>,
  progress: (text: string) => void,
): Promise<void> {
  try {
    if (/\.zip$/i.test(target)) {
      progress('compressing')
      writeNew(target, await zipped(files))
      return
    }
    mkdirSync(target, { mode: 0o700 })
    for (const [name, bytes] of files) {
      progress(`writing ${name}`)
      mkdirSync(dirname(join(target, name)), { recursive: true, mode: 0o700 })
      writeNew(join(target, name), bytes)
    }
  } catch (error) {
    // Whoever was there first keeps what is theirs.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') rmSync(target, { recursive: true, force: true })
    throw new CommandError(`--to: ${target} could not be written (${(error as Error).message})`)
  }
}

function writeNew(path: string, bytes: Uint8Array): void {
  const fd = openSync(path, 'wx', 0o600)
  try {
    writeFileSync(fd, bytes)
  } finally {
    closeSync(fd)
  }
}

/** Unix modes travel in a zip as the upper half of its external attributes. */
const UNIX = { os: 3, attrs: 0o600 << 16 } as const

async function zipped(files: ReadonlyMap<string, Uint8Array>): Promise<Uint8Array> {
  const { zipSync } = await import('fflate')
  return zipSync(Object.fromEntries([...files].map(([name, bytes]) => [name, [bytes, UNIX]])))
}
