// What is kept of a course, and in what condition it is.

import { lstatSync } from 'node:fs'
import { consent, type Consent } from '../consent/consent'
import { foreignLogin } from '../logins/session-origin'
import type { CourseConfig } from '../sending/learn-json'
import { transportsOf } from '../sending/transports'
import { destinationStatus, type DestinationStatus } from './destinations'
import { countRedactions, type Redactions } from './redactions'
import { waitingIn } from './waiting'
import {
  snapshotText,
  type FollowerHooks,
  type Refusal,
  type State,
  type Transport,
} from '@learnpack/telemetry-core'
import { type CourseFolder, ignoreErrors, readRegular } from '@learnpack/telemetry-transport-file'

export interface TelemetryStatus {
  readonly telemetry_id: string
  readonly current: boolean
  /** The student whose it is, and the one logged in by its log. */
  readonly user_id: string | number | null
  readonly student: string | number | null
  readonly log: {
    readonly path: string
    readonly bytes: number
    /** Why it could not be read, as where it is too large; then nothing is known of what is in it. Else null. */
    readonly unread: string | null
    readonly lines: number
    readonly events: number
    readonly duplicates: number
    /** Bytes after the last line feed: an unfinished record. */
    readonly unfinished_bytes: number
    /** The first 1,000 damaged lines. */
    readonly damaged: readonly { readonly line: number; readonly reason: string }[]
    /** All of them. */
    readonly damaged_lines: number
  }
  /** What was taken out before it was written, by kind: the marks in the log. */
  readonly redacted: Redactions
  /** Calls that recorded nothing, by reason. */
  readonly refused: readonly Refusal[]
  readonly destinations: readonly DestinationStatus[]
}

export interface CourseStatus {
  /** Whether anything is recorded here, and what decided it. */
  readonly recording: Consent
  /** Why a login that is there does not count here, so that nothing is sent (SPEC §4 rule 5). */
  readonly foreign_login: string | null
  /** What is wrong with the telemetry part of learn.json. */
  readonly problems: readonly string[]
  readonly telemetry_json: {
    readonly path: string
    readonly bytes: number
    readonly state:
      'up to date' | 'differs from the log' | 'missing' | 'not a file' | 'too large' | 'not compared'
  }
  readonly telemetries: readonly TelemetryStatus[]
}

/** How many damaged lines are listed: a file that is not a log has nothing else. */
export const MOST_DAMAGED = 1_000

/** Reads everything and changes nothing. A telemetry that cannot be read is listed with the reason. */
export function courseStatus(folder: CourseFolder, current: string, config: CourseConfig): CourseStatus {
  const transports = transportsOf(config.destinations)
  const read = [current, ...folder.others(current)].map((id) =>
    telemetryStatus(folder, id, id === current, transports),
  )
  const state = read[0]?.state
  return {
    recording: consent(folder.dirPath),
    foreign_login: foreignLogin(folder, state?.student) ?? null,
    problems: config.problems,
    telemetry_json: snapshotStatus(folder.snapshotPath, state),
    telemetries: read.map(({ status }) => status),
  }
}

function telemetryStatus(
  folder: CourseFolder,
  id: string,
  current: boolean,
  transports: readonly Transport[],
): { status: TelemetryStatus; state: State | undefined } {
  const path = folder.logPath(id)
  try {
    return readTelemetry(folder, id, current, transports)
  } catch (error) {
    const unread = (error as Error).message
    const log = { lines: 0, events: 0, duplicates: 0, unfinished_bytes: 0, damaged: [], damaged_lines: 0 }
    const status: TelemetryStatus = {
      telemetry_id: id,
      current,
      user_id: null,
      student: null,
      log: { ...log, path, bytes: ignoreErrors(() => folder.open(id).log.size()) ?? 0, unread },
      redacted: {},
      refused: [],
      destinations: [],
    }
    return { status, state: undefined }
  }
}

function readTelemetry(
  folder: CourseFolder,
  id: string,
  current: boolean,
  transports: readonly Transport[],
): { status: TelemetryStatus; state: State } {
  const store = folder.open(id)
  const { log, refusals } = store
  const damaged: { line: number; reason: string }[] = []
  const redacted: Record<string, number> = {}
  const hooks: FollowerHooks = {
    folded: (event) => countRedactions(event, redacted),
    noticed(reason, { number }, isDamaged) {
      if (isDamaged && damaged.length < MOST_DAMAGED) damaged.push({ line: number, reason })
    },
  }
  const waiting = waitingIn(store, hooks)
  const { state, counts, position } = waiting.follower
  const { lines, events, duplicates } = counts
  const bytes = log.size()
  const status: TelemetryStatus = {
    telemetry_id: state.telemetry_id ?? id,
    current,
    user_id: state.user_id ?? null,
    student: state.student ?? null,
    log: {
      path: folder.logPath(id),
      bytes,
      unread: null,
      lines,
      events,
      duplicates,
      unfinished_bytes: bytes - position,
      damaged,
      damaged_lines: counts.damaged,
    },
    redacted,
    refused: byReason(refusals.list()),
    destinations: destinationStatus(store, transports, waiting),
  }
  return { status, state }
}

/** One entry a reason: they are stored whenever there is a chance to. */
export function byReason(refusals: readonly Refusal[]): Refusal[] {
  const all = new Map<string, Refusal>()
  for (const { reason, count, at } of refusals) {
    const known = all.get(reason)
    all.set(reason, { reason, count: count + (known?.count ?? 0), at: Math.max(at, known?.at ?? at) })
  }
  return [...all.values()]
}

/** @param state undefined where the log could not be read */
export function snapshotStatus(path: string, state: State | undefined): CourseStatus['telemetry_json'] {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found?.isFile() === false) return { path, bytes: 0, state: 'not a file' }
  const bytes = found?.size ?? 0
  if (state === undefined) return { path, bytes, state: found === undefined ? 'missing' : 'not compared' }
  if (state.tooLarge) return { path, bytes, state: 'too large' }
  if (found === undefined) return { path, bytes, state: 'missing' }
  const text = snapshotText(state)
  if (text === undefined) return { path, bytes, state: 'too large' }
  // A file of another length is another one, and need not be read.
  const same =
    Buffer.byteLength(text) === bytes && readRegular(path, { most: bytes }).equals(Buffer.from(text))
  return { path, bytes, state: same ? 'up to date' : 'differs from the log' }
}
