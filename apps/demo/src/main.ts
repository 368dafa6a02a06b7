// `npm start`: shows a session replaying in the browser, or with --once replays it here and says what came of it.

import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { openInBrowser } from './browser'
import { servePage, type PageSource } from './page-server'
import { showProgress } from './progress'
import { startReceiver } from './receiver'
import { replay, type Summary } from './replay'
import { BUNDLED, bundledSession, logSession, SourceError, telemetrySession, type Session } from './source'

interface Options {
  readonly once?: boolean
  readonly json?: boolean
  readonly log?: string
  readonly telemetry?: string
  readonly course?: string
  readonly port: number
}

/** Returns the exit code: 0, 1 when something was not delivered or not readable, 2 when called wrongly. */
export async function main(args: readonly string[]): Promise<number> {
  const command = new Command('npm start --')
    .description(
      'Shows a learner session replaying in the browser: what happened, the telemetry.json it folds to, and what is delivered.',
    )
    .option(
      '--once',
      'without a browser: replay here, deliver to a receiver on this machine, say what came of it',
    )
    .option('--json', 'print the summary of --once, or the address of the page, as one JSON object')
    .option('--log <file>', 'replay this event log (events.ndjson) instead of the bundled session')
    .option('--telemetry <file>', 'replay the history of this telemetry.json instead of the bundled session')
    .option('--course <folder>', 'follow the course in that folder while it is being recorded, read-only')
    .option('--port <number>', 'port on 127.0.0.1: of the page, or of the receiver of --once', port, 0)
    .exitOverride()
  try {
    const options = command.parse([...args], { from: 'user' }).opts<Options>()
    return await (options.once ? once(options) : page(options))
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (!(error instanceof SourceError)) throw error
    console.error(error.message)
    return 1
  }
}

async function page(options: Options): Promise<number> {
  const server = await servePage(sources(options), options.port).catch((error: Error) => {
    throw new SourceError(`--port: ${error.message}`)
  })
  // Whoever reads the address may signal at once.
  const end = interrupted()
  if (options.json) console.log(JSON.stringify({ url: server.url }))
  else console.log(`The replay is at ${server.url} until Ctrl-C.`)
  if (!options.json) openInBrowser(server.url)
  await end
  await server.close()
  return 0
}

/** What was asked for comes first, and is what the page opens with. */
function sources(options: Options): PageSource[] {
  const { log, telemetry, course } = options
  if (course !== undefined) {
    if (log !== undefined || telemetry !== undefined)
      throw new SourceError('--course: give it without --log and --telemetry')
    if (statSync(course, { throwIfNoEntry: false })?.isDirectory() !== true)
      throw new SourceError(`${course}: no such folder`)
    return [
      { entry: { id: 'live', name: basename(course), href: '/live', live: true }, path: course },
      ...BUNDLED,
    ]
  }
  const path = log ?? telemetry
  if (path === undefined) return [...BUNDLED]
  const { name } = chosen(options)
  return [{ entry: { id: 'given', name: basename(name), href: '/given' }, path }, ...BUNDLED]
}

async function once(options: Options): Promise<number> {
  if (options.course !== undefined) throw new SourceError('--course: follows a course; leave out --once')
  const session = chosen(options)
  for (const message of session.messages) console.error(message)
  const receiver = await startReceiver(options.port).catch((error: Error) => {
    throw new SourceError(`--port: ${error.message}`)
  })
  if (!options.json)
    console.log(`Replaying ${session.name}; receiver at ${receiver.url}/batch and ${receiver.url}/stream`)
  const summary = await replay(session, receiver, showProgress(options.json ? undefined : console.log))
  console.log(options.json ? JSON.stringify(summary) : describe(summary))
  await receiver.close()
  return summary.problems.length === 0 ? 0 : 1
}

function chosen({ log, telemetry }: Options): Session {
  if (log !== undefined && telemetry !== undefined)
    throw new SourceError('--log and --telemetry: give one of them')
  if (log !== undefined) return logSession(log)
  return telemetry === undefined ? bundledSession() : telemetrySession(telemetry)
}

function port(value: string): number {
  const number = Number(value)
  if (!/^\d+$/.test(value) || number > 65_535)
    throw new InvalidArgumentError('expected a number from 0 to 65535')
  return number
}

const interrupted = (): Promise<void> =>
  new Promise((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })

function describe(summary: Summary): string {
  const rows: [string, string][] = [
    ['events', String(summary.events)],
    ['steps', `${summary.steps} (${summary.steps_opened} opened, ${summary.steps_completed} completed)`],
    ['batches received', String(summary.batches_received)],
    ['stream events received', String(summary.stream_events_received)],
    ['telemetry.json', summary.telemetry_json],
    ['event log', summary.log],
    ...summary.problems.map((problem): [string, string] => ['problem', problem]),
  ]
  return rows.map(([name, value]) => `${name.padEnd(24)}${value}`).join('\n')
}
