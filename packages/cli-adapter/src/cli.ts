// The command `learnpack-telemetry`. Results go to stdout, everything said about them to stderr.

import { replaceFile } from '@learnpack/telemetry-transport-file'
import { Command, CommanderError } from 'commander'
import { CommandError } from './command-error'
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
    .description('say what is kept of a course, and in what condition it is')
    .argument('<folder>', 'a course folder')
    .option('--json', 'print one JSON object')
    .action((path: string, options: { json?: boolean }) => {
      const { folder, current } = findCourse(path)
      const status = courseStatus(folder, current)
      folder.close()
      output.out(`${options.json ? JSON.stringify(status) : describeStatus(status)}\n`)
    })
  return root
}

function write(path: string, text: string): void {
  if (path === '') throw new CommandError('--out: names no file')
  try {
    replaceFile(path, [text])
  } catch (error) {
    throw new CommandError(`--out: ${path} could not be written (${(error as Error).message})`)
  }
}
