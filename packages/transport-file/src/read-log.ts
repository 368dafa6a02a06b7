// A log as a tool reads it: whole, once, with a message for whatever is odd.

import { createFollower, type Follower, type FollowerHooks } from '@learnpack/telemetry-core'
import { openFileLog } from './event-log'
import { crc32 } from './node-ports'

/** What a log held. */
export interface ReadLog {
  readonly counts: Follower['counts']
  /** What is damaged or odd, in the order of the log; each names file and line. */
  readonly messages: readonly string[]
}

/**
 * Folds the log at `path` once, whole, and changes nothing. A last line without its line feed is left out and told of.
 * @param folded called for each event, with the state behind it
 * @throws Error, its message beginning with `path`, when it cannot be read or holds no event
 */
export function readLogFile(path: string, folded: NonNullable<FollowerHooks['folded']>): ReadLog {
  const messages: string[] = []
  const log = openFileLog(path)
  const follower = createFollower(log, crc32, {
    folded,
    noticed: (message, { number }) => messages.push(`${path} line ${number}: ${message}`),
  })
  try {
    follower.catchUp()
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
