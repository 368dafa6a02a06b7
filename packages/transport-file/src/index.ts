export { openCourseFolder, LOG_NAME, type CourseFolder } from './course-folder'
export { openFileLog, type FileLog } from './event-log'
export { replaceFile } from './files'
export { crc32, randomIds, systemClock } from './node-ports'
