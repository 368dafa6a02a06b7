// `watch`: follows a LearnPack that records by itself, and prints what it sees.

import { once } from 'node:events'
import type { Command } from 'commander'
import { openCourseFolder, recordFolder } from '@learnpack/telemetry-transport-file'
import { watchCourse } from '../host/watch-course'
import { readHostSession } from '../logins/host-session'
import { checkFolder } from '../reading/find-log'
import { readCourseConfig } from '../sending/learn-json'
import { transportsOf } from '../sending/transports'
import { CommandError } from '../shared/command-error'
import { isoTime, visible, type Output } from '../shared/output'
import { whyNotRecorded } from './why-not'

interface Seen {
  readonly at: number
  readonly type: string
  readonly step?: string | undefined
}

export function addWatchCommand(root: Command, output: Output): void {
  root
    .command('watch')
    .description('follow a LearnPack that records by itself (2 or 5), and print what is done; Ctrl-C ends it')
    .argument('[folder]', 'a course folder', '.')
    .option('--deliver', 'deliver it, too, to the destinations of learn.json: LearnPack delivers by itself')
    .option('--json', 'print one JSON object a line')
    .action(async (path: string, options: { deliver?: boolean; json?: boolean }) => {
      checkFolder(path)
      const off = whyNotRecorded(path)
      if (off !== undefined) throw new CommandError(`nothing is watched: ${off}`)
      const dirPath = recordFolder(path)
      const watched = watchCourse({ dirPath, transports: options.deliver ? destinationsOf(dirPath) : [] })
      watched.on('recorded', ({ at, type, step }: Seen) => {
        const line = options.json
          ? JSON.stringify({ at, type, ...(step !== undefined && { step }) })
          : [isoTime(at), type.padEnd(18), step].filter(Boolean).join('  ')
        output.out(`${visible(line.trimEnd())}\n`)
      })
      watched.on('fault', (what: string, error: unknown) =>
        output.err(`${visible(`${what}: ${String(error)}`)}\n`),
      )
      if (!options.json) output.err(`watching ${visible(dirPath)}; Ctrl-C ends it\n`)
      await interrupted()
      await watched.close()
    })
}

function destinationsOf(dirPath: string) {
  const folder = openCourseFolder(dirPath)
  const { destinations } = readCourseConfig(folder)
  folder.close()
  return transportsOf(destinations, { token: () => readHostSession(dirPath)?.token })
}

/** Resolves when somebody wants it to end. Until then the process stays. */
async function interrupted(): Promise<void> {
  const stays = setInterval(() => {}, 2 ** 30)
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  clearInterval(stays)
}
