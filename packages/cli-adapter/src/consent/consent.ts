// Whether anything is recorded at all (SPEC §5): the environment decides first, then what the user chose for
// this course or a folder it is in, then what they chose for all of them.

import { courseFolder } from '@learnpack/telemetry-transport-file'
import type { Environment } from '../shared/environment'
import { settledVersionOf } from '../shared/file-version'
import { ancestors, isInside } from '../shared/paths'
import { changeUserFile, readUserFile, userFile } from './user-files'

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

const CHOICE = 'consent.json'

const readChoice = (env: Environment = process.env): Choice => readUserFile(CHOICE, env)

/**
 * Switching off a folder also switches off the courses in it that were switched on individually. Switching on a folder leaves
 * off the courses that were switched off individually.
 * @param course a course folder; without it the choice is for every course
 */
export function choose(enabled: boolean, course?: string, env: Environment = process.env): void {
  changeUserFile<Choice>(CHOICE, env, (before) => {
    const place = course === undefined ? undefined : courseFolder(course)
    const isOverruled = (one: string): boolean => !enabled && (place === undefined || isInside(place, one))
    const kept = Object.entries(before.courses ?? {}).filter(([one, on]) => on !== true || !isOverruled(one))
    const courses = Object.fromEntries(place === undefined ? kept : [...kept, [place, enabled]])
    return place === undefined ? { ...before, all: enabled, courses } : { ...before, courses }
  })
}

/** The folders that were switched off by themselves. */
export const switchedOff = (env: Environment = process.env): string[] =>
  Object.entries(readChoice(env).courses ?? {}).flatMap(([course, on]) => (on === true ? [] : [course]))

const isSet = (value: string | undefined): boolean => value === '1' || value?.toLowerCase() === 'true'

/** @param course the course folder, or the one in it that holds its record */
export const consent = (course: string, env: Environment = process.env): Consent =>
  environmentSays(env) ?? choiceSays(course, env)

/** The same, to be asked often: the file of the choice is read again only where it has changed. */
export function followConsent(course: string, env: Environment = process.env): () => Consent {
  const path = userFile(CHOICE, env)
  let version: string | undefined
  let chosen: Consent | undefined
  return () => {
    const says = environmentSays(env)
    if (says !== undefined) return says
    const now = settledVersionOf(path)
    // What could not be read may be readable now, though nothing has changed it.
    if (chosen === undefined || chosen.kind === 'unreadable' || now === undefined || now !== version) {
      version = now
      chosen = choiceSays(course, env)
    }
    return chosen
  }
}

function environmentSays(env: Environment): Consent | undefined {
  const name = ['DO_NOT_TRACK', 'LEARNPACK_TELEMETRY_DISABLED'].find((one) => isSet(env[one]))
  return name === undefined
    ? undefined
    : { enabled: false, kind: 'environment', because: `${name}=${env[name]}` }
}

function choiceSays(course: string, env: Environment): Consent {
  let choice: Choice
  try {
    choice = readChoice(env)
  } catch (error) {
    const because = `${userFile(CHOICE, env)} cannot be read (${(error as Error).message})`
    return { enabled: false, kind: 'unreadable', because }
  }
  // Anything but `true` is no: whoever wrote it wanted to choose something.
  const folder = courseFolder(course)
  // A host may keep its record deeper in the course than we can know.
  const chosen = ancestors(folder).find((one) => choice.courses?.[one] !== undefined)
  if (chosen !== undefined) {
    const because = chosen === folder ? 'chosen for this course' : `chosen for ${chosen}`
    return { enabled: choice.courses?.[chosen] === true, kind: 'choice', because }
  }
  if (choice.all !== undefined) {
    return { enabled: choice.all === true, kind: 'choice', because: 'chosen for every course' }
  }
  return { enabled: true, kind: 'default', because: 'by default' }
}
