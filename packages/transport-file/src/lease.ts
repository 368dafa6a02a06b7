// Of all processes on one course folder, one at a time renders and delivers. Others only append.
//
// The lease is a row of files, lease-1, lease-2, ...: the holder is who created the highest. It is taken by
// creating the next one exclusively, which at most one process can, and the highest file is never deleted,
// so a number is never given out twice. A lock file that is deleted and created again has neither property:
// two processes that see the same stale lock can each delete the other's fresh one.

import {
  existsSync,
  readFileSync,
  readdirSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Lease } from '@learnpack/telemetry-core'
import { FILE_MODE, errorCode, isAlive, quietly } from './files'
import { LEASE_ASKED_NAME, leaseName, leaseNumber } from './layout'

/** A holder shows a sign of life that often, ms ... */
const HEARTBEAT_MS = 5_000
/** ... and is taken for dead without one for that long: on another host, or when its pid was given out again. */
const STALE_MS = 30_000
/** How long a holder trusts that it still is one before it looks again, ms. */
const TRUST_MS = 1_000

const RELEASED = 'released'

interface Holder {
  readonly pid: number
  readonly host: string
  readonly nonce: string
}

/** A lease that is a row of files in the course folder. A holder without a sign of life for 30 s has lost it. */
export interface FileLease extends Lease {
  /** Pid of who holds it, and the name of the host it is on, without taking anything; undefined where nobody does. */
  holder(): { readonly pid: number; readonly host: string } | undefined
}

/** @param now epoch ms */
export function openLease(folder: string, now: () => number = Date.now): FileLease {
  let mine: { number: number; nonce: string } | undefined
  let lookedAt = -Infinity
  let heartbeat: NodeJS.Timeout | undefined

  const askPath = join(folder, LEASE_ASKED_NAME)
  const pathOf = (number: number): string => join(folder, leaseName(number))

  function numbers(): number[] {
    return readdirSync(folder)
      .flatMap((name) => leaseNumber(name) ?? [])
      .sort((a, b) => b - a)
  }

  function isFree(number: number): boolean {
    const path = pathOf(number)
    const text = readText(path)
    // Gone since it was listed: somebody took the next one.
    if (text === undefined) return false
    if (text === RELEASED) return true
    const shownAt = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity
    if (now() - shownAt > STALE_MS) return true
    const holder = parse(text)
    if (holder === undefined || holder.host !== hostname()) return false
    // Our pid may have been another's before us. Who holds it in this process has shown life since it began.
    return holder.pid === process.pid ? shownAt < performance.timeOrigin : !isAlive(holder.pid)
  }

  /** Takes the lease with that number, unless somebody else has it or a later one. */
  function take(number: number): boolean {
    const nonce = randomUUID()
    const holder: Holder = { pid: process.pid, host: hostname(), nonce }
    try {
      writeFileSync(pathOf(number), JSON.stringify(holder), { flag: 'wx', mode: FILE_MODE })
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return false
      throw error
    }
    const [highest, ...lower] = numbers()
    if (highest !== number) {
      quietly(() => unlinkSync(pathOf(number)))
      return false
    }
    mine = { number, nonce }
    beat(pathOf(number))
    heartbeat = setInterval(beat, HEARTBEAT_MS, pathOf(number)).unref()
    for (const old of lower) quietly(() => unlinkSync(pathOf(old)))
    quietly(() => unlinkSync(askPath))
    return true
  }

  function beat(path: string): void {
    const at = new Date(now())
    quietly(() => utimesSync(path, at, at))
  }

  function isMine(): boolean {
    if (mine === undefined) return false
    return parse(readText(pathOf(mine.number)) ?? '')?.nonce === mine.nonce
  }

  function lose(): void {
    clearInterval(heartbeat)
    mine = undefined
  }

  return {
    acquire() {
      const at = now()
      if (mine !== undefined && at - lookedAt < TRUST_MS) return mine.number
      // A folder that was deleted has nothing to lead.
      if (!existsSync(folder)) {
        lose()
        return undefined
      }
      if (mine !== undefined) {
        lookedAt = at
        if (numbers()[0] === mine.number && isMine()) return mine.number
        lose()
      }
      const highest = numbers()[0]
      if (highest !== undefined && !isFree(highest)) return undefined
      const number = (highest ?? 0) + 1
      if (!take(number)) return undefined
      lookedAt = at
      return number
    },
    release() {
      if (mine === undefined) return
      const path = pathOf(mine.number)
      // Only what is still there and ours: a purged folder stays purged, and may be somebody else's by now.
      const held = isMine()
      lose()
      if (held) writeFileSync(path, RELEASED)
    },
    ask: () => quietly(() => writeFileSync(askPath, '', { mode: FILE_MODE })),
    asked: () => existsSync(askPath),
    holder() {
      const highest = existsSync(folder) ? numbers()[0] : undefined
      if (highest === undefined || isFree(highest)) return undefined
      return parse(readText(pathOf(highest)) ?? '')
    },
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

function parse(text: string): Holder | undefined {
  try {
    return JSON.parse(text) as Holder
  } catch {
    return undefined
  }
}
