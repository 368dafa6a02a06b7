// What core needs of the world. Everything that has a clock, randomness, a disk or a network comes in here.

/** A student as the receiver names them: an integer, or a string that is not empty. Compare with `sameStudent`. */
export type StudentId = string | number

/**
 * CRC-32 (ISO 3309, as in zip and PNG) of the UTF-8 bytes of `text`, as an unsigned 32-bit integer. Called for every line
 * written and read; `zlib.crc32` in Node.
 */
export type Crc = (text: string) => number

/** Time, for all of core: tests move it by hand (`manualClock`). */
export interface Clock {
  /** Epoch ms, to be shown and stored. It may jump, also backwards: clocks are set. */
  now(): number
  /**
   * Ms since whenever, which nobody can set: it never goes back and never jumps. Whatever waits, expires or is due is
   * reckoned by it; `performance.now()` in Node and in browsers.
   */
  elapsed(): number
  /**
   * Runs `run` once after `ms`, never before this returns, also for 0; must not keep a process alive. Returns how to
   * cancel it, which does nothing once it has run.
   */
  after(ms: number, run: () => void): () => void
  /** Keeps the process alive, where there is one, until what it returns is called: for what a caller waits for. */
  hold(): () => void
}

/** New ids. One that was given before would be taken for the same event, which is dropped, or for the same learner. */
export interface Ids {
  /** A new UUIDv7 (RFC 9562) whose time is `at`, epoch ms. */
  event(at: number): string
  /** A new telemetry_id: 16 characters of [a-z0-9] (SPEC §4). */
  telemetry(): string
}

/**
 * A whole line of a log, without its line feed. `offset` is where it begins and `next` where the one behind it does, bytes
 * from the beginning of the log.
 */
export interface LogLine {
  readonly text: string
  readonly offset: number
  readonly next: number
}

/** What one read of a log gives. */
export interface LogSlice {
  /** Where it was read from: as asked, or 0 where the log is another one than at the last read, or shorter. */
  readonly from: number
  readonly lines: readonly LogLine[]
  /** Where the next read goes on. */
  readonly next: number
  /** Nothing whole was left behind `next` when this was read. */
  readonly atEnd: boolean
}

/**
 * An append-only file of lines: the truth from which everything else is derived. What was read once stays as it is, at the
 * same offset, unless the log as a whole is deleted or replaced. `logConformance` tells whether one of your own will do.
 */
export interface EventLog {
  /**
   * Appends a line, given without its line feed, and returns once the operating system has the whole of it. What is left
   * of a line that was never whole must not become part of it.
   * @throws when the operating system does not take it
   */
  append(line: string): void
  /**
   * Whole lines from byte `from` on, about `maxBytes` of them but at least one if there is one. A piece without its line
   * feed is left for a later read; a log that is not there is an empty one.
   * @param from where a line begins or ends, or 0
   * @throws when the log is there and cannot be read
   */
  read(from: number, maxBytes: number): LogSlice
  /** Bytes in the log now; 0 where there is none. Cheap: nothing of the log is read. */
  size(): number
  /** Calls `tick` every so often, because other processes may append; must not keep a process alive. Returns how to stop it. */
  watch(tick: () => void): () => void
}

/**
 * What telemetry.json is at the moment. `ours`: what we last wrote. `foreign`: readable, and anything else, JSON or not.
 * `unreadable`: there, and no file that can be read; it is set aside.
 */
export type SnapshotFile =
  | { readonly kind: 'none' }
  | { readonly kind: 'ours' }
  | {
      readonly kind: 'foreign'
      readonly text: string
      /** What was read has been taken in: from here on it is known as ours. @throws when that cannot be kept */
      adopted(): void
    }
  | { readonly kind: 'unreadable'; readonly reason: string }

/** A telemetry.json on its way. Nobody sees it before `commit`; either that or `discard` ends it. */
export interface Replacement {
  /** Adds the next piece; each is waited for. Rejects when it cannot, as on a full disk. */
  write(text: string): Promise<void>
  /**
   * Replaces the file atomically and remembers it as ours. Rejects when it cannot, or when somebody else wrote there since
   * `replace`; the old file is then intact.
   */
  commit(): Promise<void>
  /** Gives it up and removes what was written of it; called after a failure as well. Must not reject. */
  discard(): Promise<void>
}

/**
 * telemetry.json, and the knowledge which one is ours, which must outlive the process: a file that somebody else wrote is
 * imported before anything is written over it (SPEC §7).
 */
export interface SnapshotStore {
  /**
   * Looks at the file. Called before every write, so it should not read what it can tell otherwise.
   * @throws when it cannot be looked at; then nothing is written
   */
  read(): SnapshotFile
  /** The log is gone from which what is there was written: from here on it is foreign. */
  disown(): void
  /** Begins a new file, without holding the event loop. One is written at a time. */
  replace(): Replacement
  /**
   * The same at once, for a process that is about to exit; a replacement under way is then discarded.
   * @throws when it cannot; the old file is then intact
   */
  replaceSync(pieces: Iterable<string>): void
  /** Moves a file that is no telemetry out of the way, keeping it. Returns its new name, without folder. @throws when it cannot */
  setAside(): string
}

