// The storage that one process has of a disk: every call may fail as the weather says, or be the last of its process. What
// it syncs, and when, is what transport-file does.

import type { EventLog, Lease, SnapshotStore, Storage, TelemetryStore } from '@learnpack/telemetry-core'
import { emptyKept, LogFile, SmallFile, type Disk, type Holder, type Kept } from './disk'
import type { Random } from './random'
import { count } from './weather'

/** How long a holder trusts that it holds the lease before it looks again, ms. */
const TRUST_MS = 1_000
/** How often other processes' lines are looked for, ms. */
const WATCH_MS = 500
/** How often it is looked where nothing was appended, ms: real processes look every 500 ms, and find nothing. */
const LOOK_MS = 60_000
/** What was appended is synced in the background after that, ms. */
const SYNC_MS = 1_000
/** Without a sign of life for that long a process is taken for dead, ms. */
export const STALE_MS = 30_000
const REMEMBERED = 2

/** Ends the process in the middle of a call. */
export class Killed extends Error {}

export interface User extends Holder {
  /** Ms, by a clock that nobody can set. */
  elapsed(): number
  after(ms: number, run: () => void): () => void
  /** Ms of the timeline. */
  readonly now: number
  /** Called before and after every call to the disk. @throws Killed where it is the last */
  calls(what: string): void
  /** Runs once it is dead. */
  atEnd(run: () => void): void
}

/** As a disk says it. */
const failed = (code: string, message: string): Error =>
  Object.assign(new Error(`${code}: ${message}`), { code })

