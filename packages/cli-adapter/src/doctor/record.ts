// What is recorded: the logs, and the telemetry.json made of them.

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  AI_NEEDS_LOGIN,
  readCourseIndex,
  snapshot,
  type Destinations,
  type FollowerHooks,
  type State,
} from '@learnpack/telemetry-core'
import {
  crc32,
  isAside,
  readRegular,
  SNAPSHOT_BYTES,
  type CourseFolder,
} from '@learnpack/telemetry-transport-file'
import { foreignLogin } from '../logins/session-origin'
import { FOLD_BYTES, LogTooLarge } from '../reading/fold-limit'
import { byReason, MOST_DAMAGED, snapshotStatus } from '../reading/status'
import { waitingIn, type Waiting } from '../reading/waiting'
import { kilobytes, megabytes } from '../shared/sizes'
import { deliveryFindings } from './delivery'
import { finding, type Finding } from './finding'
import { receiverFindings } from './receiver'

/** From half of what the commands read on, a person should know that there is an end, bytes. */
const LARGE = FOLD_BYTES / 2

export function recordFindings(
  folder: CourseFolder,
  destinations: Destinations | undefined,
  now: number,
): Finding[] {
  try {
    const index = readCourseIndex(folder, crc32)
    return [
      ...asideFindings(folder.dirPath),
      ...(index === undefined
        ? withoutLog(folder.snapshotPath)
        : [
            ...indexFindings(folder, index.current),
            ...telemetriesFindings(folder, index.current, destinations, now),
          ]),
    ]
  } catch (error) {
    return [unreadable('event log', error)]
  }
}

const unreadable = (subject: string, error: unknown): Finding =>
  finding(
    'record/unreadable',
    subject,
    `cannot be read: ${(error as Error).message}`,
    'make it a file or folder of yours again; LearnPack records nothing there meanwhile',
  )

function withoutLog(snapshotPath: string): Finding[] {
  if (!existsSync(snapshotPath)) return [finding('record/none', 'event log', 'nothing is recorded yet')]
  const message = `${snapshotPath} is there and no event log: LearnPack itself recorded it`
  const advice = 'nothing to do: a start that records with learnpack-telemetry imports it'
  const found = finding('record/by-stock', 'event log', message, advice)
  try {
    JSON.parse(readRegular(snapshotPath, { most: SNAPSHOT_BYTES }).toString('utf8'))
    return [found]
  } catch (error) {
    return [found, unreadable(snapshotPath, error)]
  }
}

function asideFindings(dirPath: string): Finding[] {
  const names = existsSync(dirPath) ? readdirSync(dirPath) : []
  return names.filter(isAside).map((name) => {
    const message = `${name} was telemetry.json, but not valid; it is kept unchanged`
    const advice = 'delete it if you do not miss anything that is in it'
    return finding('record/set-aside', join(dirPath, name), message, advice)
  })
}

function indexFindings(folder: CourseFolder, current: string): Finding[] {
  const path = folder.indexPath
  const found: Finding[] = []
  if (folder.readIndex() === undefined) {
    const message = 'is missing or cannot be read: the log written last is taken as the current one'
    found.push(finding('record/index-lost', path, message, 'nothing to do: the next start makes it again'))
  }
  if (!existsSync(folder.logPath(current))) {
    const message = `${folder.logPath(current)} is gone: what was recorded in it is lost`
    const advice = 'restore it from a backup; if telemetry.json is still there, the next start imports it'
    found.push(finding('record/log-lost', 'event log', message, advice))
  }
  return found
}

function telemetriesFindings(
  folder: CourseFolder,
  current: string,
  destinations: Destinations | undefined,
  now: number,
): Finding[] {
  const others = folder.others(current)
  const found = [current, ...others].flatMap((id) => {
    const path = folder.logPath(id)
    if (!existsSync(path)) return []
    try {
      return telemetryFindings(folder, id, id === current, destinations, now)
    } catch (error) {
      return [error instanceof LogTooLarge ? large(path, error.message) : unreadable(path, error)]
    }
  })
  if (others.length === 0) return found
  const message = `${others.length + 1} telemetries lie here, one for each student; ${current} goes on`
  return [finding('record/several', 'event log', message, 'learnpack-telemetry status shows each'), ...found]
}

