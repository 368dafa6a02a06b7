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
  type Redactor,
  type Snapshot,
  type Telemetry,
  type Transport,
} from '@learnpack/telemetry-core'
import {
  nodePorts,
  openCourseFolder,
  saveAtExit,
  type CourseFolder,
} from '@learnpack/telemetry-transport-file'
import { consent } from './consent'
import { transportsOf } from './course'
import { lateStorage } from './late-storage'
import { createRedactor } from './machine-redactor'

/** How a manager differs from the one that LearnPack would have made. All of it may be left out. */
export interface ManagerOptions {
  /** Epoch ms; the time of every event. Default: the system's clock. */
  readonly now?: () => number
  /** For a course nobody has recorded yet: 16 characters of [a-z0-9]. Default: random. */
  readonly createTelemetryId?: () => string
  /** Makes the requests. Default: `nodeFetch()`, which honours `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`. */
  readonly fetch?: typeof fetch
  /** Further destinations, beside the batch and stream URLs of the course. Default: none. */
  readonly transports?: readonly Transport[]
  /** Origins, as in `new URL(url).origin`, that may see the student's token, as `Authorization: Token ...`. Default: none. */
  readonly allowedOrigins?: readonly string[]
  /**
   * Applied to every text before it is written; `false` keeps texts as they are. Default: `createRedactor()`. With
   * more rules: `const builtIn = createRedactor()`, and here `(text) => mine(builtIn(text))`.
   */
  readonly redaction?: false | Redactor
  /** How long the texts of an event may be, characters. Default: 65,536 of output, 262,144 of any other text. */
  readonly limits?: Limits
}

/**
 * Where a course is delivered to (SPEC §5): absolute http(s) URLs. What is none is passed over, and recording goes on.
 */
export interface Urls {
  /** Gets every event at a step. */
  stream?: string
  /** An alias of `stream`, which wins where both are there. */
  streaming?: string
  /** Gets the whole telemetry.json. */
  batch?: string
}

/** Who logged in, as LearnPack passes it. */
export interface Student {
  /** The only thing of it that is recorded. */
  readonly user_id: string | number
  /** Not looked at. */
  readonly email?: string
  /** Stays in memory, and goes to `allowedOrigins` only. */
  readonly token?: string
}

/**
 * LearnPack's telemetry manager: the members of the one it replaces (SPEC §9), and `close`. It throws nothing, rejects
 * nothing and prints nothing but `salute`. Where recording is switched off it does nothing, from that moment on (SPEC §5).
 */
export interface TelemetryManager {
  /** telemetry.json as it is now, rendered anew at each look; null before a start. */
  readonly current: Snapshot | null
  /** The course's URLs. Set before `start`; a later change counts from the next one. */
  urls: Urls
  /** The folder given to `start`, as it was given; '' before. */
  readonly configPath: string
  /** Position of the step that is open, also from before a restart; undefined where none is. */
  readonly prevStep: number | undefined
  /**
   * Starts a session; done when it returns. Calls made before it are recorded behind it, with their own time. A second start
   * does nothing. telemetry.json is written at exit, too, until `close`.
   * @param agent the editor: `vscode`, `os`, ...
   * @param steps `{ slug, position, files, is_testeable }` each, in the order of the course
   * @param path the course's `dirPath`, normally `.learn`
   * @param tutorialSlug of the course
   */
  start(agent: string, steps: readonly unknown[], path: string, tutorialSlug: string): Promise<void>
  /**
   * Records one event. What cannot be recorded is counted with its reason, which `learnpack-telemetry status` shows.
   * @param stepPosition of the step, from 0
   * @param event `open_step`, `compile`, `test` or `ai_interaction`
   * @param data what the compiler plugin or the tutor returned; copied
   */
  registerStepEvent(stepPosition: number, event: string, data: unknown): void
  /** A student logged in. Their token stays in memory. */
  setStudent(student: Student): void
  /** Ends the workout session and begins the next one on the same course. */
  finishWorkoutSession(): void
  /** Sends the present snapshot. Resolves at once: what cannot be sent now is sent later. */
  submit(): Promise<void>
  /** Writes telemetry.json at once. It is kept fresh without, too. */
  save(): void
  /** The telemetry.json in `configPath`, read from the disk; null where there is none that can be read. */
  retrieve(): Promise<Snapshot | null>
  /** Does nothing: `registerStepEvent` streams what it records, and nothing else is streamed. */
  streamEvent(stepPosition: number, event: string, data: unknown): Promise<void>
  /** Prints the message, as the manager it replaces does. */
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
  /** The token of a student who was logged in before. */
  holdToken(token: string): void
}

/** A manager for one `start`. Until then it touches nothing. @param options default: none, as LearnPack makes its own */
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
  const transports: Transport[] = [...(options.transports ?? [])]
  const { now = Date.now, createTelemetryId = nodePorts.ids.telemetry, limits } = options
  const { redaction = createRedactor() } = options

  const telemetry = createTelemetry({
    ...nodePorts,
    clock: { ...nodePorts.clock, now },
    ids: { ...nodePorts.ids, telemetry: createTelemetryId },
    storage: lateStorage(() => {
      if (folder === undefined) throw new Error('no course was started')
      return folder
    }),
    transports,
    ...(redaction !== false && { redact: redaction }),
    ...(limits && { limits }),
  })

  let stopSaving: (() => void) | undefined

  /** Whoever switches recording off means from now on. */
  function allowed(): boolean {
    if (folder === undefined || consent(dirname(folder.snapshotPath)).enabled) return true
    void telemetry.close()
    return false
  }

  /** The host's day is not ours to ruin. */
  function quietly<T>(action: () => T): T | undefined {
    try {
      return action()
    } catch {
      return undefined
    }
  }

  function start(given: CourseInput, path: string): void {
    if (folder !== undefined) return
    configPath = path
    const dirPath = resolve(path)
    if (!consent(dirPath).enabled) return void telemetry.close()
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
    holdToken(given) {
      token = given
    },
    finishWorkoutSession() {
      if (course === undefined || !allowed()) return
      telemetry.end('finished')
      telemetry.start(course)
    },
    async submit() {
      quietly(() => telemetry.submit())
    },
    save() {
      quietly(() => telemetry.save())
    },
    async retrieve() {
      const text = quietly(() => readFileSync(join(configPath, 'telemetry.json'), 'utf8'))
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
