// LearnPack's telemetry manager, with the members, arguments and sync or async shape of the one it replaces
// (SPEC §9), working on the event log. It throws nothing into its host and prints nothing.

import { dirname, join, resolve } from 'node:path'
import {
  configOf,
  createTelemetry,
  eventSchemas,
  parseSnapshot,
  steadyNow,
  type CourseInput,
  type Recorded,
  type Snapshot,
  type Telemetry,
  type Transport,
} from '@learnpack/telemetry-core'
import {
  nodePorts,
  openCourseFolder,
  readRegular,
  saveAtExit,
  SNAPSHOT_BYTES,
  SNAPSHOT_NAME,
  type CourseFolder,
} from '@learnpack/telemetry-transport-file'
import { consent, type Consent } from './consent'
import { transportsOf } from './course'
import { lateStorage } from './late-storage'
import { machineId } from './machine-id'
import { createRedactor } from './machine-redactor'
import type { ManagerOptions, TelemetryManager, Urls } from './manager-api'
import { quietly } from './quietly'

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

const isStudent = (user_id: unknown): boolean =>
  eventSchemas.student_identified.shape.data.safeParse({ user_id }).success

/** How long it is trusted that recording is still on, ms. */
const TRUST_MS = 100
const SWITCHED_OFF = 'recording is switched off'

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
  /** Recording was switched off. */
  let off = false
  /** Whether it was on when that was last looked for. */
  let isOn = true
  let lookedAt = -Infinity
  const transports: Transport[] = [...(options.transports ?? [])]
  const { createTelemetryId = nodePorts.ids.telemetry, limits } = options
  const now = steadyNow(options.now ?? Date.now, Date.now)
  const { elapsed } = nodePorts.clock
  const { redaction = createRedactor() } = options

  const telemetry = createTelemetry({
    ...nodePorts,
    clock: { ...nodePorts.clock, now },
    ids: { ...nodePorts.ids, telemetry: createTelemetryId },
    storage: lateStorage(() => {
      if (folder === undefined) throw new Error('no course was started')
      if (!isStillOn(folder)) throw new Error(SWITCHED_OFF)
      return folder
    }),
    transports,
    machine: machineId,
    ...(redaction !== false && { redact: redaction }),
    ...(limits && { limits }),
  })

  let stopSaving: (() => void) | undefined

  /** Whoever switches recording off means from now on. */
  function allowed(): boolean {
    if (folder === undefined || off) return !off
    look(dirname(folder.snapshotPath))
    if (!isOn) switchOff()
    return isOn
  }

  function look(dirPath: string): Consent['kind'] {
    lookedAt = elapsed()
    const { enabled, kind } = consent(dirPath)
    isOn = enabled
    return kind
  }

  function switchOff(): void {
    off = true
    queueMicrotask(stop)
  }

  /**
   * What runs by itself comes through the storage, also whatever is sent: without the lease nobody delivers. It
   * comes often, so the answer is kept for a moment. A choice that cannot be read is a no only while that lasts.
   */
  function isStillOn({ snapshotPath }: CourseFolder): boolean {
    if (off) return false
    if (elapsed() - lookedAt >= TRUST_MS && look(dirname(snapshotPath)) !== 'unreadable' && !isOn) switchOff()
    return isOn
  }

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
      quietly(() => {
        if (last && allowed()) telemetry.end('exit')
        telemetry.save()
      })
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
        if (!allowed()) return
        // Who cannot be noted now is noted before anything else is; only who is nobody changes nothing.
        if (telemetry.identify(student.user_id).ok || isStudent(student.user_id)) token = student.token
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
      const text = quietly(() =>
        readRegular(join(configPath, SNAPSHOT_NAME), { most: SNAPSHOT_BYTES }).toString('utf8'),
      )
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