function telemetryFindings(
  folder: CourseFolder,
  id: string,
  current: boolean,
  destinations: Destinations | undefined,
  now: number,
): Finding[] {
  const path = folder.logPath(id)
  const store = folder.open(id)
  const odd: Finding[] = []
  let count = 0
  const hooks: FollowerHooks = {
    noticed(reason, { number }, damaged) {
      if (++count > MOST_DAMAGED) return
      const message = `line ${number}: ${reason}`
      odd.push(
        damaged
          ? finding('record/damaged', path, message, 'nothing to do: it is skipped and kept; check the disk')
          : finding('record/unknown-type', path, message, 'a newer version wrote it: update this one'),
      )
    },
  }
  const waiting = waitingIn(store, hooks)
  const { follower } = waiting
  const { state } = follower
  const found = [...odd, ...logFindings(path, store.log.size(), follower)]
  for (const { reason, count } of byReason(store.refusals.list())) {
    const message = `${count} calls were not recorded: ${reason}`
    if (reason === AI_NEEDS_LOGIN) {
      found.push(finding('record/before-login', path, message, 'log in with LearnPack to have them recorded'))
      continue
    }
    found.push(finding('record/refused', path, message, 'correct the host or plugin that made them'))
  }
  if (!found.some(({ level }) => level !== 'ok')) {
    const { events } = follower.counts
    const message = `${events} events, ${kilobytes(store.log.size())}, none of them damaged`
    found.push(finding('record/sound', path, message))
  }
  if (current) found.push(...snapshotFindings(folder.snapshotPath, state))
  const foreign = current ? foreignLogin(folder, state.student) : undefined
  found.push(...deliveryFindings(store, waiting, destinations, now, foreign))
  // Of what is too large no batch goes out that a receiver could stumble over.
  if (current && !state.tooLarge) found.push(...receiverFindings(snapshot(state)))
  return found
}

function logFindings(path: string, bytes: number, { position, counts }: Waiting['follower']): Finding[] {
  const found: Finding[] = []
  if (bytes > position) {
    const message = `ends in ${bytes - position} bytes that are not a whole record`
    const advice = 'nothing to do: a killed process left them, and the next start continues after them'
    found.push(finding('record/unfinished', path, message, advice))
  }
  if (counts.duplicates > 0) {
    const message = `${counts.duplicates} lines repeat an event and are skipped`
    found.push(finding('record/duplicates', path, message))
  }
  if (bytes > LARGE) {
    found.push(
      large(path, `has ${megabytes(bytes)}: above ${megabytes(FOLD_BYTES)} the commands refuse to read it`),
    )
  }
  return found
}

const large = (path: string, message: string): Finding =>
  finding('record/large', path, message, 'once the course is done: learnpack-telemetry export, then purge')

function snapshotFindings(snapshotPath: string, state: State): Finding[] {
  const { state: is, path } = snapshotStatus(snapshotPath, state)
  const advice = 'the next start writes it again; learnpack-telemetry replay prints it now'
  if (is === 'up to date') return [finding('snapshot/sound', path, 'is what the log says')]
  if (is === 'missing') return [finding('snapshot/missing', path, 'is missing', advice)]
  if (is === 'not a file') return [finding('snapshot/no-file', path, 'is not a file', 'move it elsewhere')]
  if (is === 'too large') {
    const message = 'is no longer written: this telemetry has become too large for it'
    return [finding('snapshot/differs', path, message, 'events are recorded and streamed all the same')]
  }
  return [finding('snapshot/differs', path, 'differs from the log', advice)]
}
