// The folder in which everything is kept: whether it can be written, and by whom it can be read.

import { accessSync, constants, existsSync, lstatSync, readdirSync, type Stats } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { type CourseFolder, ignoreErrors, readRegular } from '@learnpack/telemetry-transport-file'
import { ancestors } from '../shared/paths'
import { finding, type Finding } from './finding'
import type { Surroundings } from './surroundings'

/** Less than this and a session may not fit, bytes. */
const ROOM = 50_000_000

/** What may not even be looked at is found elsewhere: not readable, or not there. */
const look = (path: string): Stats | undefined =>
  ignoreErrors(() => lstatSync(path, { throwIfNoEntry: false }))

export function folderFindings(folder: CourseFolder, { freeBytes }: Surroundings): Finding[] {
  const { dirPath } = folder
  const kept = folder.recordPath
  const found = [...roomFindings(existsSync(dirPath) ? dirPath : dirname(dirPath), freeBytes)]
  for (const path of [dirPath, kept]) {
    const there = look(path)
    if (there === undefined) return look(dirPath) ? [...found, ...writeFindings([dirPath])] : found
    if (there.isSymbolicLink()) {
      const message = `${path} is a symbolic link: nothing is recorded through it`
      return [...found, finding('folder/link', path, message, 'replace the link by a folder, or delete it')]
    }
    if (!there.isDirectory()) {
      const message = `${path} is not a folder: nothing can be recorded`
      return [...found, finding('folder/no-folder', path, message, 'move that file elsewhere')]
    }
  }
  found.push(
    ...writeFindings([dirPath, ...below(kept)]),
    ...modeFindings(below(kept)),
    ...gitFindings(dirPath, kept),
  )
  if (found.length === 0) found.push(finding('folder/sound', kept, 'only you can read it, and git does not'))
  return [...found, ...leaseFindings(folder)]
}

/** The folder, what is in it and what is in those: nothing of ours lies deeper. */
function below(kept: string): string[] {
  const inside = (path: string): string[] => {
    try {
      return readdirSync(path).map((name) => join(path, name))
    } catch {
      return []
    }
  }
  return [kept, ...inside(kept).flatMap((path) => [path, ...inside(path)])]
}

function writeFindings(paths: readonly string[]): Finding[] {
  return paths.flatMap((path) => {
    try {
      accessSync(path, constants.W_OK)
      return []
    } catch {
      const message = `${path} cannot be written: nothing can be recorded`
      return [finding('folder/not-writable', path, message, `chmod u+w ${quoted(path)}`)]
    }
  })
}

function modeFindings(paths: readonly string[]): Finding[] {
  if (process.platform === 'win32') return []
  const open = paths.filter((path) => {
    const there = look(path)
    return there !== undefined && !there.isSymbolicLink() && (there.mode & 0o077) !== 0
  })
  const [first, ...others] = open
  if (first === undefined) return []
  const message = `${first}${others.length > 0 ? ` and ${others.length} more` : ''} can be read by others on this machine`
  return [finding('folder/open-to-others', first, message, `chmod -R go= ${quoted(paths[0] as string)}`)]
}

/** Git itself is not asked: it would run what the configuration of a stranger's repository names. */
function gitFindings(dirPath: string, kept: string): Finding[] {
  const repository = ancestors(dirPath).find((path) => existsSync(join(path, '.git')))
  if (repository === undefined || ignoresAll(kept)) return []
  const names = [kept, dirPath].map((path) => relative(repository, path).split(sep).join('/'))
  const ignored = ancestors(dirPath).some((path) =>
    rulesIn(path).some((rule) => names.some((name) => `/${name}`.endsWith(`/${trimmed(rule)}`))),
  )
  if (ignored) return []
  const message = `${kept} is not ignored by git: a commit would publish what is recorded`
  const advice = `put a line with only * into ${join(kept, '.gitignore')}`
  return [finding('folder/not-ignored', kept, message, advice)]
}

const ignoresAll = (folder: string): boolean => rulesIn(folder).includes('*')
const trimmed = (rule: string): string => rule.replace(/^(\*\*)?\/|\/\*{0,2}$/g, '')

function rulesIn(folder: string): string[] {
  try {
    const lines = readRegular(join(folder, '.gitignore'), { links: true }).toString('utf8').split('\n')
    return lines.map((line) => line.trim()).filter((line) => line !== '' && !/^[#!]/.test(line))
  } catch {
    return []
  }
}

function roomFindings(path: string, freeBytes: Surroundings['freeBytes']): Finding[] {
  const free = ignoreErrors(() => freeBytes(path)) ?? ROOM
  if (free >= ROOM) return []
  const message = `only ${Math.floor(free / 1_000_000)} MB are left where ${path} is`
  return [finding('folder/disk-nearly-full', path, message, 'make room: what does not fit is not recorded')]
}

function leaseFindings({ lease }: CourseFolder): Finding[] {
  const holder = ignoreErrors(() => lease.holder())
  if (holder === undefined) return []
  const message = `process ${holder.pid} on ${holder.host} records here, and delivers`
  return [finding('folder/in-use', 'process', message, 'nothing to do: what waits goes out by itself')]
}

const quoted = (path: string): string =>
  /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
