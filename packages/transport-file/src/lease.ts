// Of all processes on one course folder, one at a time renders and delivers. Others only append.
//
// The lease is a row of files, lease-1, lease-2, ...: the holder is who created the highest. It is taken by
// creating the next one exclusively, which at most one process can, and the highest file is never deleted,
// so a number is never given out twice. A lock file that is deleted and created again has neither property:
// two processes that see the same stale lock can each delete the other's fresh one.

import {
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  readdirSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Clock, Lease } from '@learnpack/telemetry-core'
import {
  FILE_MODE,
  errorCode,
  isAlive,
  openRegular,
  ignoreErrors,
  readAt,
  replaceFile,
  temporaryFor,
} from './files'
import { LEASE_ASKED_NAME, leaseName, leaseNumber } from './layout'
import { systemClock } from './node-ports'

/** A holder shows a sign of life that often, ms ... */
const HEARTBEAT_MS = 5_000
/** ... and is taken for dead without one for that long: on another host, or when its pid was given out again. */
const STALE_MS = 30_000
/** One that says nothing of a holder: of a process that died, or of an older version, which writes it in two steps, ms. */
const UNWRITTEN_MS = 1_000
/** How long a holder trusts that it still is one before it looks again, ms. */
const TRUST_MS = 1_000

const RELEASED = 'released'
/** No lease of ours is longer, bytes. */
const LONGEST = 1_024
/** Higher ones are not counted; nobody takes so many. */
const HIGHEST = 1e12
interface Holder {
  readonly pid: number
  readonly host: string
  readonly nonce: string
  /** Which of the processes that had that pid: when it began by its own clock, which stays what it was. */
  readonly origin?: number
}

/** A lease that is a row of files in the course folder. A holder without a sign of life for 30 s has lost it. */
export interface FileLease extends Lease {
  /** Pid of who holds it, and the name of the host it is on, without taking anything; undefined where nobody does. */
  holder(): { readonly pid: number; readonly host: string } | undefined
}

/** A lease file as it was found: `text` is undefined where it cannot be read. */
interface Found {
  readonly text: string | undefined
  /** When its holder showed life, epoch ms. */
  readonly shownAt: number
}

/**
 * The lease of a folder, by files in it. Touches nothing until it is asked for.
 * @param clock default: the system's
 */
