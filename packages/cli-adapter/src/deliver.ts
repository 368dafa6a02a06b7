// `flush` and `dead-letters resend`: delivers what waits and says what came of it.

import { dirname } from 'node:path'
import { readWaiting, sameStudent, type Telemetry } from '@learnpack/telemetry-core'
import { crc32 } from '@learnpack/telemetry-transport-file'
import { CommandError } from './command-error'
import { consent } from './consent'
import { openForDelivery, readCourseConfig, transportsOf } from './course'
import { debug } from './debug'
import { describeDestination, destinationStatus } from './destinations'
import { findCourse } from './find-log'
import { loggedInAtHost } from './host-session'
import { visible, type Output } from './output'

export interface DeliverOptions {
  readonly json?: boolean
  readonly debug?: boolean
}

/** Delivers what waits, after `also`. @throws CommandError when something still waits */
export async function deliver(
  path: string,
  output: Output,
  options: DeliverOptions,
  also: (telemetry: Telemetry) => void,
): Promise<void> {
  const { enabled, because } = consent(path)
  if (!enabled) throw new CommandError(`nothing is sent: recording is switched off (${because})`)
  const { folder, current } = findCourse(path)
  const config = readCourseConfig(folder)
  const telemetry = openForDelivery(folder, config)
  if (options.debug) debug(telemetry, (line) => output.err(`${visible(line)}\n`))
  try {
    const { student, user_id } = telemetry.state()
    if (!loggedInAtHost(dirname(folder.snapshotPath), student)) {
      throw new CommandError(`nothing is sent: student ${student} is no longer logged in`)
    }
    also(telemetry)
    await telemetry.settled()
    const mine = folder.lease.acquire() !== undefined
    const store = folder.open(current)
    const transports = transportsOf(config.destinations)
    const destinations = destinationStatus(store, transports, readWaiting(store, crc32))
    const waiting = destinations.some(
      (one) => one.configured && (one.waiting !== 0 || one.dead_letters.length > 0),
    )
    if (options.json) output.out(`${visible(JSON.stringify({ problems: config.problems, destinations }))}\n`)
    else {
      for (const problem of config.problems) output.err(`${visible(problem)}\n`)
      for (const one of destinations) output.out(`${visible(describeDestination(one, Date.now()))}\n`)
    }
    if (!waiting) return
    if (!mine) throw new CommandError('another process is recording in this folder and delivers by itself')
    if (student === undefined || !sameStudent(student, user_id)) {
      throw new CommandError('nothing is sent while the student whose telemetry this is is not logged in')
    }
    throw new CommandError('something still waits, see above')
  } finally {
    await telemetry.close()
    folder.close()
  }
}
