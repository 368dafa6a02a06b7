// Folds a log to its snapshot: a pure function of the file.

import { initialState, snapshotText, type State, type TelemetryEvent } from '@learnpack/telemetry-core'
import { openFileLog, readLogFile, type ReadLog } from '@learnpack/telemetry-transport-file'
import { CommandError } from '../shared/command-error'
import { isoTime } from '../shared/output'
import { limitedLog } from './fold-limit'

/**
 * Which event is the last one to fold: the one with that `id`; by `line`, counted from 1, the last one up to it; by `at`,
 * epoch ms, every one that is not later, wherever it is in the log.
 */
export type Until = { readonly at: number } | { readonly id: string } | { readonly line: number }

/** Reads `--at`: a line number, an ISO 8601 time (UTC where it names no zone), or else an event id. */
export function parseUntil(text: string): Until {
  if (/^\d+$/.test(text)) return { line: Number(text) }
  const date = /^(\d{4})-(\d{2})(?:-(\d{2}))?(?:[T ](.*))?$/.exec(text)
  if (date === null) return { id: text }
  const [, year, month, day = '01', time] = date
  const zone = time === undefined || /(Z|[+-]\d{2}:?\d{2})$/i.test(time) ? '' : 'Z'
  const at = Date.parse(`${year}-${month}-${day}${time === undefined ? '' : `T${time}${zone}`}`)
  // JavaScript takes February 30th for March 1st.
  const rolled = new Date(`${year}-${month}-${day}T00:00:00Z`).getUTCDate() !== Number(day)
  if (Number.isNaN(at) || rolled) {
    throw new CommandError(`--at: ${JSON.stringify(text)} is not a time; write it like 2026-11-21T10:30:00Z`)
  }
  return { at }
}

/** What a log folds to. */
export interface ReplayedLog {
  /** telemetry.json, character for character as the recorder writes it. */
  readonly json: string
  /** What is odd or damaged, each naming file and line. */
  readonly messages: readonly string[]
}

/**
 * The telemetry.json that a log folds to, now or at an earlier time. Changes nothing.
 * @param path of the log itself; see `findLog`
 * @param until default: the last event
 * @throws Error with a message for a person when the log cannot be read or holds nothing up to `until`
 */
export function replayLog(path: string, until?: Until): ReplayedLog {
  let state = initialState
  let found = until === undefined
  const { counts, messages } = read(path, (event, folded, { number }) => {
    if (until !== undefined && !reaches(until, event, number)) return
    if (until === undefined || !('id' in until) || !found) state = folded
    found = true
  })
  if (until !== undefined && 'line' in until && until.line > counts.lines) {
    throw new CommandError(`--at: ${path} has ${counts.lines} lines, there is no line ${until.line}`)
  }
  if (!found) throw new CommandError(`--at: no event of ${path} is ${describe(until as Until)}`)
  const json = snapshotText(state)
  if (json === undefined)
    throw new CommandError(`${path}: its telemetry.json would be longer than any string can be`)
  return { json, messages }
}

/** The state that the whole log at `path` folds to. @throws CommandError when it cannot be read */
export const stateOfLog = (path: string): State => {
  let state = initialState
  read(path, (_, folded) => (state = folded))
  return state
}

function read(path: string, folded: Parameters<typeof readLogFile>[1]): ReadLog {
  try {
    return readLogFile(path, folded, limitedLog(openFileLog(path), path))
  } catch (error) {
    const { message, cause } = error as Error
    throw cause instanceof CommandError ? cause : new CommandError(message)
  }
}

/** Whether `event` belongs to the log as it was at `until`. */
function reaches(until: Until, event: TelemetryEvent, line: number): boolean {
  if ('at' in until) return event.at <= until.at
  return 'line' in until ? line <= until.line : event.id === until.id
}

function describe(until: Until): string {
  if ('at' in until) return `as early as ${isoTime(until.at)}`
  return 'line' in until ? `on line ${until.line} or before` : `the one with id ${JSON.stringify(until.id)}`
}