/** @param chance of the present step */
export function storageOf(disk: Disk, user: User, chance: () => Random): Storage {
  const { weather, struck } = disk

  function fails(what: string, probability: number): boolean {
    const does = probability > 0 && chance().chance(probability)
    if (does) count(struck, what)
    return does
  }

  function looking<T>(what: string, look: () => T): T {
    user.calls(what)
    if (fails('unreadable', weather.unreadable)) throw failed('EIO', 'cannot be read')
    return look()
  }

  function writing<T>(what: string, write: () => T, grows = true): T {
    user.calls(what)
    if (grows && weather.full) {
      count(struck, 'full disk')
      throw failed('ENOSPC', 'no space left')
    }
    if (fails('write refused', weather.refused)) throw failed('EIO', 'refused')
    const result = write()
    user.calls(what)
    if (fails('write done and said to have failed', weather.lied)) throw failed('EIO', 'done all the same')
    return result
  }

  /** Of cursors and dead letters: one process at a time writes them. */
  function leads(what: string): void {
    if (disk.lease.holder !== user && !disk.isStray)
      disk.misuse ??= `a ${what} was stored by a process that does not hold the lease`
  }

  const keptOf = (id: string): Kept | undefined => disk.contents.telemetries.get(id)

  function keep(id: string): Kept {
    const kept = keptOf(id) ?? emptyKept()
    disk.contents.telemetries.set(id, kept)
    return kept
  }

  function logOf(id: string): EventLog {
    let reads: LogFile | undefined
    let writes: LogFile | undefined
    /** Whether the file may end in half a line: of ours, or of a process that was killed. */
    let isTorn = true
    let cancelSync: (() => void) | undefined

    function add(text: string): void {
      const kept = keep(id)
      kept.log ??= new LogFile()
      writes = kept.log
      writes.add(text)
      disk.written += text.length
      disk.appended()
      cancelSync ??= user.after(SYNC_MS, () => {
        cancelSync = undefined
        keptOf(id)?.log?.sync()
      })
    }

    return {
      append(line) {
        const file = keptOf(id)?.log
        isTorn ||= file !== writes
        const text = `${isTorn && (file?.tail ?? '') !== '' ? '\n' : ''}${line}\n`
        isTorn = true
        if (!weather.full && fails('torn line', weather.torn)) {
          user.calls('log')
          add(text.slice(0, chance().below(text.length)))
          throw failed('EIO', 'short write')
        }
        writing('log', () => add(text))
        isTorn = false
      },
      read: (from, maxBytes) =>
        looking('read', () => {
          const file = keptOf(id)?.log
          const isOther = reads !== undefined && file !== reads
          reads = file
          if (file === undefined) return { from: 0, lines: [], next: 0, atEnd: true }
          const start = isOther || from > file.size ? 0 : from
          const first = file.at(start)
          let last = first
          while (last < file.lines.length && (file.lines[last]?.offset ?? 0) - start < maxBytes) last++
          const lines = [...file.from(start), ...file.lines.slice(first, last)]
          return {
            from: start,
            lines,
            next: lines.at(-1)?.next ?? start,
            atEnd: last === file.lines.length,
          }
        }),
      size: () => looking('size', () => keptOf(id)?.log?.size ?? 0),
      watch(tick) {
        let cancel = user.after(LOOK_MS, idle)
        let isSoon = false
        function idle(): void {
          isSoon = false
          cancel = user.after(LOOK_MS, idle)
          tick()
        }
        const unwatch = disk.watch(() => {
          if (isSoon) return
          isSoon = true
          cancel()
          cancel = user.after(WATCH_MS, idle)
        })
        user.atEnd(unwatch)
        return () => {
          cancel()
          unwatch()
        }
      },
    }
  }

  const storeOf = (id: string): TelemetryStore => ({
    log: logOf(id),
    cursors: {
      list: () =>
        [...(keptOf(id)?.cursors ?? [])].flatMap(([destination, { value: state }]) =>
          state === undefined ? [] : { destination, state },
        ),
      // What cannot be read counts as lost.
      read: (destination) => keptOf(id)?.cursors.get(destination)?.value,
      write(destination, state) {
        user.calls('cursor')
        leads('cursor')
        // A cursor must never be more durable than the lines it has moved over.
        writing('sync', () => keptOf(id)?.log?.sync())
        writing('cursor', () => {
          const { cursors } = keep(id)
          const file = cursors.get(destination) ?? new SmallFile<typeof state | undefined>(undefined)
          cursors.set(destination, file)
          file.set(state, user.now)
        })
      },
    },
    deadLetters: {
      append(letter) {
        user.calls('dead letter')
        leads('dead letter')
        writing('dead letter', () => {
          const { letters } = keep(id)
          letters.set([...letters.value, letter])
        })
      },
      list: () => looking('dead letters', () => [...(keptOf(id)?.letters.value ?? [])]),
    },
    refusals: {
      append: (refusal) =>
        writing('refusal', () => {
          const { refusals } = keep(id)
          refusals.set([...refusals.value, refusal])
        }),
      list: () => looking('refusals', () => [...(keptOf(id)?.refusals.value ?? [])]),
    },
  })

  const remember = (text: string): void => {
    const { ours } = disk.contents
    ours.set([text, ...ours.value.filter((one) => one !== text)].slice(0, REMEMBERED), user.now)
  }

  function put(text: string, before: string | undefined): void {
    if (disk.contents.snapshot.value !== before) throw new Error('somebody else wrote it meanwhile')
    writing('fingerprint', () => remember(text))
    writing('telemetry.json', () => disk.contents.snapshot.set(text))
  }

  const snapshot: SnapshotStore = {
    read: () =>
      looking('telemetry.json', () => {
        const text = disk.contents.snapshot.value
        if (text === undefined) return { kind: 'none' }
        if (disk.contents.ours.value.includes(text)) return { kind: 'ours' }
        return { kind: 'foreign', text, adopted: () => writing('fingerprint', () => remember(text)) }
      }),
    disown: () => writing('fingerprint', () => disk.contents.ours.set([], user.now)),
    replace() {
      let text = ''
      const before = disk.contents.snapshot.value
      return {
        async write(piece) {
          writing('telemetry.json', () => void (text += piece))
        },
        async commit() {
          put(text, before)
        },
        discard: async () => {},
      }
    },
    replaceSync(pieces) {
      const before = disk.contents.snapshot.value
      let text = ''
      for (const piece of pieces) text += piece
      put(text, before)
    },
    setAside: () =>
      writing(
        'telemetry.json',
        () => {
          disk.contents.snapshot.set(undefined)
          return `telemetry.json.aside-${++disk.contents.asides}`
        },
        false,
      ),
  }

  let mine: number | undefined
  let lookedAt = -Infinity
  const lease: Lease = {
    acquire() {
      if (mine !== undefined && user.elapsed() - lookedAt < TRUST_MS) return mine
      return looking('lease', () => {
        const { lease } = disk
        const isMine = lease.holder === user && lease.term === mine
        if (!isMine) {
          if (mine !== undefined) count(struck, 'lease lost under a living holder')
          mine = undefined
        }
        if (!isMine && lease.holder?.showsLife() !== true) {
          const at = user.now
          // Until the process knows that it has it, no sign of life follows.
          const holder = { showsLife: () => user.showsLife() && user.now - at < STALE_MS }
          writing('lease', () => void (disk.lease = { term: lease.term + 1, holder, asked: false }))
          disk.lease.holder = user
          mine = lease.term + 1
        }
        if (mine !== undefined) lookedAt = user.elapsed()
        return mine
      })
    },
    release() {
      if (mine === undefined) return
      if (disk.lease.holder === user && disk.lease.term === mine) disk.lease.holder = undefined
      mine = undefined
    },
    ask: () => writing('lease', () => void (disk.lease.asked = true)),
    asked: () => looking('lease', () => disk.lease.asked),
  }

  const index = (): Disk['contents']['index'] => disk.contents.index
  return {
    snapshot,
    lease,
    readIndex: () => looking('index', () => index().value),
    writeIndex: (value) => writing('index', () => index().set(value, user.now)),
    claimIndex: (value) =>
      writing('index', () => {
        if (index().value === undefined) index().set(value, user.now)
        return index().value ?? value
      }),
    list: () =>
      looking('list', () =>
        [...disk.contents.telemetries].filter(([, { log }]) => log !== undefined).map(([id]) => id),
      ),
    open: (id) => looking('open', () => storeOf(id)),
  }
}
