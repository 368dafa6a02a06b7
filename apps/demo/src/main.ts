// `npm start`: replays a session and says what came of it.

import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { showProgress } from './progress'
import { startReceiver } from './receiver'
import { replay, type Summary } from './replay'
import { bundledSession, logSession, SourceError, telemetrySession, type Session } from './source'

interface Options {
  readonly once?: boolean
  readonly json?: boolean
  readonly log?: string
  readonly telemetry?: string
  readonly port: number
}

/** Returns the exit code: 0, 1 when something was not delivered or not readable, 2 when called wrongly. */
export async function main(args: readonly string[]): Promise<number> {
  const command = new Command('npm start --')
    .description(
      'Replays a learner session at high speed through the whole design: an event log, folded into telemetry.json, delivered to a receiver on this machine.',
    )
    .option('--once', 'end after the replay instead of staying up until Ctrl-C')
    .option('--json', 'print the summary as one JSON object')
    .option('--log <file>', 'replay this event log (events.ndjson) instead of the bundled session')
    .option('--telemetry <file>', 'replay the history of this telemetry.json instead of the bundled session')
    .option('--port <number>', 'port of the receiver on 127.0.0.1', port, 0)
    .exitOverride()
  try {
    return await run(command.parse([...args], { from: 'user' }).opts<Options>())
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (!(error instanceof SourceError)) throw error
    console.error(error.message)
    return 1
  }
}

async function run(options: Options): Promise<number> {
  const session = chosen(options)
  for (const message of session.messages) console.error(message)
  const receiver = await startReceiver(options.port).catch((error: Error) => {
    throw new SourceError(`--port: ${error.message}`)
  })
  if (!options.json)
    console.log(`Replaying ${session.name}; receiver at ${receiver.url}/batch and ${receiver.url}/stream`)
  const summary = await replay(session, receiver, showProgress(options.json ? undefined : console.log))
  console.log(options.json ? JSON.stringify(summary) : describe(summary))
  if (!options.once) {
    if (!options.json) console.log('\nThe receiver stays up until Ctrl-C.')
    await interrupted()
  }
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