/** Durable progress of one destination (SPEC §6). A destination that was never tried has none. */
export interface DeliveryState {
  /** Byte offset behind the last delivered line; for snapshots behind the last line folded in. */
  readonly offset: number
  /** Id of that line's event. */
  readonly id?: string | undefined
  /** Parcels it took, dead letters that were sent again among them. */
  readonly delivered: number
  /** Events that are dead letters now. */
  readonly deadLettered: number
  /** Failed attempts at the present parcel, from which the back-off is reckoned. */
  readonly attempts: number
  /** The process that set it makes no attempt before this time, epoch ms. Another one starts with an attempt ... */
  readonly retryAt?: number | undefined
  /** ... unless the receiver asked for that wait (`Retry-After`), ms: it is waited for, at most as long. */
  readonly retryAsked?: number | undefined
  /** Why nothing is sent until a student logs in behind that offset of the log, bytes, or the transport's `settings` change. */
  readonly paused?:
    { readonly reason: string; readonly offset: number; readonly settings?: string | undefined } | undefined
  /** What the last attempt that did not deliver was answered; undefined after one that did. */
  readonly lastError?: string | undefined
}

/**
 * How far each destination is. Written by the one process that holds the lease, read by any; a cursor that is lost sends
 * again what was delivered.
 * @inline
 */
export interface CursorStore {
  /** Every destination that was ever tried, also those that are no longer configured. */
  list(): { readonly destination: string; readonly state: DeliveryState }[]
  /** Undefined where it was never tried, or what is stored cannot be read. @param destination as `destinationOf` names it */
  read(destination: string): DeliveryState | undefined
  /**
   * Replaces what is stored, whole or not at all. What the log holds must be as durable as a cursor that has moved over it.
   * @throws when it cannot; it is then tried again later
   */
  write(destination: string, state: DeliveryState): void
}

/** An event its destination refused for good. It keeps no body: that is made from the line of the log again. */
export interface DeadLetter {
  /** As `destinationOf` names it. */
  readonly destination: string
  /** Of the event. */
  readonly id: string
  /** Where its line begins in the log, bytes. */
  readonly offset: number
  /** When it was refused, epoch ms. */
  readonly at: number
  /** What the destination answered, for a person. */
  readonly reason: string
  /** When it was delivered after all, epoch ms. */
  readonly deliveredAt?: number
}

/**
 * Dead letters of one telemetry. Only ever appended to: what became of a letter later is another record of the same
 * destination and id (`stillDead` tells which count).
 * @inline
 */
export interface DeadLetterStore {
  /** @throws when it cannot be kept; the event is then sent again */
  append(letter: DeadLetter): void
  /** Every record, oldest first. */
  list(): DeadLetter[]
}

/** Calls that recorded nothing for one reason, counted until there was a chance to store them. */
export interface Refusal {
  /** Time of the last of them, epoch ms. */
  readonly at: number
  /** For a person, redacted; beyond 100 different ones `for other reasons`. */
  readonly reason: string
  readonly count: number
}

/**
 * What was refused, kept beside the log so that `status` can tell of other processes, too. Only ever appended to.
 * @inline
 */
export interface RefusalStore {
  /** @throws when it cannot be kept; it is then tried again later */
  append(refusal: Refusal): void
  /** Every record, oldest first: the same reason may come several times. */
  list(): Refusal[]
}

/** What is kept of one telemetry: its log, which is the truth, and beside it what the log does not tell. */
export interface TelemetryStore {
  readonly log: EventLog
  readonly cursors: CursorStore
  readonly deadLetters: DeadLetterStore
  readonly refusals: RefusalStore
}

/**
 * Of all processes on one course folder, one at a time renders and delivers; all of them may append. A holder that died
 * without letting go must be found out.
 */
export interface Lease {
  /**
   * Takes it if nobody holds it. Returns its term while it is held here, else undefined. Called before every attempt and
   * every write, so it must be cheap for who holds it.
   * Every taking has a term of its own: with another one, what was known of shared files is out of date.
   */
  acquire(): number | undefined
  /** Lets go of it, if it is held here. */
  release(): void
  /** Asks who holds it to look at the log once more before letting go: for who ends without it. */
  ask(): void
  /** Whether somebody asked since it was taken last. */
  asked(): boolean
}

/**
 * Which telemetry of a course folder is going on, and whose they are. Derived from the logs, which decide where the two
 * disagree; it may be lost.
 */
export interface CourseIndex {
  /** Its telemetry_id. */
  readonly current: string
  /** The student logged in there. */
  readonly student?: StudentId | undefined
  /** The student of each telemetry that has one, by telemetry_id. */
  readonly owners: Readonly<Record<string, StudentId>>
  /** How far each log was read, bytes, by telemetry_id: what lies behind may say otherwise. */
  readonly read?: Readonly<Record<string, number>>
  /** The machine where whoever is logged in logged in (SPEC §4 rule 5); on another one, that login does not count. */
  readonly machine?: string | undefined
}

/**
 * Everything kept for one course folder: a telemetry per student, and telemetry.json of the current one. What throws in it
 * is told as `fault`; recording goes on as soon as it works again. `memoryStorage` is the shortest example.
 */
export interface Storage {
  readonly snapshot: SnapshotStore
  readonly lease: Lease
  /** As it is stored now: other processes write it, too. Undefined where there is none that is whole. */
  readIndex(): CourseIndex | undefined
  /** Replaces it, whole or not at all. @throws when it cannot */
  writeIndex(index: CourseIndex): void
  /** Stores the first index of a folder, unless another process has. Returns the one that is stored. */
  claimIndex(index: CourseIndex): CourseIndex
  /** Every telemetry that has a log, by an id that `open` takes. */
  list(): string[]
  /**
   * Opens the telemetry of that id. One that is not there comes to be with its first line. Opened twice, both see the same.
   * @param telemetry_id may come from a file that a stranger wrote: not fit to name a file as it is
   */
  open(telemetry_id: string): TelemetryStore
}
