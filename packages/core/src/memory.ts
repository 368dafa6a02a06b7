/**
 * `@learnpack/telemetry-core/memory`: everything in memory, for tests, for a browser, and as the shortest example of the
 * ports.
 * @module
 */

import type {
  Clock,
  CourseIndex,
  DeadLetter,
  DeliveryState,
  EventLog,
  LogLine,
  Refusal,
  SnapshotStore,
  Storage,
  TelemetryStore,
} from './ports'

/**
 * A log of lines. Offsets count UTF-16 code units instead of bytes: nothing reads them but this log. It is gone with the
 * process, and `watch` never ticks: nobody else appends.
 * @param initial the text of a log to begin with; what no line feed ends is no line yet
 */
export function memoryLog(initial = ''): EventLog & {
  /** The whole log, as its file would be. */
  text(): string
} {
  const lines: LogLine[] = []
  let rest = ''
  let size = 0

  /** Text that no line feed ends is no line yet. */
  function add(text: string): void {
    const pieces = `${rest}${text}`.split('\n')
    size -= rest.length
    rest = pieces.pop() ?? ''
    for (const piece of pieces) {
      lines.push({ text: piece, offset: size, next: size + piece.length + 1 })
      size += piece.length + 1
    }
    size += rest.length
  }

  /** Index of the first line at or behind `offset`. */
  function indexOf(offset: number): number {
    let low = 0
    let high = lines.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((lines[middle] as LogLine).offset < offset) low = middle + 1
      else high = middle
    }
    return low
  }

  add(initial)
  return {
    text: () => lines.map(({ text }) => `${text}\n`).join('') + rest,
    append: (line) => add(`${line}\n`),
    size: () => size,
    watch: () => () => {},
    read(from, maxBytes) {
      const first = indexOf(from)
      let last = first
      while (last < lines.length && (lines[last] as LogLine).offset - from < maxBytes) last++
      const read = lines.slice(first, last)
      return { from, lines: read, next: read.at(-1)?.next ?? from, atEnd: last === lines.length }
    },
  }
}

/** A course folder in memory, with what a test wants to look at. */
export interface MemoryStorage extends Storage {
  /** What telemetry.json holds; `undefined` is no file. Setting it is somebody else's writing. */
  telemetryJson: string | undefined
  /** What was set aside as no telemetry, oldest first. */
  readonly asides: string[]
  /** The text of a telemetry's log; '' where there is none. */
  log(telemetry_id: string): string
}

/**
 * A course folder in memory, for one runtime: its lease is always there to take.
 * @param telemetryJson what somebody else left there. Default: no file
 */
export function memoryStorage(telemetryJson?: string): MemoryStorage {
  const stores = new Map<string, TelemetryStore & { log: ReturnType<typeof memoryLog> }>()
  const asides: string[] = []
  let index: CourseIndex | undefined
  let ours: string | undefined

  const snapshot: SnapshotStore = {
    read() {
      const text = storage.telemetryJson
      if (text === undefined) return { kind: 'none' }
      return text === ours ? { kind: 'ours' } : { kind: 'foreign', text, adopted: () => void (ours = text) }
    },
    disown() {
      ours = undefined
    },
    replace() {
      let text = ''
      return {
        write: async (chunk) => void (text += chunk),
        commit: async () => snapshot.replaceSync([text]),
        discard: async () => {},
      }
    },
    replaceSync(pieces) {
      storage.telemetryJson = ours = [...pieces].join('')
    },
    setAside() {
      asides.push(storage.telemetryJson ?? '')
      storage.telemetryJson = undefined
      return `telemetry.json.aside-${asides.length}`
    },
  }

  const storage: MemoryStorage = {
    telemetryJson,
    asides,
    snapshot,
    lease: { acquire: () => 1, release: () => {}, ask: () => {}, asked: () => false },
    readIndex: () => index,
    writeIndex: (next) => (index = next),
    claimIndex: (next) => (index ??= next),
    list: () => [...stores.keys()],
    open(id) {
      const store = stores.get(id) ?? memoryStore()
      stores.set(id, store)
      return store
    },
    log: (id) => stores.get(id)?.log.text() ?? '',
  }
  return storage
}

function memoryStore() {
  const states = new Map<string, DeliveryState>()
  const letters: DeadLetter[] = []
  const refusals: Refusal[] = []
  return {
    log: memoryLog(),
    cursors: {
      list: () => [...states].map(([destination, state]) => ({ destination, state })),
      read: (destination: string) => states.get(destination),
      write: (destination: string, state: DeliveryState) => void states.set(destination, state),
    },
    deadLetters: { append: (letter: DeadLetter) => void letters.push(letter), list: () => [...letters] },
    refusals: { append: (refusal: Refusal) => void refusals.push(refusal), list: () => [...refusals] },
  }
}

/**
 * A clock that stands still until it is moved: nothing that was put off runs by itself. It holds no process. To move it
 * moves both its times; `jump` sets the time of day alone, as who sets a clock does.
 * @param now where it begins, epoch ms. Default: 0
 */
export function manualClock(now = 0): Clock & {
  /** Moves it to `at`, epoch ms, running what falls due on the way, in order; what that puts off within it, too. */
  set(at: number): void
  /** The same by `ms`. */
  advance(ms: number): void
  /** Sets the time of day to `at`, epoch ms: nothing falls due by that. */
  jump(at: number): void
} {
  let timers: { at: number; run: () => void }[] = []
  let elapsed = 0

  /** Time goes on until then; never back. */
  function goOn(until: number): void {
    if (until <= elapsed) return
    now += until - elapsed
    elapsed = until
  }

  const clock = {
    now: () => now,
    elapsed: () => elapsed,
    after(ms: number, run: () => void) {
      const timer = { at: elapsed + ms, run }
      timers.push(timer)
      return () => void (timers = timers.filter((other) => other !== timer))
    },
    hold: () => () => {},
    advance(ms: number) {
      const until = elapsed + ms
      for (;;) {
        const due = timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0]
        if (due === undefined) break
        timers = timers.filter((timer) => timer !== due)
        goOn(due.at)
        due.run()
      }
      goOn(until)
    },
    set(at: number) {
      clock.advance(at - now)
      now = at
    },
    jump(at: number) {
      now = at
    },
  }
  return clock
}