export function openLease(folder: string, clock: Pick<Clock, 'now' | 'elapsed'> = systemClock): FileLease {
  let mine: { number: number; nonce: string; term: number } | undefined
  /** Of the last taking. In a folder that is made anew, numbers begin anew; terms do not. */
  let term = 0
  let lookedAt = -Infinity
  let heartbeat: NodeJS.Timeout | undefined
  /** How another's looks, and since when it looks like that. */
  let watched: { readonly as: string; readonly since: number } | undefined

  const askPath = join(folder, LEASE_ASKED_NAME)
  const pathOf = (number: number): string => join(folder, leaseName(number))

  function numbers(): number[] {
    return readdirSync(folder)
      .flatMap((name) => leaseNumber(name) ?? [])
      .filter((number) => number <= HIGHEST)
      .sort((a, b) => b - a)
  }

  function isFree(number: number): boolean {
    const found = look(pathOf(number))
    // Gone since it was listed: somebody took the next one.
    if (found === 'gone') return false
    if (found === 'no lease' || found.text === RELEASED) return true
    const { text, shownAt } = found
    const holder = text === undefined ? undefined : parse(text)
    const patience = text !== undefined && holder === undefined ? UNWRITTEN_MS : STALE_MS
    if (clock.now() - shownAt > patience || unchangedFor(`${number} ${shownAt} ${text}`) > patience)
      return true
    if (holder === undefined || holder.host !== hostname()) return false
    // Our pid may have been another's before us. Who holds it in this process has shown life since it began.
    if (holder.pid !== process.pid) return !isAlive(holder.pid)
    return holder.origin !== performance.timeOrigin && shownAt < performance.timeOrigin
  }

  /** A sign of life may be dated in the future, by a clock that was set since: what counts then is whether another comes. */
  function unchangedFor(as: string): number {
    if (watched?.as !== as) watched = { as, since: clock.elapsed() }
    return clock.elapsed() - watched.since
  }

  /** Where the numbers end, one that is free is taken away, and it begins anew behind what is left. */
  function next(highest: number | undefined): number {
    if (highest === undefined) return 1
    if (highest < HIGHEST) return highest + 1
    ignoreErrors(() => unlinkSync(pathOf(highest)))
    return 1
  }

  /** Takes the lease with that number, unless somebody else has it or a later one. */
  function take(number: number): boolean {
    const nonce = randomUUID()
    const holder: Holder = { pid: process.pid, host: hostname(), nonce, origin: performance.timeOrigin }
    if (!create(pathOf(number), JSON.stringify(holder))) return false
    const [highest, ...lower] = numbers()
    if (highest !== number) {
      ignoreErrors(() => unlinkSync(pathOf(number)))
      return false
    }
    mine = { number, nonce, term: (term = Math.max(number, term + 1)) }
    beat(pathOf(number))
    heartbeat = setInterval(beat, HEARTBEAT_MS, pathOf(number)).unref()
    for (const old of lower) ignoreErrors(() => unlinkSync(pathOf(old)))
    ignoreErrors(() => unlinkSync(askPath))
    return true
  }

  function beat(path: string): void {
    const at = new Date(clock.now())
    ignoreErrors(() => utimesSync(path, at, at))
  }

  function isMine(): boolean {
    if (mine === undefined) return false
    return holderIn(look(pathOf(mine.number)))?.nonce === mine.nonce
  }

  function lose(): void {
    clearInterval(heartbeat)
    mine = undefined
  }

  return {
    acquire() {
      const at = clock.elapsed()
      if (mine !== undefined && at - lookedAt < TRUST_MS) return mine.term
      // A folder that was deleted has nothing to lead.
      if (!existsSync(folder)) {
        lose()
        return undefined
      }
      if (mine !== undefined) {
        lookedAt = at
        if (numbers()[0] === mine.number && isMine()) return mine.term
        lose()
      }
      const highest = numbers()[0]
      if (highest !== undefined && !isFree(highest)) return undefined
      if (!take(next(highest))) return undefined
      lookedAt = at
      return term
    },
    release() {
      if (mine === undefined) return
      const path = pathOf(mine.number)
      // Only what is still there and ours: a purged folder stays purged, and may be somebody else's by now.
      const held = isMine()
      lose()
      if (held) replaceFile(path, [RELEASED])
    },
    // Where something is there, it need not be opened.
    ask: () => ignoreErrors(() => writeFileSync(askPath, '', { flag: 'wx', mode: FILE_MODE })),
    asked: () => lstatSync(askPath, { throwIfNoEntry: false })?.isFile() === true,
    holder() {
      const highest = existsSync(folder) ? numbers()[0] : undefined
      if (highest === undefined || isFree(highest)) return undefined
      return holderIn(look(pathOf(highest)))
    },
  }
}

/** Creates a file, whole from its beginning, unless one is there. Returns whether it did. */
function create(path: string, text: string): boolean {
  const temporary = temporaryFor(path)
  writeFileSync(temporary, text, { flag: 'wx', mode: FILE_MODE })
  try {
    linkSync(temporary, path)
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    return createInPlace(path, text)
  } finally {
    ignoreErrors(() => unlinkSync(temporary))
  }
}

/** On a file system without hard links, as of a memory stick. */
function createInPlace(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: FILE_MODE })
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw error
  }
}

/** What lies at `path`, without waiting for it or reading much of it. */
function look(path: string): Found | 'gone' | 'no lease' {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return 'gone'
  if (!stats.isFile()) return 'no lease'
  const { mtimeMs: shownAt } = stats
  let fd: number | undefined
  try {
    fd = openRegular(path)
    return { text: readAt(fd, 0, LONGEST).toString('utf8'), shownAt }
  } catch (error) {
    return errorCode(error) === 'ENOENT' ? 'gone' : { text: undefined, shownAt }
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

function holderIn(found: Found | 'gone' | 'no lease'): Holder | undefined {
  return typeof found === 'object' && found.text !== undefined ? parse(found.text) : undefined
}

function parse(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Partial<Holder> | null
    const isHolder = Number.isSafeInteger(holder?.pid) && typeof holder?.host === 'string'
    return isHolder ? (holder as Holder) : undefined
  } catch {
    return undefined
  }
}
