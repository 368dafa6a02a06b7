// What is wrong with a course's telemetry, and what to do about it. Reads everything and changes nothing.

import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readCourseIndex, type Destinations } from '@learnpack/telemetry-core'
import { crc32, openCourseFolder } from '@learnpack/telemetry-transport-file'
import { consent, FOLDERS } from './consent'
import { learnJsonOf, readConfigAt } from './course'
import { courseStatus, type CourseStatus } from './status'

export interface Finding {
  readonly level: 'ok' | 'warning' | 'error'
  /** What it is about: a file, a key, a setting. */
  readonly subject: string
  readonly message: string
  /** What to do. */
  readonly advice?: string
}

/** @param course the course folder */
export function examine(course: string, env: NodeJS.ProcessEnv = process.env): Finding[] {
  const dirPath = FOLDERS.map((name) => join(course, name)).find(existsSync) ?? join(course, '.learn')
  const folder = openCourseFolder(dirPath)
  const path = learnJsonOf(folder)
  const index = readCourseIndex(folder, crc32)
  const { enabled, because } = consent(course, env)
  const config = path === undefined ? undefined : readConfigAt(path)
  return [
    enabled
      ? ok('recording', `on, ${because}`)
      : warning('recording', `switched off: ${because}`, 'learnpack-telemetry enable, or unset the variable'),
    ...(path === undefined
      ? [error('learn.json', `${course}: no learn.json in it`, 'name the folder that holds learn.json')]
      : configFindings(path, config as NonNullable<typeof config>)),
    ...exerciseFindings(course),
    ...folderFindings(dirname(folder.snapshotPath)),
    ...(index === undefined
      ? [ok('event log', 'nothing is recorded yet')]
      : recordFindings(courseStatus(folder, index.current, config ?? { destinations: {}, problems: [] }))),
  ]
}

const ok = (subject: string, message: string): Finding => ({ level: 'ok', subject, message })
const warning = (subject: string, message: string, advice: string): Finding => ({
  level: 'warning',
  subject,
  message,
  advice,
})
const error = (subject: string, message: string, advice: string): Finding => ({
  level: 'error',
  subject,
  message,
  advice,
})

const EXAMPLE = '"telemetry": { "stream": "https://...", "batch": "https://..." }'

function configFindings(
  path: string,
  { destinations, problems }: { destinations: Destinations; problems: readonly string[] },
): Finding[] {
  const found = problems.map((problem) => error('learn.json', problem, `correct it: ${EXAMPLE}`))
  const { stream, batch } = destinations
  if (found.length > 0) return found
  if (stream === undefined && batch === undefined) {
    return [ok('learn.json', `${path}: names no destination, so everything stays on this machine`)]
  }
  for (const [key, other, url] of [
    ['stream', 'batch', batch],
    ['batch', 'stream', stream],
  ] as const) {
    if (url === undefined)
      found.push(
        warning(
          'learn.json',
          `${path}: telemetry.${other} is missing; telemetry.${key} alone works`,
          `add telemetry.${other}`,
        ),
      )
  }
  for (const [key, url] of Object.entries(destinations)) found.push(...urlFindings(`telemetry.${key}`, url))
  return found.length > 0 ? found : [ok('learn.json', `${path}: both destinations are named`)]
}

function urlFindings(key: string, text: string): Finding[] {
  const { protocol, hostname, searchParams } = new URL(text)
  const found: Finding[] = []
  const loopback = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')
  if (protocol === 'http:' && !loopback) {
    found.push(warning(key, `${text} is not encrypted: whoever is on the way reads it`, 'use https://'))
  }
  const asset = searchParams.get('asset_id')
  if (asset !== null && !/^\d+$/.test(asset)) {
    found.push(error(key, `asset_id ${JSON.stringify(asset)} is no integer`, 'give the number of the asset'))
  }
  return found
}

function exerciseFindings(course: string): Finding[] {
  const folder = join(course, 'exercises')
  if (existsSync(folder)) return [ok('exercises', `${folder} is there`)]
  return [
    warning(
      'exercises',
      `${folder}: no such folder`,
      'LearnPack then takes the folders of the course for exercises',
    ),
  ]
}

function folderFindings(dirPath: string): Finding[] {
  if (!existsSync(dirPath)) return []
  try {
    accessSync(dirPath, constants.W_OK)
  } catch {
    return [error('.learn', `${dirPath} cannot be written: nothing can be recorded`, `chmod u+w ${dirPath}`)]
  }
  const kept = join(dirPath, 'telemetry')
  const mode = existsSync(kept) && process.platform !== 'win32' ? statSync(kept).mode & 0o077 : 0
  if (mode === 0) return []
  return [
    warning('.learn/telemetry', `${kept} can be read by others on this machine`, `chmod -R go= ${kept}`),
  ]
}

function recordFindings({ telemetry_json, telemetries }: CourseStatus): Finding[] {
  const found: Finding[] = []
  for (const { log, destinations, refused } of telemetries) {
    for (const { line, reason } of log.damaged)
      found.push(
        warning(
          'event log',
          `${log.path} line ${line}: ${reason}`,
          'nothing to do: it is passed over and kept; is the disk sound?',
        ),
      )
    for (const { reason, count } of refused)
      found.push(
        warning(
          'event log',
          `${count} calls were not recorded: ${reason}`,
          'correct the host or plugin that made them',
        ),
      )
    for (const { destination, paused, dead_letters } of destinations) {
      if (paused !== null)
        found.push(warning(destination, `paused: ${paused}`, 'log in again, or correct its URL'))
      if (dead_letters.length > 0)
        found.push(
          warning(
            destination,
            `${dead_letters.length} dead letters: ${dead_letters[0]?.reason ?? ''}`,
            'learnpack-telemetry dead-letters resend, once the receiver takes them',
          ),
        )
    }
  }
  const { state, path } = telemetry_json
  if (state === 'up to date') found.push(ok('telemetry.json', `${path} is what the log says`))
  else
    found.push(
      warning(
        'telemetry.json',
        `${path}: ${state}`,
        'the next start puts it right; learnpack-telemetry replay prints it now',
      ),
    )
  return found
}
