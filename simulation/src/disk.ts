// A course folder on the disk of one machine: what its files hold, for every process that has it open.

import type { CourseIndex, DeadLetter, DeliveryState, LogLine, Refusal } from '@learnpack/telemetry-core'
import { clearDisk, type DiskWeather } from './weather'

/** A file of lines. Another one at its place is another object. */
export class LogFile {
  readonly lines: LogLine[] = []
  /** What no line feed ends. */
  tail = ''
  size = 0

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

  copy(): LogFile {
    const copy = new LogFile()
    copy.lines.push(...this.lines)
    copy.tail = this.tail
    copy.size = this.size
    return copy
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

/** What is kept of one telemetry. */
export interface Kept {
  log: LogFile | undefined
  readonly cursors: Map<string, DeliveryState>
  readonly letters: DeadLetter[]
  readonly refusals: Refusal[]
}

/** Everything in the folder. */
export interface Contents {
  readonly telemetries: Map<string, Kept>
  index: CourseIndex | undefined
  /** The text of telemetry.json. */
  snapshot: string | undefined
  /** Texts that are known as ours. */
  ours: readonly string[]
  asides: number
}

export interface Disk {
  /** Replaced as a whole by a backup. */
  contents: Contents
  readonly machine: string
  readonly weather: DiskWeather
  /** Who is logged in, as LearnPack's session file says. */
  student: number | undefined
  /** Switched off by the learner. */
  isOff: boolean
  /** Who holds the lease, in which term; `undefined` where it was let go. */
  lease: { readonly term: number; holder: Holder | undefined; asked: boolean }
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

export const emptyContents = (): Contents => ({
  telemetries: new Map(),
  index: undefined,
  snapshot: undefined,
  ours: [],
  asides: 0,
})

export function createDisk(machine: string, contents = emptyContents()): Disk {
  const watchers = new Set<() => void>()
  return {
    contents,
    machine,
    weather: clearDisk(),
    student: undefined,
    isOff: false,
    lease: { term: 0, holder: undefined, asked: false },
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

export const copyOf = (contents: Contents): Contents => ({
  ...contents,
  telemetries: new Map(
    [...contents.telemetries].map(([id, kept]) => [
      id,
      {
        log: kept.log?.copy(),
        cursors: new Map(kept.cursors),
        letters: [...kept.letters],
        refusals: [...kept.refusals],
      },
    ]),
  ),
})
