/**
 * `@learnpack/telemetry-transport-file`: the log, telemetry.json, cursors and dead letters of a course in its folder, and the
 * ports of Node.
 * @module
 */

export { openCourseFolder, type CourseFolder } from './course-folder'
export { openFileLog, type FileLog } from './event-log'
export { saveAtExit } from './exit'
export {
  ignoreErrors,
  openRegular,
  readRegular,
  replaceFile,
  SNAPSHOT_BYTES,
  type Reading,
  type Replacing,
} from './files'
export { openLease, type FileLease } from './lease'
export { COURSE_FOLDERS, isAside, isPassing, LOG_NAME, SNAPSHOT_NAME } from './layout'
export { crc32, nodePorts, randomIds, systemClock } from './node-ports'
export { courseFolder, recordEntries, recordFolder } from './record-folder'
export { readLogFile, type ReadLog } from './read-log'
