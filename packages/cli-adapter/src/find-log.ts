// From what a person names on the command line to the log they mean.

import { existsSync, realpathSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { readCourseIndex } from '@learnpack/telemetry-core'
import { crc32, openCourseFolder, type CourseFolder } from '@learnpack/telemetry-transport-file'
import { CommandError } from './command-error'
import { FOLDERS } from './consent'

/**
 * The path of a log: `path` itself if it is a file, else that of the current telemetry of a course, of
 * which `path` is the folder or the `.learn` in it. @throws CommandError when there is none.
 */
export function findLog(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) throw new CommandError(`${path}: no such file or folder`)
  // A person may name a log by a link; what the recorder finds in a course folder may not be one.
  if (!found.isDirectory()) return realpathSync(path)
  const { folder, current } = findCourse(path)
  return folder.logPath(current)
}

/**
 * The folder that a course's record is kept in, or will be: the first of those the host looks in that holds a log,
 * else the first that holds anything of a record, else the first that is there.
 * @param path a course folder, or the `.learn` in it
 */
export function recordFolder(path: string): string {
  const folders = FOLDERS.includes(basename(path)) ? [path] : FOLDERS.map((name) => join(path, name))
  const places = [...folders, path]
  return (
    places.find(hasLog) ??
    places.find((place) => ['telemetry', 'telemetry.json'].some((name) => existsSync(join(place, name)))) ??
    folders.find(existsSync) ??
    join(path, '.learn')
  )
}

function hasLog(dirPath: string): boolean {
  try {
    const folder = openCourseFolder(dirPath)
    return folder.readIndex() !== undefined || folder.list().length > 0
  } catch {
    // Something is there that cannot be read, which whoever reads it will say.
    return true
  }
}

/** @throws CommandError when nothing was recorded there */
export function findCourse(path: string): { folder: CourseFolder; current: string } {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new CommandError(`${path}: no such folder`)
  }
  const folder = openCourseFolder(recordFolder(path))
  const index = readCourseIndex(folder, crc32)
  if (index !== undefined) return { folder, current: index.current }
  if (existsSync(folder.snapshotPath)) {
    throw new CommandError(
      `${path}: LearnPack itself records here (it wrote telemetry.json, and there is no event log); learnpack-telemetry records nothing`,
    )
  }
  throw new CommandError(`${path}: no event log in it; give a course folder with recorded events`)
}
