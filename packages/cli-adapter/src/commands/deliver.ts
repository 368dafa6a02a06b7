// `flush` and `dead-letters resend`: delivers what waits and says what came of it.

import { destinationOf, stillDead } from '@learnpack/telemetry-core'
import type { CourseFolder } from '@learnpack/telemetry-transport-file'
import { whyNothingIsSent } from '../logins/session-origin'
import { describeDestination, destinationStatus } from '../reading/destinations'
import { findCourse } from '../reading/find-log'
import { waitingIn } from '../reading/waiting'
import { readCourseConfig, type CourseConfig } from '../sending/learn-json'
import { openForDelivery } from '../sending/open-for-delivery'
import { transportsOf } from '../sending/transports'
import { CommandError } from '../shared/command-error'
import { visible, type Output } from '../shared/output'
import { printEvents } from './print-events'
import { ANOTHER_DELIVERS, whyNotRecorded } from './why-not'

export interface DeliverOptions {
  readonly json?: boolean
  readonly debug?: boolean
}

/**
 * Delivers what waits.
 * @param resent ids of dead letters to send again first; all of them if empty
 * @throws CommandError when something still waits
 */
export async function deliver(
  path: string,
  output: Output,
  options: DeliverOptions,
  resent?: readonly string[],
): Promise<void> {
  const off = whyNotRecorded(path)
  if (off !== undefined) throw new CommandError(`nothing is sent: ${off}`)
  const { folder, current } = findCourse(path)
  try {
    const config = readCourseConfig(folder)
    // What is opened for delivery sends, at the latest when it is closed: what forbids it is looked for before.
    const store = folder.open(current)
    const { follower, ownerIsHere } = waitingIn(store)
    const forbidden = whyNothingIsSent(folder, follower.state.student)
    if (forbidden !== undefined) throw new CommandError(`nothing is sent: ${forbidden}`)
    const known = transportsOf(config.destinations).map(destinationOf)
    const dead = stillDead(store.deadLetters.list()).filter(({ destination }) => known.includes(destination))
    const found = resent?.filter((id) => dead.some((letter) => letter.id === id)) ?? []
    if (resent !== undefined && found.length < resent.length) {
      throw new CommandError(`only ${found.length} of these ids are dead letters of a configured destination`)
    }
    const { waits, isMine } = await delivered(folder, current, config, output, options, resent)
    if (!waits && (config.problems.length === 0 || Object.keys(config.destinations).length > 0)) return
    if (!waits) throw new CommandError('learn.json names nowhere to send to, see above; nothing was sent')
    if (!isMine) throw new CommandError(ANOTHER_DELIVERS)
    if (!ownerIsHere) {
      throw new CommandError('nothing is sent while the student whose telemetry this is is not logged in')
    }
    throw new CommandError('something still waits, see above')
  } finally {
    folder.close()
  }
}

/** Says what came of it. `isMine`: no other process delivers here. */
async function delivered(
  folder: CourseFolder,
  current: string,
  config: CourseConfig,
  output: Output,
  options: DeliverOptions,
  resent: readonly string[] | undefined,
): Promise<{ waits: boolean; isMine: boolean }> {
  const telemetry = openForDelivery(folder, config.destinations)
  if (options.debug) printEvents(telemetry, (line) => output.err(`${visible(line)}\n`))
  try {
    if (resent !== undefined) telemetry.resend(resent.length === 0 ? undefined : resent)
    await telemetry.settled()
    const isMine = folder.lease.acquire() !== undefined
    const store = folder.open(current)
    const transports = transportsOf(config.destinations)
    const destinations = destinationStatus(store, transports, waitingIn(store))
    if (options.json) output.out(`${visible(JSON.stringify({ problems: config.problems, destinations }))}\n`)
    else {
      for (const problem of config.problems) output.err(`${visible(problem)}\n`)
      for (const one of destinations) output.out(`${visible(describeDestination(one, Date.now()))}\n`)
    }
    const waits = destinations.some(
      (one) => one.configured && (one.waiting !== 0 || one.dead_letters.length > 0),
    )
    return { waits, isMine }
  } finally {
    await telemetry.close()
  }
}
