// The learn.json of a course: where to send to.

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { configOf } from '@learnpack/telemetry-core'
import { courseFolder, readRegular, type CourseFolder } from '@learnpack/telemetry-transport-file'

/** What a learn.json says of telemetry. */
export type CourseConfig = ReturnType<typeof configOf>

/** Where the learn.json of the course may be whose telemetry that folder keeps, the likeliest first. */
const places = ({ dirPath }: CourseFolder): string[] =>
  [courseFolder(dirPath), dirPath, dirname(dirPath)].map((path) => join(path, 'learn.json'))

export function readConfigAt(path: string): CourseConfig {
  let text: string
  try {
    text = readRegular(path, { links: true }).toString('utf8')
  } catch (error) {
    return { destinations: {}, problems: [`${path}: cannot be read (${(error as Error).message})`] }
  }
  try {
    return configOf(JSON.parse(text.replace(/^\uFEFF/, '')), path)
  } catch (error) {
    const reason = `is not JSON (${(error as Error).message}); nothing is sent there, recording goes on locally`
    return { destinations: {}, problems: [`${path}: ${reason}`] }
  }
}

export const learnJsonOf = (folder: CourseFolder): string | undefined => places(folder).find(existsSync)

export function readCourseConfig(folder: CourseFolder): CourseConfig {
  const path = learnJsonOf(folder)
  if (path !== undefined) return readConfigAt(path)
  return {
    destinations: {},
    problems: [
      `${join(courseFolder(folder.dirPath), 'learn.json')}: no such file, so there is nowhere to send to`,
    ],
  }
}
