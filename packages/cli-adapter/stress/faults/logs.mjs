// What lies in a course folder behind a run, read by other code than what wrote it where that can be.

import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createFollower, snapshot } from '@learnpack/telemetry-core'
import { crc32, openCourseFolder, openFileLog } from '@learnpack/telemetry-transport-file'

/** How often the line that is there most often is there, and which it is. */
function repeatedIn(path) {
  const times = new Map()
  for (const [, id] of readFileSync(path, 'utf8').matchAll(/^\{"v":\d+,"id":"([^"]+)"/gm))
    times.set(id, (times.get(id) ?? 0) + 1)
  const [id, most] = [...times].sort(([, a], [, b]) => b - a)[0] ?? ['', 0]
  return { id, times: most }
}

/** @returns {{ telemetry: string, path: string, bytes: number, events: object[], state: object, repeated: object }[]} */
export function readLogs(dirPath) {
  const folder = openCourseFolder(dirPath)
  return folder.list().map((telemetry) => {
    const path = folder.logPath(telemetry)
    const events = []
    const log = openFileLog(path)
    const follower = createFollower(log, crc32, { folded: (event) => events.push(event) })
    const state = follower.catchUp()
    log.close()
    return { telemetry, path, bytes: statSync(path).size, events, state, repeated: repeatedIn(path) }
  })
}

export const bytesOfLogs = (dirPath) => readLogs(dirPath).reduce((sum, { bytes }) => sum + bytes, 0)

/** Why telemetry.json is not what it has to be, or undefined. @param isFresh whether it has to be what the log says by now */
export function faultOfSnapshot(dirPath, isFresh) {
  const path = join(dirPath, 'telemetry.json')
  if (!existsSync(path)) return undefined
  let found
  try {
    found = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    return `is no JSON (${error.message})`
  }
  if (!isFresh) return undefined
  const current = openCourseFolder(dirPath).readIndex()?.current
  const log = readLogs(dirPath).find(({ telemetry }) => telemetry === current)
  if (log === undefined) return `is there without a log of ${current}`
  const folded = JSON.stringify(snapshot(log.state))
  return folded === JSON.stringify(found) ? undefined : `is not what the log of ${current} says`
}

/** What of a record is still there. */
export const remains = (dirPath) =>
  existsSync(dirPath) ? readdirSync(dirPath).filter((name) => name.includes('telemetry')) : []
