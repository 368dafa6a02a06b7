// The command `learnpack-telemetry`. Results go to stdout, everything said about them to stderr.

import { sameStudent, stillDead, type Telemetry } from '@learnpack/telemetry-core'
import { replaceFile } from '@learnpack/telemetry-transport-file'
import { Command, CommanderError } from 'commander'
import { CommandError } from './command-error'
import { openForDelivery, readCourseConfig, transportsOf } from './course'
import { debug } from './debug'
import { describeDestination, destinationStatus } from './destinations'
import { findCourse, findLog } from './find-log'
import { parseUntil, replayLog } from './replay'
import { courseStatus, describeStatus } from './status'

export const EXIT = { ok: 0, failed: 1, usage: 2 } as const

interface Output {
  out(text: string): void
  err(text: string): void
}

const standard: Output = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
}

// Whoever reads our output may stop reading: `replay | head` is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

/** Runs the command and returns its exit code: 0, 1 when it failed, 2 when it was called wrongly. */
export async function main(args: readonly string[], output: Output = standard): Promise<number> {
  try {
    await program(output).parseAsync([...args], { from: 'user' })
    return EXIT.ok
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    if (!(error instanceof CommandError)) throw error
    output.err(`learnpack-telemetry: ${error.message}\n`)
    return EXIT.failed
  }
}

function program(output: Output): Command {
  const root = new Command('learnpack-telemetry')
    .description('See and replay what LearnPack recorded of your work in a course.')
    .exitOverride()
    .configureOutput({ writeOut: output.out, writeErr: output.err })
    .showHelpAfterError('(--help shows how to call it)')
  root
    .command('replay')
    .description('fold an event log and print the telemetry.json it stands for')
    .argument('<path>', 'a course folder, or an event log (events.ndjson)')
    .option('--at <moment>', 'only up to a line number, an ISO 8601 time or an event id')
    .option('--out <file>', 'write to this file instead of printing')
    .action((path: string, options: { at?: string; out?: string }) => {
      const { json, messages } = replayLog(
        findLog(path),
        options.at === undefined ? undefined : parseUntil(options.at),
      )
      for (const message of messages) output.err(`${message}\n`)
      if (options.out === undefined) output.out(`${json}\n`)
      else write(options.out, json)
    })
  root
    .command('status')
    .description('say what is kept of a course, what was delivered, and in what condition it is')
    .argument('<folder>', 'a course folder')
    .option('--json', 'print one JSON object')
    .action((path: string, options: { json?: boolean }) => {
      const { folder, current } = findCourse(path)
      const status = courseStatus(folder, current, readCourseConfig(folder))
      folder.close()
      output.out(`${options.json ? JSON.stringify(status) : describeStatus(status, Date.now())}\n`)
    })
  root
    .command('flush')
    .description('deliver now what waits for the destinations of learn.json')
    .argument('<folder>', 'a course folder')
    .option('--json', 'print one JSON object')
    .option('--debug', 'say on stderr what happens, as it happens')
    .action((path: string, options: DeliverOptions) => deliver(path, output, options, () => {}))
  const letters = root.command('dead-letters').description('events that a destination refused for good')
  letters
    .command('list')
    .description('show them, with the answer each was given')
    .argument('<folder>', 'a course folder')
    .option('--json', 'print one JSON array')
    .action((path: string, options: { json?: boolean }) => {
      const { folder, current } = findCourse(path)
      const dead = stillDead(folder.open(current).deadLetters.list())
      folder.close()
      if (options.json) return output.out(`${JSON.stringify(dead)}\n`)
      for (const { id, destination, at, reason } of dead) {
        output.out(`${id}  ${new Date(at).toISOString()}  ${destination}: ${reason}\n`)
      }
      if (dead.length === 0) output.out('no dead letters\n')
    })
  letters
    .command('resend')
    .description('send them again, all or those with the given ids')
    .argument('<folder>', 'a course folder')
    .argument('[ids...]', 'event ids, as dead-letters list shows them')
    .option('--json', 'print one JSON object')
    .option('--debug', 'say on stderr what happens, as it happens')
    .action((path: string, ids: string[], options: DeliverOptions) =>
      deliver(path, output, options, (telemetry) => {
        const count = telemetry.resend(ids.length === 0 ? undefined : ids)
        if (count < ids.length)
          throw new CommandError(`only ${count} of these ids are dead letters of a configured destination`)
      }),
    )
  return root
}

interface DeliverOptions {
  readonly json?: boolean
  readonly debug?: boolean
}

/** Delivers what waits, after `also`, and says what came of it. @throws CommandError when something still waits */
async function deliver(
  path: string,
  output: Output,
  options: DeliverOptions,
  also: (telemetry: Telemetry) => void,
): Promise<void> {
  const { folder, current } = findCourse(path)
  const config = readCourseConfig(folder)
  const telemetry = openForDelivery(folder, config)
  if (options.debug) debug(telemetry, (line) => output.err(`${line}\n`))
  try {
    also(telemetry)
    await telemetry.settled()
    const { student, user_id } = telemetry.state()
    const mine = folder.lease.acquire() !== undefined
    const destinations = destinationStatus(folder.open(current), transportsOf(config.destinations))
    const waiting = destinations.some(
      (one) => one.configured && (one.waiting > 0 || one.dead_letters.length > 0),
    )
    if (options.json) output.out(`${JSON.stringify({ problems: config.problems, destinations })}\n`)
    else {
      for (const problem of config.problems) output.err(`${problem}\n`)
      for (const one of destinations) output.out(`${describeDestination(one, Date.now())}\n`)
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

function write(path: string, text: string): void {
  if (path === '') throw new CommandError('--out: names no file')
  try {
    replaceFile(path, [text])
  } catch (error) {
    throw new CommandError(`--out: ${path} could not be written (${(error as Error).message})`)
  }
}
