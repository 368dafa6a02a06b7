// What the manager offers its host, and what the host may give it.

import type { Limits, Redactor } from '@learnpack/telemetry-core'
import type { Student } from '../logins/student'
import type { Fetch, Transport } from '../sending/destination'
import type { ITelemetryJSONSchema } from './telemetry-json'

/** How a manager differs from the one that LearnPack would have made. All of it may be left out. */
export interface ManagerOptions {
  /** Epoch ms; the time of every event. Default: the system's clock. */
  readonly now?: () => number
  /** For a course nobody has recorded yet: 16 characters of [a-z0-9]. Default: random. */
  readonly createTelemetryId?: () => string
  /** Makes the requests. Default: `nodeFetch()`, which honours `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`. */
  readonly fetch?: Fetch
  /** Further destinations, beside the batch and stream URLs of the course. Default: none. */
  readonly transports?: readonly Transport[]
  /**
   * Origins, as in `new URL(url).origin`, that may see the student's token, as `Authorization: Token ...`, beside the one that
   * issued it and those that the user allows (`learnpack-telemetry allow`); over https: or on this machine only. Default: none.
   */
  readonly allowedOrigins?: readonly string[]
  /**
   * Signs every request to the course's URLs (Standard Webhooks): `whsec_` and the base64 of 24 to 64 bytes; one of another form
   * is ignored. Default: the one that the user noted for the origin, if any.
   */
  readonly secret?: string
  /**
   * Applied to every text before it is written; `false` keeps texts as they are. Default: `createRedactor()`. With
   * more rules: `const builtIn = createRedactor()`, and here `(text, name) => mine(builtIn(text, name))`.
   */
  readonly redaction?: false | Redactor
  /**
   * Whether what could not be delivered before the host ends is delivered by a process of its own, for at most 15 s, to the
   * course's URLs; never where `fetch` is given. Default: true, unless `LEARNPACK_TELEMETRY_DETACHED=0` is set.
   */
  readonly detached?: boolean
  /** How long the texts of an event may be, characters. Default: 65,536 of output, 262,144 of any other text. */
  readonly limits?: Limits
}

/**
 * Where a course is delivered to (SPEC §5): absolute http(s) URLs. Anything else is ignored, and recording goes on.
 */
export interface Urls {
  /** Gets every event at a step. */
  stream?: string
  /** An alias of `stream`, which wins where both are there. */
  streaming?: string
  /** Gets the whole telemetry.json. */
  batch?: string
}

/**
 * LearnPack's telemetry manager: the members of the one it replaces (SPEC §9), and `close`. It throws nothing, rejects
 * nothing and prints nothing but `salute`. Where recording is switched off it does nothing, from that moment on (SPEC §5).
 */
export interface TelemetryManager {
  /** telemetry.json as of now, rendered at each access; null before a start. */
  readonly current: ITelemetryJSONSchema | null
  /** The course's URLs. May be set at any time; also counts for what was recorded before. */
  urls: Urls
  /** The folder given to `start`, as it was given; '' before. */
  readonly configPath: string
  /** Position of the step that is open, also from before a restart; undefined if none is open. */
  readonly prevStep: number | undefined
  /**
   * Starts a session; done when it returns. Calls made before it are recorded after it, with their own time. A second start
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
   * @param event `open_step`, `compile`, `test`, `ai_interaction` or `quiz_submission`
   * @param data what the compiler plugin or the tutor returned, or how the quiz was answered; copied
   */
  registerStepEvent(stepPosition: number, event: string, data: unknown): void
  /**
   * A student logged in. Their token stays in memory. Where the host keeps a session file in `<path>/.session`, that is followed
   * as well: whoever logs in or out there, in whatever process, is logged in or out here.
   */
  setStudent(student: Student): void
  /** Ends the workout session and begins the next one on the same course. */
  finishWorkoutSession(): void
  /** Sends the present snapshot. Resolves at once: what cannot be sent now is sent later. */
  submit(): Promise<void>
  /** Writes telemetry.json at once. It is kept fresh without, too. */
  save(): void
  /** The telemetry.json in `configPath`, read from the disk; null if there is none, or if it cannot be read. */
  retrieve(): Promise<ITelemetryJSONSchema | null>
  /** Does nothing: `registerStepEvent` streams what it records, and nothing else is streamed. */
  streamEvent(stepPosition: number, event: string, data: unknown): Promise<void>
  /** Prints the message, as the manager it replaces does. */
  salute(message: string): void
  /** Ends the session, writes telemetry.json, waits at most 300 ms for requests under way. Does not reject. */
  close(): Promise<void>
}
