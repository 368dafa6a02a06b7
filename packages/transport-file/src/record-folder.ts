// Which folder a path means: the course, and where in it its record is. One rule for whoever looks at it.

import { existsSync, lstatSync, readdirSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { createFollower } from '@learnpack/telemetry-core'
import { openCourseFolder } from './course-folder'
import { openFileLog } from './event-log'
import { errorCode } from './files'
import { COURSE_FOLDERS, DEFAULT_FOLDER, isOurs, RECORD_NAME, SNAPSHOT_NAME } from './layout'
import { crc32 } from './node-ports'

/**
 * The course folder that a path means: the one its `.learn` is in, by its real path.
 * @param path a course folder, or the `.learn` in it; there or not
 */
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

/**
 * The folders of a course that the host may keep things in, there or not.
 * @param path a course folder, or one of them
 */
const courseFolders = (path: string): string[] =>
  COURSE_FOLDERS.includes(basename(path)) ? [path] : COURSE_FOLDERS.map((name) => join(path, name))

/**
 * The folder that a course's record is kept in, or will be: the first of those the host looks in that holds a log,
 * else the first that holds anything of a record, else the first that is there.
 * @param path a course folder, or the `.learn` in it
 */
export function recordFolder(path: string): string {
  const folders = courseFolders(path)
  const places = [...folders, path]
  return (
    places.find(hasLog) ??
    places.find((place) => [RECORD_NAME, SNAPSHOT_NAME].some((name) => existsSync(join(place, name)))) ??
    folders.find(existsSync) ??
    join(path, DEFAULT_FOLDER)
  )
}

/**
 * The paths of everything that is kept of a course's record, by whatever host. Of a folder that is given by another
 * name only what is surely ours: a course may have a `telemetry` of its own. Nothing behind a link, which may lead into
 * another course's.
 * @param path a course folder, or the one in it that holds its record
 */
export function recordEntries(path: string): string[] {
  const folders = courseFolders(path)
  const places = folders.includes(path) || !holdsOurs(path) ? folders : [...folders, path]
  return places
    .filter((place) => lstatSync(place, { throwIfNoEntry: false })?.isDirectory() === true)
    .flatMap((place) => readdirSync(place).map((name) => join(place, name)))
    .filter((entry) => isOurs(basename(entry)))
}

function holdsOurs(dirPath: string): boolean {
  try {
    const folder = openCourseFolder(dirPath)
    return folder.readIndex() !== undefined || folder.list().some((id) => isLog(folder.logPath(id)))
  } catch {
    return false
  }
}

/** How far into a file it is looked for an event, bytes: a log begins with one. */
const LOOKED_AT = 1024 * 1024

function isLog(path: string): boolean {
  const log = openFileLog(path)
  try {
    const follower = createFollower(log, crc32)
    while (follower.counts.events === 0 && follower.position < LOOKED_AT && !follower.step());
    return follower.counts.events > 0
  } catch {
    return false
  } finally {
    log.close()
  }
}

function hasLog(dirPath: string): boolean {
  try {
    const folder = openCourseFolder(dirPath)
    return folder.readIndex() !== undefined || folder.list().length > 0
  } catch (error) {
    // Something is there that cannot be read, which whoever reads it will say. A file by that name is something else.
    return errorCode(error) !== 'ENOTDIR'
  }
}
