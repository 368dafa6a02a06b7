// LearnPack's telemetry manager, with the members, arguments and sync or async shape of the one it replaces
// (SPEC §9), working on the event log. It throws nothing into its host and prints nothing.

import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import {
  configOf,
  createTelemetry,
  parseSnapshot,
  type CourseInput,
  type Limits,
  type Recorded,
  type Redactor,
  type Snapshot,
  type Telemetry,
  type Transport,
} from '@learnpack/telemetry-core'
import {
  nodePorts,
  openCourseFolder,
  saveAtExit,
  SNAPSHOT_NAME,
  type CourseFolder,
} from '@learnpack/telemetry-transport-file'
import { consent } from './consent'
import { transportsOf } from './course'
import { lateStorage } from './late-storage'
import { createRedactor } from './machine-redactor'
import { quietly } from './quietly'

export interface ManagerOptions {
  /** Epoch ms. Default: the system's clock. */
  readonly now?: () => number
  /** 16 characters [a-z0-9]. Default: random. */
  readonly createTelemetryId?: () => string
  /** Default: one that honours `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`. */
  readonly fetch?: typeof fetch
  /** Further destinations, beside the batch and stream URLs of the course. */
  readonly transports?: readonly Transport[]
  /** Origins, as in `new URL(url).origin`, that may see the student's token. Default: none. */
  readonly allowedOrigins?: readonly string[]
  /**
   * Applied to every text before it is written; `false` keeps texts as they are. Default: `createRedactor()`. With
   * more rules: `const builtIn = createRedactor()`, and here `(text) => mine(builtIn(text))`.
   */
  readonly redaction?: false | Redactor
  /** How long the texts of an event may be, characters. Default: 65,536 of output, 262,144 of any other text. */
  readonly limits?: Limits
}

export interface Urls {
  stream?: string
  /** An alias of `stream`. */
  streaming?: string
  batch?: string
}

export interface Student {
  readonly user_id: string | number
  readonly email?: string
  readonly token?: string
}

export interface TelemetryManager {
  /** telemetry.json as it is now; null before a start. */
  readonly current: Snapshot | null
  /** The course's URLs. Set before `start`; a later change counts from the next one. */
  urls: Urls
  /** The folder given to `start`. */
  readonly configPath: string
  /** Position of the step that is open. */
  readonly prevStep: number | undefined
  /** Starts a session. Calls made before it are recorded behind it, with their own time. */
  start(agent: string, steps: readonly unknown[], path: string, tutorialSlug: string): Promise<void>
  registerStepEvent(stepPosition: number, event: string, data: unknown): void
  /** A student logged in. Their token stays in memory. */
  setStudent(student: Student): void
  /** Ends the workout session and begins the next one. */
  finishWorkoutSession(): void
  /** Sends the present snapshot. Resolves at once: what cannot be sent now is sent later. */
  submit(): Promise<void>
  /** Writes telemetry.json at once. It is kept fresh without, too. */
  save(): void
  /** The telemetry.json in `configPath`; null where there is none that can be read. */
  retrieve(): Promise<Snapshot | null>
  /** Does nothing: `registerStepEvent` streams what it records, and nothing else is streamed. */
  streamEvent(stepPosition: number, event: string, data: unknown): Promise<void>
  salute(message: string): void
  /** Ends the session, writes telemetry.json, waits at most 300 ms for requests under way. Does not reject. */
  close(): Promise<void>
}

/** What the adapter itself does with a manager beyond what its host may. */
export interface Managed extends TelemetryManager {
  readonly telemetry: Telemetry
  /** Whether a session is going on. */
  readonly started: boolean
  /** The student logged out. */
  clearStudent(): void
  /** A telemetry.json from elsewhere, to be united with this telemetry (SPEC §4 rule 7). */
  import(file: unknown): Recorded
  /** The token of a student who was logged in before. */
  holdToken(token: string): void
}

/** How long it is trusted that recording is still on, ms. */
const TRUST_MS = 100
const SWITCHED_OFF = 'recording is switched off'

export const createTelemetryManager = (options: ManagerOptions = {}): TelemetryManager =>
  createManaged(options)

