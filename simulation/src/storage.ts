// The storage that one process has of a disk: every call may fail as the weather says, or be the last of its process.

import type { EventLog, Lease, SnapshotStore, Storage, TelemetryStore } from '@learnpack/telemetry-core'
import { LogFile, type Disk, type Holder, type Kept } from './disk'
import type { Random } from './random'

/** How long a holder trusts that it holds the lease before it looks again, ms. */
const TRUST_MS = 1_000
/** How often other processes' lines are looked for, ms. */
const WATCH_MS = 500
/** How often it is looked where nothing was appended, ms: real processes look every 500 ms, and find nothing. */
const LOOK_MS = 60_000
const REMEMBERED = 2

/** Ends the process in the middle of a call. */
export class Killed extends Error {}

export interface User extends Holder {
  /** Ms, by a clock that nobody can set. */
  elapsed(): number
  after(ms: number, run: () => void): () => void
  /** Called before and after every call to the disk. @throws Killed where it is the last */
  calls(): void
}

/** @param chance of the present step */
export function storageOf(disk: Disk, user: User, chance: () => Random): Storage {
  const { weather } = disk

  function looking<T>(look: () => T): T {
    user.calls()
    if (chance().chance(weather.unreadable)) throw new Error('EIO: cannot be read')
    return look()
  }

  function writing<T>(write: () => T, grows = true): T {
    user.calls()
    if (grows && weather.full) throw new Error('ENOSPC: no space left')
    if (chance().chance(weather.refused)) throw new Error('EIO: refused')
    const result = write()
    user.calls()
    return result
  }

  const keptOf = (id: string): Kept | undefined => disk.contents.telemetries.get(id)

  function keep(id: string): Kept {
    const kept = keptOf(id) ?? { log: undefined, cursors: new Map(), letters: [], refusals: [] }
    disk.contents.telemetries.set(id, kept)
    return kept
  }

  function logOf(id: string): EventLog {
    let reads: LogFile | undefined
    const add = (text: string): void => {
      const kept = keep(id)
      kept.log ??= new LogFile()
      kept.log.add(text)
      disk.written += text.length
      disk.appended()
    }
    return {
      append(line) {
        const isTorn = (keptOf(id)?.log?.tail ?? '') !== ''
        const text = `${isTorn ? '\n' : ''}${line}\n`
        if (!weather.full && chance().chance(weather.torn)) {
          user.calls()
          add(text.slice(0, chance().below(text.length)))
          throw new Error('EIO: short write')
        }
        writing(() => add(text))
      },
      read: (from, maxBytes) =>
        looking(() => {
          const file = keptOf(id)?.log
          const isOther = reads !== undefined && file !== reads
          reads = file
          if (file === undefined) return { from: 0, lines: [], next: 0, atEnd: true }
          const start = isOther || from > file.size ? 0 : from
          const first = file.at(start)
          let last = first
          while (last < file.lines.length && (file.lines[last]?.offset ?? 0) - start < maxBytes) last++
          const lines = file.lines.slice(first, last)
          return {
            from: start,
            lines,
            next: lines.at(-1)?.next ?? start,
            atEnd: last === file.lines.length,
          }
        }),
      size: () => looking(() => keptOf(id)?.log?.size ?? 0),
      watch(tick) {
        let cancel = user.after(LOOK_MS, idle)
        function idle(): void {
          cancel = user.after(LOOK_MS, idle)
          tick()
        }
        const unwatch = disk.watch(() => {
          cancel()
          cancel = user.after(WATCH_MS, idle)
        })
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
      list: () => [...(keptOf(id)?.cursors ?? [])].map(([destination, state]) => ({ destination, state })),
      // What cannot be read counts as lost.
      read: (destination) => keptOf(id)?.cursors.get(destination),
      write: (destination, state) => writing(() => void keep(id).cursors.set(destination, state)),
    },
    deadLetters: {
      append: (letter) => writing(() => void keep(id).letters.push(letter)),
      list: () => looking(() => [...(keptOf(id)?.letters ?? [])]),
    },
    refusals: {
      append: (refusal) => writing(() => void keep(id).refusals.push(refusal)),
      list: () => looking(() => [...(keptOf(id)?.refusals ?? [])]),
    },
  })

  const remember = (text: string): void => {
    disk.contents.ours = [text, ...disk.contents.ours.filter((one) => one !== text)].slice(0, REMEMBERED)
  }

  function put(text: string, before: string | undefined): void {
    if (disk.contents.snapshot !== before) throw new Error('somebody else wrote it meanwhile')
    writing(() => remember(text))
    writing(() => void (disk.contents.snapshot = text))
  }

  const snapshot: SnapshotStore = {
    read: () =>
      looking(() => {
        const text = disk.contents.snapshot
        if (text === undefined) return { kind: 'none' }
        if (disk.contents.ours.includes(text)) return { kind: 'ours' }
        return { kind: 'foreign', text, adopted: () => writing(() => remember(text)) }
      }),
    disown: () => writing(() => void (disk.contents.ours = [])),
    replace() {
      let text = ''
      const before = disk.contents.snapshot
      return {
        async write(piece) {
          writing(() => void (text += piece))
        },
        async commit() {
          put(text, before)
        },
        discard: async () => {},
      }
    },
    replaceSync(pieces) {
      const before = disk.contents.snapshot
      let text = ''
      for (const piece of pieces) text += piece
      put(text, before)
    },
    setAside() {
      return writing(() => {
        disk.contents.snapshot = undefined
        return `telemetry.json.aside-${++disk.contents.asides}`
      }, false)
    },
  }

  let mine: number | undefined
  let lookedAt = -Infinity
  const lease: Lease = {
    acquire() {
      if (mine !== undefined && user.elapsed() - lookedAt < TRUST_MS) return mine
      return looking(() => {
        const { lease } = disk
        const isMine = lease.holder === user && lease.term === mine
        if (!isMine) mine = undefined
        if (!isMine && lease.holder?.showsLife() !== true) {
          mine = lease.term + 1
          writing(() => void (disk.lease = { term: lease.term + 1, holder: user, asked: false }))
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
    ask: () => writing(() => void (disk.lease.asked = true)),
    asked: () => looking(() => disk.lease.asked),
  }

  return {
    snapshot,
    lease,
    readIndex: () => looking(() => disk.contents.index),
    writeIndex: (index) => writing(() => void (disk.contents.index = index)),
    claimIndex: (index) => writing(() => (disk.contents.index ??= index)),
    list: () =>
      looking(() =>
        [...disk.contents.telemetries].filter(([, { log }]) => log !== undefined).map(([id]) => id),
      ),
    open: (id) => looking(() => storeOf(id)),
  }
}
