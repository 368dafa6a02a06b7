// What the runtime offers and what it says about itself.

import type { Redactor } from '../record/redactor'
import type { DeliveryEvents } from '../delivery/delivery-events'
import type { Recorded } from '../record/recorded'
import type { CourseInput, TelemetryEvent } from '../events/events'
import type { Clock, Crc, DeliveryState, Ids, Storage, StudentId } from '../ports'
import type { EventEmitter } from 'eventemitter3'
import type { Limits } from '../record/limits'
import type { Snapshot } from '../events/snapshot-schema'
import type { State } from '../fold/state'
import type { Transport } from '../delivery/transport'

/** How long `Telemetry.close` waits for requests under way unless it is told otherwise, ms (SPEC §6). */
export const EXIT_BUDGET_MS = 300

/** What a runtime is made of: everything that has a clock, randomness, a disk or a network comes in here. */
export interface TelemetryOptions {
  /** Where one course folder is kept. Opened at the first `start`, `append` or `open`. */
  readonly storage: Storage
  /** Tells the time of every event, and runs what is put off: folding, retries, writing telemetry.json. */
  readonly clock: Clock
  readonly ids: Ids
  /** The checksum of log lines. Another function than CRC-32 makes every line that is there a damaged one. */
  readonly crc: Crc
  /** In [0, 1), as `Math.random`, for the jitter of retries. */
  readonly random: () => number
  /** The destinations; two of the same name and address would share a cursor. `deliverTo` changes them. Default: none. */
  readonly transports?: readonly Transport[]
  /**
   * Applied to every text before it is written: of step events, of the course but for its slugs, of what is
   * imported, its base64 decoded. A text it fails on becomes `[redacted:unreadable]`. Default: none;
   * `createRedactor` of `@learnpack/telemetry-redaction` makes one.
   */
  readonly redact?: Redactor
  /**
   * Names the machine this runs on, the same at every start: a login in a log that was written elsewhere, and came with
   * a download or a copy of the folder, does not count (SPEC §4 rule 5). Default: every login counts.
   */
  readonly machine?: () => string
  /**
   * Whether anything may be recorded, written or sent at the moment. Asked before every event, every turn of the loop and
   * every request, so it must be cheap. While it says no, calls are refused, and what is there stays as it is. Default: always.
   */
  readonly mayRecord?: () => boolean
  /**
   * How long the texts of a step event may be, characters; applied before they are redacted (SPEC §3). Imports are
   * not cut. Default: 65,536 of output, 262,144 of any other text.
   */
  readonly limits?: Limits
  /**
   * How much of a log may be kept in memory, bytes, about. One that has become larger is recorded and streamed as
   * before; telemetry.json and batches then stay as they are. Rendering takes some times that. Default: 256 MB.
   */
  readonly memoryBytes?: number
}

/**
 * What a runtime says while it works. Listeners run at once, also within `record`; one that throws becomes a `fault`.
 * Destinations are named as `destinationOf` does.
 */
export interface TelemetryEvents extends DeliveryEvents {
  /** The operating system has the line of an event that this runtime appended. `at`: epoch ms; `step`: its slug, if it has one. */
  recorded: (event: Readonly<{ id: string; at: number; type: string; step: string | undefined }>) => void
  /** A call recorded nothing. The reason is redacted, and counted in the folder as well. */
  refused: (reason: string) => void
  /** A line of the log, or telemetry.json, that could not be used or is odd. */
  noticed: (message: string) => void
  /** telemetry.json was written by this process, and shows that state. */
  snapshot: (state: State) => void
  /** Storage failed, or a listener of these events did. The host goes on, and so does recording as soon as storage does. */
  fault: (what: string, error: unknown) => void
}

/**
 * How a runtime stands. Nothing is read for it but the size of the log.
 * @inline
 */
export interface Status {
  /** Of the telemetry that is going on; undefined before a `start`, `append` or `open`. */
  readonly telemetry_id: string | undefined
  /** The student logged in. Known without reading the log. */
  readonly student: StudentId | undefined
  /** Events this runtime appended since it was made. */
  readonly recorded: number
  /** Calls this runtime refused since it was made. */
  readonly refused: number
  /** The log: its size now, and what was found in the part that is folded so far. */
  readonly log: Readonly<{
    bytes: number
    /** Damaged and odd ones as well. */
    lines: number
    /** Folded, each id once. */
    events: number
    /** Lines that are not whole, or whose checksum does not fit. */
    damaged: number
    /** Events dropped because their id was read before. */
    duplicates: number
  }>
  /** By `destinationOf`; empty while no telemetry is open. */
  readonly destinations: Readonly<Record<string, DeliveryState>>
}

