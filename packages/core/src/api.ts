// What the runtime offers and what it says about itself.

import type { EventEmitter } from 'eventemitter3'
import type { Course, StudentId, TelemetryEvent } from './events'
import type { Limits } from './limits'
import type { Clock, Crc, DeliveryState, Ids, Storage } from './ports'
import type { Snapshot } from './snapshot-schema'
import type { State } from './state'
import type { Parcel, Transport } from './transport'

/** How long `close` waits for requests under way, ms (SPEC §6). */
export const EXIT_BUDGET_MS = 300

export interface TelemetryOptions {
  readonly storage: Storage
  readonly clock: Clock
  readonly ids: Ids
  readonly crc: Crc
  /** In [0, 1), for the jitter of retries. */
  readonly random: () => number
  readonly transports?: readonly Transport[]
  /**
   * Applied to every text before it is written: of step events, of the course but for its slugs, of what is
   * imported, its base64 decoded. A text it fails on becomes `[redacted:unreadable]`. Default: none; see
   * `createRedactor`.
   */
  readonly redact?: Redactor
  /** How long the texts of a step event may be; applied before they are redacted (SPEC §3). */
  readonly limits?: Limits
}

/** Returns the text with what must not be kept replaced by a visible mark. */
export type Redactor = (text: string) => string

/** What a call to record came to. A refused call recorded nothing; its reason is for a person. */
export type Recorded =
  { readonly ok: true; readonly id: string } | { readonly ok: false; readonly reason: string }

export interface TelemetryEvents {
  recorded: (event: Readonly<{ id: string; at: number; type: string }>) => void
  refused: (reason: string) => void
  /** A line of the log, or telemetry.json, that could not be used or is odd. */
  noticed: (message: string) => void
  /** telemetry.json was written. */
  snapshot: (state: State) => void
  delivered: (destination: string, parcel: Parcel) => void
  /** The next attempt is made at `at`, epoch ms. */
  retrying: (destination: string, parcel: Parcel, reason: string, at: number) => void
  paused: (destination: string, parcel: Parcel, reason: string) => void
  deadLettered: (destination: string, parcel: Parcel, reason: string) => void
  /** A batch was refused for good; the next one is tried. */
  rejected: (destination: string, parcel: Parcel, reason: string) => void
  /** Storage failed, or a listener of these events did. The host goes on, and so does recording as soon as storage does. */
  fault: (what: string, error: unknown) => void
}

/** A course as the host starts it. */
export type CourseInput = Pick<Course, 'slug' | 'agent' | 'steps'>

export interface Status {
  readonly telemetry_id: string | undefined
  /** The student logged in. Known without reading the log. */
  readonly student: StudentId | undefined
  readonly recorded: number
  readonly refused: number
  /** The log: its size in bytes, and what was found when reading it. */
  readonly log: Readonly<{
    bytes: number
    lines: number
    events: number
    damaged: number
    duplicates: number
  }>
  readonly destinations: Readonly<Record<string, DeliveryState>>
}

export interface Telemetry extends Pick<EventEmitter<TelemetryEvents>, 'on' | 'once' | 'off'> {
  /** Starts a session on a course. Calls made before it were kept and are appended behind it. */
  start(course: CourseInput): Recorded
  /** One of the four buttons, at the step with that position. */
  record(position: unknown, type: unknown, data?: unknown): Recorded
  /** A student logged in. */
  identify(user_id: unknown): Recorded
  /** The student logged out. */
  clear(): Recorded
  /** A telemetry.json from elsewhere, to be united with this telemetry (SPEC §4 rule 7). */
  import(file: unknown): Recorded
  /** Appends an event that was recorded elsewhere as it is, for a replay. Needs no start. */
  append(event: TelemetryEvent): Recorded
  /** Sends the present snapshot, unless it was sent already. */
  submit(): void
  /** Opens what is going on in the folder without starting a session, to look at it or to deliver it. */
  open(): void
  /** Sends dead letters again, all or those with the given ids. Returns how many there were to send. */
  resend(ids?: readonly string[]): number
  /** Ends the session. Later calls wait for the next start. */
  end(reason: string): Recorded
  /** The state, caught up with the log. */
  state(): State
  /** telemetry.json, caught up with the log. */
  snapshot(): Snapshot
  status(): Status
  /** Resolves once the log is folded and nothing more can be sent now. */
  settled(): Promise<void>
  /** The same, and telemetry.json is fresh. */
  idle(): Promise<void>
  /** Writes telemetry.json at once, for a process that is about to exit. Recording may go on. */
  save(): void
  /** Writes telemetry.json, waits at most `budgetMs` for requests under way, and stops. */
  close(budgetMs?: number): Promise<void>
}
