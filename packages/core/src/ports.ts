// What core needs of the world. Everything that has a clock, randomness, a disk or a network comes in here.

import type { StudentId } from './events'

/** CRC-32 (ISO 3309, as in zip and PNG) of the UTF-8 bytes of `text`, as an unsigned 32-bit integer. */
export type Crc = (text: string) => number

export interface Clock {
  /** Epoch ms. */
  now(): number
  /** Runs `run` once after `ms`; must not keep a process alive. Returns how to cancel it. */
  after(ms: number, run: () => void): () => void
  /** Keeps the process alive, where there is one, until what it returns is called: for what a caller waits for. */
  hold(): () => void
}

export interface Ids {
  /** A new UUIDv7 (RFC 9562) whose time is `at`, epoch ms. */
  event(at: number): string
  /** A new telemetry_id: 16 characters of [a-z0-9] (SPEC §4). */
  telemetry(): string
}

/** A whole line of a log, without its line feed. `next` is the byte offset behind it. */
export interface LogLine {
  readonly text: string
  readonly offset: number
  readonly next: number
}

export interface LogSlice {
  /** Where it was read from: as asked, or 0 where the log is another one than at the last read, or shorter. */
  readonly from: number
  readonly lines: readonly LogLine[]
  /** Where the next read goes on. */
  readonly next: number
  /** Nothing whole was left behind `next` when this was read. */
  readonly atEnd: boolean
}

/** An append-only file of lines. */
export interface EventLog {
  /** Returns once the operating system has the whole line. @throws when it does not. */
  append(line: string): void
  /** Whole lines from byte `from` on, about `maxBytes` of them but at least one if there is one. */
  read(from: number, maxBytes: number): LogSlice
  /** Bytes in the log now. */
  size(): number
  /** Calls `tick` every so often, because other processes may append. Returns how to stop it. */
  watch(tick: () => void): () => void
}

/** What telemetry.json is at the moment. `foreign`: readable, and not what we last wrote. */
export type SnapshotFile =
  | { readonly kind: 'none' }
  | { readonly kind: 'ours' }
  /** `adopted`: what was read has been taken in, from here on it is known as ours. */
  | { readonly kind: 'foreign'; readonly text: string; adopted(): void }
  | { readonly kind: 'unreadable'; readonly reason: string }

/** A telemetry.json on its way. Nobody sees it before `commit`. */
export interface Replacement {
  write(text: string): Promise<void>
  /** Replaces the file atomically and remembers it as ours. Rejects when it cannot; the old file is then intact. */
  commit(): Promise<void>
  discard(): Promise<void>
}

export interface SnapshotStore {
  read(): SnapshotFile
  /** The log is gone from which what is there was written: from here on it is foreign. */
  disown(): void
  replace(): Replacement
  /** The same at once, for a process that is about to exit. @throws when it cannot; the old file is then intact. */
  replaceSync(pieces: Iterable<string>): void
  /** Moves a file that is no telemetry out of the way, keeping it. Returns its new name. */
  setAside(): string
}

/** Durable progress of one destination. */
export interface DeliveryState {
  /** Byte offset behind the last delivered line; for snapshots behind the last line folded in. */
  readonly offset: number
  /** Id of that line's event. */
  readonly id?: string | undefined
  readonly delivered: number
  readonly deadLettered: number
  /** Failed attempts at the present parcel. */
  readonly attempts: number
  /** No attempt before this time, epoch ms. */
  readonly retryAt?: number | undefined
  /** Why nothing is sent until a student logs in behind that offset of the log, bytes. */
  readonly paused?: { readonly reason: string; readonly offset: number } | undefined
  /** What the last attempt that did not deliver was answered. */
  readonly lastError?: string | undefined
}

export interface CursorStore {
  /** Every destination that was ever tried. */
  list(): { readonly destination: string; readonly state: DeliveryState }[]
  read(destination: string): DeliveryState | undefined
  /** What the log holds must be as durable as a cursor that has moved over it. */
  write(destination: string, state: DeliveryState): void
}

/** A parcel its destination refused for good. */
export interface DeadLetter {
  readonly destination: string
  readonly id: string
  /** Where its line begins in the log, bytes. */
  readonly offset: number
  /** When it was refused, epoch ms. */
  readonly at: number
  readonly reason: string
  /** When it was delivered after all, epoch ms. */
  readonly deliveredAt?: number
}

/** Only ever appended to: what became of a letter later is another record of the same destination and id. */
export interface DeadLetterStore {
  append(letter: DeadLetter): void
  list(): DeadLetter[]
}

/** Calls of one kind that recorded nothing. */
export interface Refusal {
  /** Time of the last of them, epoch ms. */
  readonly at: number
  readonly reason: string
  readonly count: number
}

export interface RefusalStore {
  append(refusal: Refusal): void
  list(): Refusal[]
}

/** What is kept of one telemetry. */
export interface TelemetryStore {
  readonly log: EventLog
  readonly cursors: CursorStore
  readonly deadLetters: DeadLetterStore
  readonly refusals: RefusalStore
}

/** Of all processes on one course folder, one at a time renders and delivers (SPEC §7). */
export interface Lease {
  /**
   * Takes it if nobody holds it; cheap for who does. Returns its term while it is held here, else undefined.
   * Every taking has a term of its own: with another one, what was known of shared files is out of date.
   */
  acquire(): number | undefined
  release(): void
  /** Asks who holds it to look at the log once more before letting go: for who ends without it. */
  ask(): void
  /** Whether somebody asked since it was taken last. */
  asked(): boolean
}

/** Which telemetry of a course folder is going on, and whose they are. Derived from the logs. */
export interface CourseIndex {
  readonly current: string
  readonly student?: StudentId | undefined
  readonly owners: Readonly<Record<string, StudentId>>
}

/** Everything kept for one course folder: a telemetry per student, and telemetry.json of the current one. */
export interface Storage {
  readonly snapshot: SnapshotStore
  readonly lease: Lease
  readIndex(): CourseIndex | undefined
  writeIndex(index: CourseIndex): void
  /** Stores the first index of a folder, unless another process has. Returns the one that is stored. */
  claimIndex(index: CourseIndex): CourseIndex
  list(): string[]
  /** Opens the telemetry of that id, creating it if need be. */
  open(telemetry_id: string): TelemetryStore
}
