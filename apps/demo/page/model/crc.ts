import { str } from 'crc-32'
import type { Crc } from '@learnpack/telemetry-core'

/** The port of core; that library counts in signed integers. */
export const crc32: Crc = (text) => str(text) >>> 0
