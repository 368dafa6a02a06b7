// A course folder on the disk of one machine: what its files hold, for every process that has it open, and what of that a
// power cut takes.

import type { CourseIndex, DeadLetter, DeliveryState, LogLine, Refusal } from '@learnpack/telemetry-core'
import type { Random } from './random'
import { clearDisk, type Counts, type DiskWeather } from './weather'

/** A file of lines. Another one at its place is another object. */
export class LogFile {
  readonly lines: LogLine[] = []
  /** What no line feed ends. */
  tail = ''
  size = 0
  /** So much of it outlives a power cut. */
  synced = 0

  add(text: string): void {
    const pieces = `${this.tail}${text}`.split('\n')
    let offset = this.size - this.tail.length
    this.tail = pieces.pop() ?? ''
    for (const piece of pieces) {
      const next = offset + piece.length + 1
      this.lines.push({ text: piece, offset, next })
      offset = next
    }
    this.size = offset + this.tail.length
  }

  sync(): void {
    this.synced = this.size
  }

  /** The beginning of it, as another file. */
  copy(size = this.size): LogFile {
    const copy = new LogFile()
    copy.lines.push(...this.lines.filter(({ next }) => next <= size))
    const end = copy.lines.at(-1)?.next ?? 0
    const cut = this.lines[copy.lines.length]
    copy.tail = (cut === undefined ? this.tail : `${cut.text}\n`).slice(0, size - end)
    copy.size = end + copy.tail.length
    copy.synced = copy.size
    return copy
  }

  /** The same with another character for a line feed: two lines are one, which is damaged. */
  joined(at: number): LogFile {
    const copy = this.copy()
    const [one, two] = copy.lines.slice(at, at + 2) as [LogLine, LogLine]
    copy.lines.splice(at, 2, { text: `${one.text}*${two.text}`, offset: one.offset, next: two.next })
    return copy
  }

  /** What is left of the line that an offset is in the middle of. */
  from(offset: number): LogLine[] {
    const line = this.lines[this.at(offset) - 1]
    if (line === undefined || line.next <= offset) return []
    return [{ text: line.text.slice(offset - line.offset), offset, next: line.next }]
  }

  /** Index of the first line at or behind an offset. */
  at(offset: number): number {
    let low = 0
    let high = this.lines.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.lines[middle] as LogLine).offset < offset) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** The operating system writes to the disk by itself what is older, ms. */
const WRITTEN_BACK_MS = 30_000

/** A file that is replaced as a whole, or a short one of records. A power cut may bring an earlier one back. */
export class SmallFile<T> {
  #versions: { readonly value: T; readonly at: number }[]

  constructor(value: T) {
    this.#versions = [{ value, at: -Infinity }]
  }

  get value(): T {
    return (this.#versions.at(-1) as { value: T }).value
  }

  /** @param at ms of the timeline; undefined where it is on the disk at once */
  set(value: T, at?: number): void {
    if (at === undefined) this.#versions = [{ value, at: -Infinity }]
    else this.#versions = [...this.#left(at), { value, at }]
  }

  cut(at: number, { pick }: Random): void {
    this.set(pick(this.#left(at)).value)
  }

  /** Those that may be on the disk. */
  #left(now: number) {
    const last = this.#versions.findLastIndex(({ at }) => at <= now - WRITTEN_BACK_MS)
    return this.#versions.slice(Math.max(0, last))
  }
}

/** What is kept of one telemetry. */
export interface Kept {
  log: LogFile | undefined
  readonly cursors: Map<string, SmallFile<DeliveryState | undefined>>
  readonly letters: SmallFile<readonly DeadLetter[]>
  readonly refusals: SmallFile<readonly Refusal[]>
}

/** Everything in the folder. */
export interface Contents {
  readonly telemetries: Map<string, Kept>
  readonly index: SmallFile<CourseIndex | undefined>
  /** The text of telemetry.json. */
  readonly snapshot: SmallFile<string | undefined>
  /** Texts that are known as ours. */
  readonly ours: SmallFile<readonly string[]>
  asides: number
}

export interface Disk {
  /** Replaced as a whole by a backup. */
  contents: Contents
  readonly machine: string
  readonly weather: DiskWeather
  /** How often each kind of fault struck. */
  readonly struck: Counts
  /** Who is logged in, as LearnPack's session file says. */
  student: number | undefined
  /** Whether there is a session file: nobody ever logged in or out on a machine without one. */
  hasSession: boolean
  /** Switched off by the learner. */
  isOff: boolean
  /** Who holds the lease, in which term; `undefined` where it was let go. */
  lease: { readonly term: number; holder: Holder | undefined; asked: boolean }
  /** It was replaced under processes that lived: they stored there what they knew of another folder. */
  isStray: boolean
  /** What a process did that it must not, in words. */
  misuse: string | undefined
  /** Characters written to logs. */
  written: number
  /** Calls `run` whenever something was appended to a log. Returns how to stop it. */
  watch(run: () => void): () => void
  appended(): void
}

export interface Holder {
  /** Whether a sign of life came from it within 30 s. */
  showsLife(): boolean
}

export const emptyKept = (): Kept => ({
  log: undefined,
  cursors: new Map(),
  letters: new SmallFile([]),
  refusals: new SmallFile([]),
})

export const emptyContents = (): Contents => ({
  telemetries: new Map(),
  index: new SmallFile(undefined),
  snapshot: new SmallFile(undefined),
  ours: new SmallFile([]),
  asides: 0,
})

export function createDisk(machine: string, contents = emptyContents()): Disk {
  const watchers = new Set<() => void>()
  return {
    contents,
    machine,
    weather: clearDisk(),
    struck: new Map(),
    student: undefined,
    hasSession: false,
    isOff: false,
    lease: { term: 0, holder: undefined, asked: false },
    isStray: false,
    misuse: undefined,
    written: 0,
    watch(run) {
      watchers.add(run)
      return () => watchers.delete(run)
    },
    appended() {
      for (const run of watchers) run()
    },
  }
}

/** A copy of every file, each whole. */
export const copyOf = (contents: Contents): Contents => ({
  telemetries: new Map(
    [...contents.telemetries].map(([id, kept]) => [
      id,
      {
        log: kept.log?.copy(),
        cursors: new Map([...kept.cursors].map(([name, { value }]) => [name, new SmallFile(value)])),
        letters: new SmallFile(kept.letters.value),
        refusals: new SmallFile(kept.refusals.value),
      },
    ]),
  ),
  index: new SmallFile(contents.index.value),
  snapshot: new SmallFile(contents.snapshot.value),
  ours: new SmallFile(contents.ours.value),
  asides: contents.asides,
})

/** What is left of it when the power comes back: each file as it was at some time since it was synced. */
export function cutPower({ telemetries, index, snapshot, ours }: Contents, at: number, chance: Random): void {
  for (const kept of telemetries.values()) {
    const { log, cursors, letters, refusals } = kept
    if (log !== undefined) kept.log = log.copy(log.synced + chance.below(log.size - log.synced + 1))
    for (const cursor of cursors.values()) cursor.cut(at, chance)
    letters.cut(at, chance)
    refusals.cut(at, chance)
  }
  for (const file of [index, snapshot, ours] as SmallFile<unknown>[]) file.cut(at, chance)
}
