// What is replayed: the bundled session, any event log, or any telemetry.json as the history behind it.

import { readFileSync, realpathSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { history, parseSnapshot } from '@learnpack/telemetry-core'
import type { TelemetryEvent } from '@learnpack/telemetry-core'
import { readLogFile } from '@learnpack/telemetry-transport-file'
import type { SessionEntry } from './catalogue'
import { loginFor } from './login'
import type { PageSource } from './page-server'

export interface Session {
  readonly name: string
  readonly events: readonly TelemetryEvent[]
  /** What could not be read, each naming file and line. */
  readonly messages: readonly string[]
}

export class SourceError extends Error {}

const data = (name: string): string => fileURLToPath(new URL(`../data/${name}`, import.meta.url))

const SAMPLE = data('sample.telemetry.json')

/** The real learner's session that comes with the project. */
export const bundledSession = (): Session => ({ ...telemetrySession(SAMPLE), name: 'the bundled sample' })

const { offline } = JSON.parse(readFileSync(data('workshop.json'), 'utf8')) as Pick<SessionEntry, 'offline'>

/** What the page offers. The first is what it opens with. */
export const BUNDLED: readonly PageSource[] = [
  {
    entry: {
      id: 'workshop',
      name: 'Two evenings of Python (recorded for this page)',
      href: '/workshop',
      ...(offline && { offline }),
    },
    path: data('workshop.events.ndjson'),
  },
  { entry: { id: 'sample', name: 'A real learner (the sample)', href: '/sample' }, path: SAMPLE },
]

/** @throws SourceError */
export function telemetrySession(path: string): Session {
  const parsed = parseSnapshot(readText(path))
  if (!parsed.ok) throw new SourceError(`${path} ${parsed.reason}`)
  return { name: path, events: history(parsed.snapshot), messages: [] }
}

/** @throws SourceError */
export function logSession(path: string): Session {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) throw new SourceError(`${path}: no such file`)
  if (found.isDirectory()) throw new SourceError(`${path}: is a folder; give the event log in it`)
  const events: TelemetryEvent[] = []
  try {
    const { messages } = readLogFile(realpathSync(path), (event) => events.push(event))
    return { name: path, events, messages }
  } catch (error) {
    throw new SourceError((error as Error).message)
  }
}

export function withStudent(events: readonly TelemetryEvent[]): readonly TelemetryEvent[] {
  const login = loginFor(events)
  return login === undefined
    ? events
    : events.flatMap((event) => (event === login.behind ? [event, login.event] : [event]))
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new SourceError(`${path}: ${(error as Error).message}`)
  }
}
