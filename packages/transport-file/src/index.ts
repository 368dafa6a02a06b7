/**
 * `@learnpack/telemetry-transport-file`: the log, telemetry.json, cursors and dead letters of a course in its folder, and the
 * ports of Node.
 * @module
 */

export { openCourseFolder, COURSE_FOLDERS, LOG_NAME, type CourseFolder } from './course-folder'
export { openFileLog, type FileLog } from './event-log'
export { saveAtExit } from './exit'
export { replaceFile, type Replacing } from './files'
export type { FileLease } from './lease'
export { crc32, nodePorts, randomIds, systemClock } from './node-ports'
export { courseFolders, recordFolder } from './record-folder'
export { readLogFile, type ReadLog } from './read-log'
