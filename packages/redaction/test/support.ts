import { crc32 } from 'node:zlib'
import { createTelemetry, type CourseInput, type Limits, type Redactor } from '@learnpack/telemetry-core'
import { manualClock, memoryStorage } from '@learnpack/telemetry-core/memory'

const course: CourseInput = {
  slug: 'intro-js',
  agent: 'vscode',
  steps: [
    { slug: '00-welcome', position: 0 },
    { slug: '01-hello', position: 1 },
  ],
}

/** A runtime on memory that has started, and the text of its log. */
export function telemetryWith(redact: Redactor, limits: Limits = {}, started = course) {
  const storage = memoryStorage()
  let made = 0
  const telemetry = createTelemetry({
    storage,
    clock: manualClock(1_700_000_000_000),
    ids: { event: () => `event${made++}`, telemetry: () => 'q1lllj6jq1lllj6j' },
    crc: (text) => crc32(text),
    random: () => 0.5,
    redact,
    limits,
  })
  telemetry.start(started)
  return { telemetry, log: (): string => storage.log(telemetry.status().telemetry_id!) }
}

/** How often a property is tried: `LAWS_TIMES=20` tries it twenty times as often. */
export const tries = (count: number): number => Math.ceil(count * Number(process.env['LAWS_TIMES'] ?? 1))
