// What is known of a learner's work in a course: from its event log, or from a telemetry.json that LearnPack itself wrote.

import { existsSync, statSync } from 'node:fs'
import { createFollower, evolve, initialState, parseSnapshot, type State } from '@learnpack/telemetry-core'
import {
  crc32,
  openCourseFolder,
  readRegular,
  recordFolder,
  SNAPSHOT_BYTES,
  type CourseFolder,
} from '@learnpack/telemetry-transport-file'
import { CommandError } from '../shared/command-error'
import { currentOf, findLog } from './find-log'
import { limitedFolder } from './fold-limit'
import { stateOfLog } from './replay'

export interface Work {
  readonly state: State
  /** Whether LearnPack itself keeps the record: who is logged in, and what it sends, is not known here. */
  readonly byHost: boolean
}

/**
 * Changes nothing.
 * @param path a course folder, a telemetry.json (also of stock), or an event log
 * @throws CommandError naming the path, where nothing is known
 */
export function workAt(path: string): Work {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) throw new CommandError(`${path}: no such file or folder`)
  if (!found.isDirectory())
    return path.endsWith('.ndjson')
      ? { state: stateOfLog(findLog(path)), byHost: false }
      : workOfFile(path, true)
  const folder = limitedFolder(openCourseFolder(recordFolder(path)))
  try {
    const current = currentOf(folder)
    if (current !== undefined) return workOfLog(folder, current)
  } finally {
    folder.close()
  }
  if (existsSync(folder.snapshotPath)) return workOfFile(folder.snapshotPath, false)
  throw new CommandError(`${path}: no event log and no telemetry.json in it`)
}

/** @param id of a telemetry in the folder */
export const workOfLog = (folder: CourseFolder, id: string): Work => ({
  state: createFollower(folder.open(id).log, crc32).catchUp(),
  byHost: false,
})

/** @param links whether the file may be one: a person may name it by a link, a course may not bring one */
export function workOfFile(path: string, links: boolean): Work {
  const parsed = parseSnapshot(readRegular(path, { most: SNAPSHOT_BYTES, links }).toString('utf8'))
  if (!parsed.ok) throw new CommandError(`${path}: ${parsed.reason}`)
  const event = {
    v: 1,
    id: 'file',
    at: 0,
    session: 'file',
    type: 'import',
    data: { snapshot: parsed.snapshot },
  }
  return { state: evolve(initialState, event), byHost: true }
}
