// What is replayed: the bundled session, any event log, or any telemetry.json as the history behind it.

import { readFileSync, realpathSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { deterministicId, history, parseSnapshot } from '@learnpack/telemetry-core'
import type { StudentId, TelemetryEvent } from '@learnpack/telemetry-core'
import { readLogFile } from '@learnpack/telemetry-transport-file'

export interface Session {
  readonly name: string
  readonly events: readonly TelemetryEvent[]
  /** What could not be read, each naming file and line. */
  readonly messages: readonly string[]
}

export class SourceError extends Error {}

const SAMPLE = fileURLToPath(new URL('../data/sample.telemetry.json', import.meta.url))

/** The real learner's session that comes with the project. */
export const bundledSession = (): Session => ({ ...telemetrySession(SAMPLE), name: 'the bundled sample' })

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

/** Nothing is sent of a session without a student, so one who never logged in gets an invented one. */
export const INVENTED_STUDENT = 'demo-student'

export function withStudent(events: readonly TelemetryEvent[]): readonly TelemetryEvent[] {
  if (events.some(({ type }) => type === 'student_identified')) return events
  const first = events.findIndex(({ type }) => type === 'session_start')
  const { at, session } = events[Math.max(0, first)] as TelemetryEvent
  const user_id = importedStudent(events) ?? INVENTED_STUDENT
  const id = deterministicId(at, `student ${user_id}`)
  const login: TelemetryEvent = { v: 1, id, at, session, type: 'student_identified', data: { user_id } }
  return [...events.slice(0, first + 1), login, ...events.slice(first + 1)]
}

/** A file that knows its student is sent as theirs. */
function importedStudent(events: readonly TelemetryEvent[]): StudentId | undefined {
  for (const event of events) {
    const { snapshot } = (event.type === 'import' ? event['data'] : {}) as {
      snapshot?: { user_id?: StudentId }
    }
    if (snapshot?.user_id !== undefined) return snapshot.user_id
  }
  return undefined
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new SourceError(`${path}: ${(error as Error).message}`)
  }
}
