// Whether anything is recorded at all (SPEC §5): the environment decides first, then what the user chose for
// this course or a folder it is in, then what they chose for all of them.

import { mkdirSync, realpathSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { COURSE_FOLDERS, openLease, readRegular, replaceFile } from '@learnpack/telemetry-transport-file'
import { above } from './above'
import { isInside } from './export-target'

type Environment = Readonly<Record<string, string | undefined>>

/** The course folder a person or a host means by a path: the one its `.learn` is in, by its one true name. */
export function courseFolder(path: string): string {
  const real = realPath(resolve(path))
  return COURSE_FOLDERS.includes(basename(real)) ? dirname(real) : real
}

/** Also of what is not there yet. */
function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return dirname(path) === path ? path : join(realPath(dirname(path)), basename(path))
  }
}

/** What the user chose: for every course, and for those named by their folder. `true` is on. */
export interface Choice {
  readonly all?: boolean
  readonly courses?: Readonly<Record<string, boolean>>
}

export interface Consent {
  readonly enabled: boolean
  /** `unreadable`: there is a choice, and it cannot be read. */
  readonly kind: 'environment' | 'choice' | 'unreadable' | 'default'
  /** What decided it, for a person. */
  readonly because: string
}

/** The user's configuration folder for this tool, as the platform has it. */
export function configFolder(env: Environment = process.env): string {
  if (env['XDG_CONFIG_HOME']) return join(env['XDG_CONFIG_HOME'], 'learnpack-telemetry')
  if (process.platform === 'win32' && env['APPDATA']) return join(env['APPDATA'], 'learnpack-telemetry')
  return join(homedir(), '.config', 'learnpack-telemetry')
}

const choicePath = (env: Environment): string => join(configFolder(env), 'consent.json')

/** @throws when there is a file that cannot be read: a choice that is there is never taken for none */
function readChoice(env: Environment = process.env): Choice {
  let text: string
  try {
    text = readRegular(choicePath(env), { links: true }).toString('utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
  const choice: unknown = JSON.parse(text)
  if (typeof choice !== 'object' || choice === null) throw new Error(`${choicePath(env)}: is not an object`)
  return choice
}

/** How long a change waits for another one to be written, ms, and how often it looks. */
const PATIENCE_MS = 10_000
const LOOK_MS = 10

/**
 * Runs `change` while no other process changes the choice: two that read the same and each write theirs would lose one.
 * @throws when another process keeps it for 10 s
 */
function alone(folder: string, change: () => void): void {
  const lease = openLease(folder)
  for (let waited = 0; lease.acquire() === undefined; waited += LOOK_MS) {
    if (waited >= PATIENCE_MS) throw new Error(`another process is changing it (${folder})`)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_MS)
  }
  try {
    change()
  } finally {
    lease.release()
  }
}

/**
 * Switching off a place means all of it: a course in it that was switched on by itself is off as well. Switching on leaves
 * off what was switched off by itself.
 * @param course a course folder; without it the choice is for every course
 */
export function choose(enabled: boolean, course?: string, env: Environment = process.env): void {
  const folder = configFolder(env)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  alone(folder, () => {
    const before = readChoice(env)
    const place = course === undefined ? undefined : courseFolder(course)
    const isOverruled = (one: string): boolean => !enabled && (place === undefined || isInside(place, one))
    const kept = Object.entries(before.courses ?? {}).filter(([one, on]) => on !== true || !isOverruled(one))
    const courses = Object.fromEntries(place === undefined ? kept : [...kept, [place, enabled]])
    const after: Choice = place === undefined ? { ...before, all: enabled, courses } : { ...before, courses }
    replaceFile(choicePath(env), [`${JSON.stringify(after, null, 2)}\n`])
  })
}

/** The folders that were switched off by themselves. */
export const switchedOff = (env: Environment = process.env): string[] =>
  Object.entries(readChoice(env).courses ?? {}).flatMap(([course, on]) => (on === true ? [] : [course]))

const isSet = (value: string | undefined): boolean => value === '1' || value?.toLowerCase() === 'true'

/** @param course the course folder, or the one in it that holds its record */
export function consent(course: string, env: Environment = process.env): Consent {
  for (const name of ['DO_NOT_TRACK', 'LEARNPACK_TELEMETRY_DISABLED']) {
    if (isSet(env[name])) return { enabled: false, kind: 'environment', because: `${name}=${env[name]}` }
  }
  let choice: Choice
  try {
    choice = readChoice(env)
  } catch (error) {
    const because = `${choicePath(env)} cannot be read (${(error as Error).message})`
    return { enabled: false, kind: 'unreadable', because }
  }
  // Anything but `true` is no: whoever wrote it wanted to choose something.
  const folder = courseFolder(course)
  // A host may keep its record deeper in the course than we can know.
  const chosen = above(folder).find((one) => choice.courses?.[one] !== undefined)
  if (chosen !== undefined) {
    const because = chosen === folder ? 'chosen for this course' : `chosen for ${chosen}`
    return { enabled: choice.courses?.[chosen] === true, kind: 'choice', because }
  }
  if (choice.all !== undefined) {
    return { enabled: choice.all === true, kind: 'choice', because: 'chosen for every course' }
  }
  return { enabled: true, kind: 'default', because: 'by default' }
}
