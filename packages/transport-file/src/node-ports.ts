// The ports of core that are Node's: the clock, ids and the checksum.

import { randomInt } from 'node:crypto'
import * as zlib from 'node:zlib'
import type { Clock, Crc, Ids } from '@learnpack/telemetry-core'
import { v7 } from 'uuid'

/** Node's timers count in 32 bits. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  now: Date.now,
  after(ms, run) {
    const timer = setTimeout(run, ms).unref()
    return () => clearTimeout(timer)
  },
  hold() {
    const timer = setInterval(() => {}, LONGEST_TIMER_MS)
    return () => clearInterval(timer)
  },
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789'

export const randomIds: Ids = {
  event: (at) => v7({ msecs: at }),
  telemetry: () => Array.from({ length: 16 }, () => ALPHABET[randomInt(ALPHABET.length)]).join(''),
}

export const crc32: Crc = (text) => zlib.crc32(text)
