// The ports of core that are Node's: the clock, ids and the checksum.

import { randomFillSync, randomInt } from 'node:crypto'
import { getHeapStatistics } from 'node:v8'
import * as zlib from 'node:zlib'
import type { Clock, Crc, Ids } from '@learnpack/telemetry-core'
import { v7 } from 'uuid'

/** Node's timers count in 32 bits. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** Node's clock. Its timers keep no process alive; one of more than 2^31 - 1 ms (24 days) runs after that long. */
export const systemClock: Clock = {
  now: Date.now,
  elapsed: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, Math.min(ms, LONGEST_TIMER_MS)).unref()
    return () => clearTimeout(timer)
  },
  hold() {
    const timer = setInterval(() => {}, LONGEST_TIMER_MS)
    return () => clearInterval(timer)
  },
}

/** A log may take one part in so many of the heap. */
const HEAP_SHARE = 16

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789'

/** Random bytes for 256 ids at a time: asking for them costs as much as the rest of an id. */
const pool = new Uint8Array(4_096)
let used = pool.length

function random16(): Uint8Array {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  return pool.subarray(used, (used += 16))
}

/** UUIDv7 for events, 16 characters of [a-z0-9] for telemetries, both from `node:crypto`. */
export const randomIds: Ids = {
  event: (at) => v7({ msecs: at, random: random16() }),
  telemetry: () => Array.from({ length: 16 }, () => ALPHABET[randomInt(ALPHABET.length)]).join(''),
}

/** Node's own, from `node:zlib`. */
export const crc32: Crc = (text) => zlib.crc32(text)

/** All of them, for `createTelemetry({ storage, ...nodePorts })`. */
export const nodePorts = {
  clock: systemClock,
  ids: randomIds,
  crc: crc32,
  /** `Math.random`: good enough for jitter. */
  random: Math.random,
  /** Of what the process may use at most: rendering takes some times that, and the rest is the host's. */
  memoryBytes: Math.round(getHeapStatistics().heap_size_limit / HEAP_SHARE),
}
