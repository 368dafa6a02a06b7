import { readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { lookAt } from '../../../testing/bodies'
import { createTelemetry, deterministicId, measure } from '../src/index'
import type { CourseInput, Ids, Snapshot } from '../src/index'
import type { Outcome, Parcel, Telemetry, TelemetryEvent, TelemetryOptions, Transport } from '../src/index'
import type { StepEventType } from '../src/events/events'
import { manualClock, memoryLog, memoryStorage, type MemoryStorage } from '../src/memory'

export const crc = (text: string): number => crc32(text)

export const TELEMETRY_ID = 'q1lllj6jq1lllj6j'

/** Ids that tell in which order they were made. */
let runs = 0

export function countingIds(telemetryIds: readonly string[] = [TELEMETRY_ID]): Ids {
  const run = runs++
  let events = 0
  let telemetries = 0
  return {
    event: (at) => deterministicId(at, `${run} ${events++}`),
    telemetry: () => telemetryIds[telemetries++] ?? `telemetry${telemetries}`,
  }
}

export const sample = JSON.parse(
  readFileSync(new URL('fixtures/telemetry.sample.json', import.meta.url), 'utf8'),
) as Snapshot

export interface Vector {
  readonly name: string
  readonly notes: string
  readonly config: CourseInput & { urls?: { batch?: string; streaming?: string } }
  readonly previous?: Snapshot
  readonly previous_raw?: string
  readonly shared?: Record<string, unknown>
  readonly calls: { at: number; op: string; args: unknown[] }[]
  readonly telemetry: Snapshot | null
  readonly batch: unknown[]
  readonly stream: unknown[]
}

export const vectors = JSON.parse(
  readFileSync(new URL('fixtures/stock-vectors.json', import.meta.url), 'utf8'),
) as { same: Vector[]; different: Vector[] }

export const steps = vectors.same[0]!.config.steps

export const course: CourseInput = { slug: 'intro-js', agent: 'vscode', steps }

export interface World {
  readonly telemetry: Telemetry
  readonly storage: MemoryStorage
  readonly clock: ReturnType<typeof manualClock>
  readonly notices: string[]
  readonly faults: string[]
}

/** A transport whose bodies are looked at: each must be one that apiv2 takes. */
const lookedAt = (transport: Transport): Transport => ({
  ...transport,
  deliver(parcel, signal) {
    lookAt(parcel.body)
    return transport.deliver(parcel, signal)
  },
})

interface WorldOptions extends Pick<TelemetryOptions, 'transports' | 'redact' | 'machine' | 'mayRecord'> {
  readonly storage?: MemoryStorage
  readonly now?: number
  readonly ids?: Ids
}

/** A runtime on memory, with a clock that stands still. */
export function world({
  storage = memoryStorage(),
  now = 1_700_000_000_000,
  transports = [],
  ids = countingIds(),
  ...options
}: WorldOptions = {}): World {
  const clock = manualClock(now)
  const telemetry = createTelemetry({
    storage,
    clock,
    ids,
    crc,
    random: () => 0.5,
    transports: transports.map(lookedAt),
    ...options,
  })
  const notices: string[] = []
  const faults: string[] = []
  telemetry.on('noticed', (message) => notices.push(message))
  telemetry.on('fault', (what, error) => faults.push(`${what}: ${String(error)}`))
  return { telemetry, storage, clock, notices, faults }
}

/** A storage whose log can be deleted, and is then another one, as a `world` that is started sees it. */
export function replaceable() {
  const storage = memoryStorage()
  const { open } = storage
  let { log } = open(TELEMETRY_ID)
  let replaced = false
  storage.open = (id) => ({
    ...open(id),
    log: {
      append: (line) => log.append(line),
      size: () => log.size(),
      watch: () => () => {},
      read(from, bytes) {
        const slice = log.read(replaced ? 0 : from, bytes)
        replaced = false
        return slice
      },
    },
  })
  return {
    storage,
    replace(text = '') {
      log = memoryLog(text)
      replaced = true
    },
  }
}

type Answer = Outcome | Promise<Outcome> | (() => Outcome | Promise<Outcome>)
export const delivered: Outcome = { kind: 'delivered' }

/** A transport that notes what it is given and answers from a list, then `delivered`. */
export function recorder(wants: Transport['wants'], ...answers: Answer[]) {
  const sent: Parcel[] = []
  const transport: Transport = {
    name: wants,
    wants,
    async deliver(parcel) {
      sent.push(parcel)
      const answer = answers.shift() ?? delivered
      return typeof answer === 'function' ? answer() : answer
    },
  }
  return {
    transport,
    sent,
    bodies: () => sent.map(({ body }) => JSON.parse(body) as Record<string, unknown>),
  }
}

/** The batch of a telemetry.json that somebody wrote: with what SPEC §6 adds to it, and nothing else. */
export function withAdditions(file: unknown): unknown {
  const body = jsonOf(file) as Snapshot
  const { tutorial_started_at, last_interaction_at = tutorial_started_at } = body
  const told = (runs: readonly object[]) => runs.map((run) => ({ exit_code: null, ...run }))
  const steps = body.steps.map((step) => ({
    ...step,
    compilations: told(step.compilations),
    tests: told(step.tests),
  }))
  const made = { ...body, last_interaction_at, steps }
  const { engagement_indicator, frustration_indicator, ...global_metrics } = measure(made).course
  return { ...made, global_metrics, global_indicators: { engagement_indicator, frustration_indicator } }
}

/** How often a property is tried: `LAWS_TIMES=20` tries it twenty times as often. */
export const tries = (count: number): number => Math.ceil(count * Number(process.env['LAWS_TIMES'] ?? 1))

export const jsonOf = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T

let made = 0
/** An event of the log, for folds without a runtime. */
export function event(type: string, at: number, rest: Record<string, unknown> = {}): TelemetryEvent {
  return { v: 1, id: deterministicId(at, `event${made++}`), at, session: 'session', type, data: {}, ...rest }
}

export const started = (at: number, rest: Record<string, unknown> = {}): TelemetryEvent =>
  event('session_start', at, { id: 'session', data: { telemetry_id: TELEMETRY_ID, ...course }, ...rest })

export const on = (position: number, type: StepEventType, at: number, data: object = {}): TelemetryEvent =>
  event(type, at, { step: { slug: steps[position]!.slug, position }, data })
