// A log as a tool reads it: whole, once, with a message for whatever is odd.

import { createFollower, type FollowerHooks } from '@learnpack/telemetry-core'
import { openFileLog, type FileLog } from './event-log'
import { crc32 } from './node-ports'

/** What a log held. */
export interface ReadLog {
  readonly counts: ReturnType<typeof createFollower>['counts']
  /** What is damaged or odd, in the order of the log; each names file and line. Of more than 1,000 the last says how many more. */
  readonly messages: readonly string[]
}

/** Messages that are kept: a file that is no log has one a line. */
const MOST_MESSAGES = 1_000

/**
 * Folds the log at `path` once, whole, and changes nothing. A last line without its line feed is left out and told of.
 * @param folded called for each event, with the state behind it
 * @param log default: the file at `path`; closed at the end
 * @throws Error, its message beginning with `path`, when it cannot be read or holds no event
 */
export function readLogFile(
  path: string,
  folded: NonNullable<FollowerHooks['folded']>,
  log: FileLog = openFileLog(path),
): ReadLog {
  const messages: string[] = []
  let more = 0
  const follower = createFollower(log, crc32, {
    folded,
    noticed(message, { number }) {
      if (messages.length < MOST_MESSAGES) messages.push(`${path} line ${number}: ${message}`)
      else more++
    },
  })
  try {
    follower.catchUp()
    if (more > 0) messages.push(`${path}: ${more} more lines like these`)
    const rest = log.size() - follower.position
    if (rest > 0)
      messages.push(`${path}: ends in ${rest} bytes without a line feed: a record not yet whole, left out`)
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`, { cause: error })
  } finally {
    log.close()
  }
  const { counts } = follower
  if (counts.events === 0) throw new Error([`${path}: no event in it`, ...messages].join('\n'))
  return { counts, messages }
}
