// From what a person names on the command line to the log they mean.

import { existsSync, realpathSync, statSync } from 'node:fs'
import { readCourseIndex } from '@learnpack/telemetry-core'
import { crc32, openCourseFolder, recordFolder, type CourseFolder } from '@learnpack/telemetry-transport-file'
import { CommandError } from '../shared/command-error'
import { limitedFolder } from './fold-limit'

/**
 * The path of a log: `path` itself if it is a file, else that of the current telemetry of a course, of
 * which `path` is the folder or the `.learn` in it. Changes nothing.
 * @throws Error with a message for a person, which names `path`, when there is none
 */
export function findLog(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) throw new CommandError(`${path}: no such file or folder`)
  // A person may name a log by a link; what the recorder finds in a course folder may not be one.
  if (!found.isDirectory()) return realpathSync(path)
  const { folder, current } = findCourse(path)
  folder.close()
  return folder.logPath(current)
}

/** @throws CommandError when nothing was recorded there; where the logs are read, LogTooLarge */
export function findCourse(path: string): { folder: CourseFolder; current: string } {
  checkFolder(path)
  const folder = limitedFolder(openCourseFolder(recordFolder(path)))
  const current = currentOf(folder)
  if (current !== undefined) return { folder, current }
  if (existsSync(folder.snapshotPath)) {
    throw new CommandError(
      `${path}: LearnPack itself records here (it wrote telemetry.json, and there is no event log); a start that records with learnpack-telemetry imports it`,
    )
  }
  throw new CommandError(`${path}: no event log in it; give a course folder with recorded events`)
}

/** @throws CommandError where a course folder was to be named, and there is no folder */
export function checkFolder(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) throw new CommandError(`${path}: no such folder`)
  if (!found.isDirectory()) throw new CommandError(`${path}: is not a folder; name the course folder`)
}

/** The current telemetry of a course; undefined where no log was ever written. */
export const currentOf = (folder: CourseFolder): string | undefined => readCourseIndex(folder, crc32)?.current
