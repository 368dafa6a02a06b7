// Whether the login in the host's session file was made here, or came with the course, whose author is a stranger (SPEC §4
// rule 5): then it logs nobody in, and nothing is sent, until it changes.

import { createHash } from 'node:crypto'
import { statSync, type Stats } from 'node:fs'
import type { StudentId } from '@learnpack/telemetry-core'
import { courseFolder, type CourseFolder, ignoreErrors } from '@learnpack/telemetry-transport-file'
import { isAsTracked } from './git-index'
import { whyNotLoggedIn, readHostSession, type HostStudent } from './host-session'
import { knownMachineId } from './machine-id'

/** A session file made within this time of the course folder came with it, ms. */
const TOGETHER_MS = 2 * 60_000

/** Of the login, not of its file: a host may store the same login again. */
const digestOf = ({ user_id, token }: HostStudent): string =>
  createHash('sha256')
    .update(JSON.stringify([user_id, token]))
    .digest('hex')

/** When a file or folder was made; where the file system does not say, when it was changed last, epoch ms. */
const madeAt = ({ birthtimeMs, ctimeMs }: Stats): number => birthtimeMs || ctimeMs

/**
 * Whether LearnPack was never started here by this user: a folder that was copied was started elsewhere.
 * @throws when that cannot be read at the moment
 */
function isNewHere(folder: CourseFolder): boolean {
  const machine = knownMachineId()
  return machine === undefined || folder.readIndex()?.machine !== machine
}

/**
 * In a folder that is new here, the session that is as old as the course: one that is made later is the learner's.
 * @throws when it cannot be read at the moment
 */
export function shippedSession(folder: CourseFolder): HostStudent | undefined {
  if (!isNewHere(folder)) return undefined
  const { dirPath } = folder
  const session = readHostSession(dirPath)
  if (session === undefined) throw new Error('the session cannot be read')
  if (session === null) return undefined
  const apart = Math.abs(madeAt(statSync(session.path)) - madeAt(statSync(courseFolder(dirPath))))
  return apart <= TOGETHER_MS ? session : undefined
}

/** Notes a session that came with the course. @throws when it cannot be noted */
export const noteForeignSession = (folder: CourseFolder, session: HostStudent): void =>
  folder.noteForeignSession(digestOf(session))

/**
 * The same for a process that begins no session, before it makes the folder one that is known here.
 * @throws when it cannot be noted
 */
export function noteShippedSession(folder: CourseFolder): void {
  const shipped = shippedSession(folder)
  if (shipped !== undefined) noteForeignSession(folder, shipped)
}

/** Whether that session came with the course. @throws when that cannot be read at the moment */
export function cameWithCourse(folder: CourseFolder, session: HostStudent): boolean {
  if (folder.foreignSession() === digestOf(session)) return true
  return ignoreErrors(() => isAsTracked(session.path, session.content, statSync(session.path))) ?? false
}

/** Why the present login does not count here, for a person; undefined if it does, or if there is none. */
export function foreignLogin(folder: CourseFolder, student: StudentId | undefined): string | undefined {
  const session = readHostSession(folder.dirPath)
  if (session && cameWithCourse(folder, session))
    return `the login in ${session.path} came with the course; log in with LearnPack`
  return student !== undefined && isNewHere(folder)
    ? 'the login in this event log was made on another machine; log in with LearnPack here'
    : undefined
}

/** Why nothing may be sent of the student whom the log names as logged in; undefined where it may be. */
export const whyNothingIsSent = (folder: CourseFolder, student: StudentId | undefined): string | undefined =>
  foreignLogin(folder, student) ?? whyNotLoggedIn(folder.dirPath, student)