/**
 * One course folder being recorded, folded and delivered. Nothing of it throws into its host: a call that cannot be
 * recorded is refused with a reason, and whatever else fails is told as `fault`. After `close` nothing is recorded.
 */
export interface Telemetry extends Pick<EventEmitter<TelemetryEvents>, 'on' | 'once' | 'off'> {
  /**
   * Starts a session on a course. A telemetry.json that is not ours is taken in first. Calls made before it were kept
   * (10,000 at most) and are appended behind it, with the time at which they were made.
   */
  start(course: CourseInput): Recorded
  /**
   * One of the four buttons, at the step with that position. Returns once the operating system has the line.
   * @param position an integer, or a string of digits
   * @param type the type of a `StepEvent`; `ai_interaction` is refused while no student is logged in (SPEC §3)
   * @param data an object, which is copied; may be left out for `open_step`
   */
  record(position: unknown, type: unknown, data?: unknown): Recorded
  /**
   * A student logged in. Another one than whose telemetry this is goes on in a telemetry of their own (SPEC §4 rule 5).
   * @param user_id an integer, or a string that is not empty
   */
  identify(user_id: unknown): Recorded
  /** The student logged out. Recording goes on; nothing is sent until the owner logs in again (SPEC §6). */
  clear(): Recorded
  /**
   * A telemetry.json from elsewhere, parsed, to be united with this telemetry (SPEC §4 rule 7), or with that of the
   * student it names. It must have a `telemetry_id` and `steps`, each with a `slug`. Where it holds nothing new, nothing is
   * appended, and the id is that of the latest event; what is new in a newer version of what is known becomes the events
   * that lead there (SPEC §12). Folds what is not folded yet; costs what the file is long.
   * @param how `live`: it is what LearnPack 5's web editor holds now, under an id of its own: the telemetry of that id goes
   *   on from here, with the sessions and the student it names
   */
  import(file: unknown, how?: { readonly live?: boolean }): Recorded
  /**
   * Appends an event that was recorded elsewhere as it is, for a replay: neither cut nor redacted. Needs no start; in
   * a new folder, the `telemetry_id` of a session start becomes that of the folder.
   */
  append(event: TelemetryEvent): Recorded
  /**
   * Makes the present snapshot the batch that waits, unless it was sent already. It goes out when one may, and once all
   * of the log is folded.
   */
  submit(): void
  /** Opens what is going on in the folder without starting a session, to look at it, to follow another host or to deliver it. */
  open(): void
  /**
   * From now on it is delivered to these destinations and to no other; those that stay, by name and address, go on where they
   * are, and a new one gets what was recorded before, too. A request under way to one that goes is aborted; its transport is the
   * caller's to close.
   */
  deliverTo(transports: readonly Transport[]): void
  /**
   * Sends dead letters again, all or those with the given ids, each once and before anything else. Returns how many
   * there were to send: those of `transports`. What became of them is told by events.
   */
  resend(ids?: readonly string[]): number
  /** Ends the session; refused where none is going on. Later calls wait in memory for the next start. */
  end(reason: string): Recorded
  /** The state, caught up with the log, which is read for it: cheap where nothing came since. */
  state(): State
  /**
   * What telemetry.json is to say, caught up with the log. Rendered whole at each call.
   * @throws RangeError for a telemetry that is too large to be kept in memory
   */
  snapshot(): Snapshot
  /** How things stand, as far as the log is read. Every call gives a new object. */
  status(): Status
  /**
   * Whether something waits that may be sent now, or at the next attempt: the student whose it is is logged in, and the
   * destination does not pause. While the log is not folded to its end, whether anybody is logged in.
   */
  waits(): boolean
  /**
   * Resolves once the log is folded and nothing more can be sent now: what waits for a retry or a login does not count.
   * Keeps the process alive until then. Does not reject.
   */
  settled(): Promise<void>
  /** The same, and telemetry.json is fresh. */
  idle(): Promise<void>
  /**
   * Writes telemetry.json and the cursors at once, for a process that is about to exit, and lets another process take
   * over rendering and delivery. Recording may go on. What would take longer than 200 ms is given up: telemetry.json
   * then stays as it was, until the next start makes it fresh.
   */
  save(): void
  /**
   * Refuses the calls that still wait for a start, writes telemetry.json, waits for requests under way, aborts them,
   * and closes the transports. What was not delivered goes out at the next start. Does not reject; a second call
   * waits for the first.
   * @param budgetMs how long it takes, ms: folding, writing, requests and transports together. What is not written by
   *   then the next start writes. Default: 300
   */
  close(budgetMs?: number): Promise<void>
}
