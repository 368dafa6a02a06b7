// What is wrong with a course's telemetry, and what to do about it. Reads everything and changes nothing.

import { statSync } from 'node:fs'
import { courseFolder, openCourseFolder, recordFolder } from '@learnpack/telemetry-transport-file'
import { limitedFolder } from '../reading/fold-limit'
import { learnJsonOf, readConfigAt } from '../sending/learn-json'
import { configFindings, receiversFindings } from './config'
import { exerciseFindings } from './exercises'
import type { Finding } from './finding'
import { folderFindings } from './folder'
import { probeFindings, wayFindings } from './network'
import { recordFindings } from './record'
import { recordingFindings } from './recording'
import { here, type Surroundings } from './surroundings'

export { describeFindings } from './report'
export { FINDINGS, type Code, type Finding } from './finding'

/**
 * @param path the course folder
 * @param probe whether to ask the destinations: without it no connection is made
 */
export async function examine(
  path: string,
  { probe = false }: { probe?: boolean },
  surroundings: Surroundings = here,
): Promise<Finding[]> {
  const course = courseFolder(path)
  if (statSync(course, { throwIfNoEntry: false })?.isDirectory() !== true)
    return configFindings(course, undefined)
  const folder = limitedFolder(openCourseFolder(recordFolder(course)))
  try {
    const learnJson = learnJsonOf(folder)
    const { destinations, problems } =
      learnJson === undefined ? { destinations: {}, problems: [] } : readConfigAt(learnJson)
    // Of a learn.json that cannot be read it is not known what it names.
    const named = problems.length > 0 && Object.keys(destinations).length === 0 ? undefined : destinations
    const ofFolder = folderFindings(folder, surroundings)
    const isThere = ofFolder.every(({ code }) => code !== 'folder/link' && code !== 'folder/no-folder')
    return [
      ...recordingFindings(course, surroundings),
      ...configFindings(course, learnJson),
      ...receiversFindings(surroundings.env),
      ...exerciseFindings(course),
      ...ofFolder,
      ...(isThere ? recordFindings(folder, named, surroundings.clock.now()) : []),
      ...(await wayFindings({ ...destinations }, surroundings)),
      ...(probe ? await probeFindings({ ...destinations }, surroundings) : []),
    ]
  } finally {
    folder.close()
  }
}
