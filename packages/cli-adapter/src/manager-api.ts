// What the manager offers its host, and what the host may give it.

import type { Limits, Redactor, Snapshot, Transport } from '@learnpack/telemetry-core'

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