export function createManaged(options: ManagerOptions = {}): Managed {
  let folder: CourseFolder | undefined
  let token: string | undefined
  let configPath = ''
  let urls: Urls = {}
  let course: CourseInput | undefined
  /** A session that could not be started, on a full disk for one, is tried again at the next event. */
  let startLater: CourseInput | undefined
  /** Recording was switched off, and when that was last looked for. */
  let off = false
  let lookedAt = -Infinity
  const transports: Transport[] = [...(options.transports ?? [])]
  const { now = Date.now, createTelemetryId = nodePorts.ids.telemetry, limits } = options
  const { redaction = createRedactor() } = options

  const telemetry = createTelemetry({
    ...nodePorts,
    clock: { ...nodePorts.clock, now },
    ids: { ...nodePorts.ids, telemetry: createTelemetryId },
    storage: lateStorage(() => {
      if (folder === undefined) throw new Error('no course was started')
      if (!isStillOn()) throw new Error(SWITCHED_OFF)
      return folder
    }),
    transports,
    ...(redaction !== false && { redact: redaction }),
    ...(limits && { limits }),
  })

  let stopSaving: (() => void) | undefined

  /** Whoever switches recording off means from now on. */
  function allowed(): boolean {
    if (folder === undefined || off) return !off
    lookedAt = now()
    off = !consent(dirname(folder.snapshotPath)).enabled
    if (off) queueMicrotask(stop)
    return !off
  }

  /**
   * What runs by itself comes through the storage, also whatever is sent: without the lease nobody delivers. It
   * comes often, so the answer is kept for a moment.
   */
  const isStillOn = (): boolean => (Math.abs(now() - lookedAt) < TRUST_MS ? !off : allowed())

  function stop(): void {
    void telemetry.close()
    quietly(() => folder?.close())
  }

  function start(given: CourseInput, path: string): void {
    if (folder !== undefined) return
    configPath = path
    const dirPath = resolve(path)
    off = !consent(dirPath).enabled
    if (off) return stop()
    folder = openCourseFolder(dirPath)
    transports.push(
      ...transportsOf(configOf({ telemetry: urls }).destinations, {
        ...(options.fetch && { fetch: options.fetch }),
        now,
        authorization: {
          origins: options.allowedOrigins ?? [],
          value: () => token && `Token ${token}`,
        },
      }),
    )
    stopSaving = saveAtExit((last) => {
      if (last && allowed()) telemetry.end('exit')
      telemetry.save()
    })
    begin(given)
  }

  function begin(given: CourseInput): void {
    startLater = given
    if (!telemetry.start(given).ok) return
    startLater = undefined
    course = given
  }

  return {
    telemetry,
    get started() {
      return course !== undefined
    },
    get current() {
      return (course && quietly(() => telemetry.snapshot())) ?? null
    },
    get urls() {
      return urls
    },
    set urls(given) {
      urls = given
    },
    get configPath() {
      return configPath
    },
    get prevStep() {
      return quietly(() => {
        const { open, course: steps } = telemetry.state()
        return steps?.find(({ slug }) => slug === open)?.position
      })
    },
    async start(agent, steps, path, tutorialSlug) {
      quietly(() => start({ slug: tutorialSlug, agent, steps } as CourseInput, path))
    },
    registerStepEvent(stepPosition, event, data) {
      if (!allowed()) return
      if (startLater !== undefined) begin(startLater)
      telemetry.record(stepPosition, event, data)
    },
    setStudent(student) {
      quietly(() => {
        if (!allowed() || !telemetry.identify(student.user_id).ok) return
        token = student.token
      })
    },
    clearStudent() {
      token = undefined
      if (allowed()) telemetry.clear()
    },
    import: (file) => (allowed() ? telemetry.import(file) : { ok: false, reason: SWITCHED_OFF }),
    holdToken(given) {
      token = given
    },
    finishWorkoutSession() {
      if (course === undefined || !allowed()) return
      telemetry.end('finished')
      begin(course)
    },
    async submit() {
      quietly(() => telemetry.submit())
    },
    save() {
      quietly(() => telemetry.save())
    },
    async retrieve() {
      const text = quietly(() => readFileSync(join(configPath, SNAPSHOT_NAME), 'utf8'))
      const parsed = text === undefined ? undefined : parseSnapshot(text)
      return parsed?.ok ? (parsed.snapshot as Snapshot) : null
    },
    async streamEvent() {},
    salute(message) {
      console.log(message)
    },
    async close() {
      if (course !== undefined && allowed()) telemetry.end('close')
      await telemetry.close().catch(() => {})
      stopSaving?.()
      quietly(() => folder?.close())
    },
  }
}
