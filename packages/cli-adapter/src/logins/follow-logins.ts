// Who is logged in at the host. LearnPack keeps that in the course's session file, which other processes write, too
// (`learnpack login` and `logout`), so the file is followed. A host that keeps none calls `setStudent` (SPEC §9).

import { existsSync } from 'node:fs'
import { sameStudent, type StudentId } from '@learnpack/telemetry-core'
import { ignoreErrors, type CourseFolder } from '@learnpack/telemetry-transport-file'
import { settledVersionOf } from '../shared/file-version'
import {
  readHostSession,
  sessionFolder,
  sessionUnreadable,
  studentLoggedOut,
  type HostStudent,
} from './host-session'
import { cameWithCourse, noteForeignSession, shippedSession } from './session-origin'
import type { Student } from './student'

/**
 * Where a host keeps who is logged in: always in the session file; there, if it has one, and else it calls `setStudent`; or
 * nowhere that we can read.
 */
export type LoginsKept = 'in the file' | 'in the file if there is one' | 'by the host'

export interface FollowLoginsOptions {
  readonly folder: CourseFolder
  readonly dirPath: string
  readonly kept: LoginsKept
  /** When something was recorded last before this session, epoch ms. */
  readonly lastRecordedAt: number
  /** Who is logged in by the log. */
  readonly student: () => StudentId | undefined
  readonly logIn: (student: Student) => void
  readonly logOut: () => void
}

export interface Logins {
  /**
   * Keeps a session that came with the course from counting. @throws when it cannot be noted: then nobody may start in the
   * folder, which would make it one that is known here, and nobody is logged in
   */
  note(): void
  /** Logs in or out whoever logged in or out at the host since the last look. */
  look(): void
  /** The same, to be asked often: nothing is read again that has not changed. */
  lookIfChanged(): void
  /** The host says who logged in; its session file may follow later. Undefined: nobody is logged in any more. */
  told(student: Student | undefined): void
  /** Why nothing may be sent at this moment, for a person; undefined where it may be. Looks first. */
  whyNot(): string | undefined
  /** Of the student logged in, as of the last look. Stays in memory. */
  readonly token: string | undefined
}

export function followLogins(options: FollowLoginsOptions): Logins {
  const { folder, dirPath, kept, lastRecordedAt, student, logIn, logOut } = options
  const path = sessionFolder(dirPath)
  /** The token seen last in the file; null: nobody was logged in. */
  let seen: string | null | undefined
  /** The file it is kept in. */
  let readFrom: string | undefined
  let version: string | undefined
  /** Who logged in last. */
  let present: Student | undefined
  /** A file that was never there logs nobody out. */
  let isKept = kept === 'in the file'
  let isUnreadable = false
  /** What came with the course must not count: that is to be noted. */
  let noteLater = kept !== 'by the host'
  const lookForShipped = () => ({ session: shippedSession(folder) })
  let shipped = noteLater ? ignoreErrors(lookForShipped) : undefined

  function note(): void {
    if (!noteLater) return
    shipped ??= lookForShipped()
    if (shipped.session !== undefined) noteForeignSession(folder, shipped.session)
    noteLater = false
  }

  function look(): void {
    if (kept === 'by the host') return
    ignoreErrors(note)
    isKept ||= existsSync(path)
    if (!isKept) return
    const stored = readHostSession(dirPath)
    isUnreadable = stored === undefined || noteLater
    if (stored === undefined || noteLater) return
    readFrom = stored?.path
    const token = stored?.token ?? null
    if (token === seen) return
    isUnreadable = true
    const counts = stored !== null && !cameWithCourse(folder, stored)
    isUnreadable = false
    const isFirst = seen === undefined
    seen = token
    if (!counts) {
      if (student() !== undefined || present !== undefined) logOut()
      present = undefined
    } else logInAs(stored, isFirst)
  }

  function lookIfChanged(): void {
    // node-persist keeps a key in one file: a login is written there, or in a folder that had none.
    const before = settledVersionOf(readFrom ?? path)
    if (before !== undefined && before === version && !isUnreadable && !noteLater) return
    look()
    // Of what changed while it was read, the version is another one the next time.
    version = before
  }

  function logInAs(stored: HostStudent, isFirst: boolean): void {
    const same = sameStudent(student(), stored.user_id)
    // Who was logged in when the last session ended has not logged in again, unless that was stored since.
    const wentOn = isFirst && same && stored.at <= lastRecordedAt
    const isTold = present?.token === stored.token && sameStudent(present.user_id, stored.user_id)
    present = stored
    if (!wentOn && !isTold) logIn(stored)
  }

  return {
    look,
    lookIfChanged,
    note,
    told(given) {
      present = given
    },
    whyNot() {
      ignoreErrors(look)
      if (isUnreadable) return sessionUnreadable(path)
      const named = student()
      if (!isKept || (named !== undefined && sameStudent(present?.user_id, named))) return undefined
      return named === undefined ? 'nobody is logged in' : studentLoggedOut(named)
    },
    get token() {
      return present?.token
    },
  }
}
