// LearnPack's telemetry manager, with the members, arguments and sync or async shape of the one it replaces
// (SPEC §9), working on the event log. It throws nothing into its host and prints nothing.

import { statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import {
  configOf,
  createTelemetry,
  isStudentId,
  parseSnapshot,
  steadyNow,
  type CourseInput,
  type Destinations,
  type Snapshot,
  type Telemetry,
  type Transport,
} from '@learnpack/telemetry-core'
import {
  type CourseFolder,
  ignoreErrors,
  nodePorts,
  openCourseFolder,
  readRegular,
  saveAtExit,
  SNAPSHOT_BYTES,
  SNAPSHOT_NAME,
} from '@learnpack/telemetry-transport-file'
import { permissionOf, type Permission } from '../consent/permission'
import { followLogins, type Logins, type LoginsKept } from '../logins/follow-logins'
import { machineId } from '../logins/machine-id'
import type { Student } from '../logins/student'
import { gated } from '../sending/gate'
import { handOver } from '../sending/hand-over'
import { transportsOf, type Sending } from '../sending/transports'
import { createRedactor } from '../shared/redactor'
import { lateStorage } from './late-storage'
import type { ManagerOptions, TelemetryManager, Urls } from './manager-api'

/** What the adapter itself does with a manager beyond what its host may. */
export interface Managed extends TelemetryManager {
  readonly telemetry: Telemetry
  /** Whether a session is going on. */
  readonly started: boolean
  /** The student logged out. */
  clearStudent(): void
  /** Logs in or out whoever logged in or out at the host. It is also looked for by itself. */
  checkLogin(): void
  /** A telemetry.json from elsewhere, to be united with this telemetry (SPEC §4 rule 7). */
  import: Telemetry['import']
}

const SWITCHED_OFF = 'recording is switched off'
/** How often it is looked whether somebody logged in or out, ms. It is also looked before every event and every request. */
const LOOK_MS = 5_000

/** A manager for one `start`. Until then it touches nothing. @param options default: none, as LearnPack makes its own */
export const createTelemetryManager = (options: ManagerOptions = {}): TelemetryManager =>
  createManaged(options)

/** @param loginsKept where its host keeps who is logged in */
export function createManaged(
  options: ManagerOptions = {},
  loginsKept: LoginsKept = 'in the file if there is one',
): Managed {
  let folder: CourseFolder | undefined
  let logins: Logins | undefined
  let looking: NodeJS.Timeout | undefined
  /** Who logged in before the start. */
  let early: Student | undefined
  let configPath = ''
  let urls: Urls = {}
  /** As they were looked at last. */
  let usedUrls = ''
  /** By key and URL, as `urls` named them last. */
  let destinations = new Map<string, Transport>()
  let course: CourseInput | undefined
  /** A session that could not be started, on a full disk for one, is tried again at the next event. */
  let startLater: CourseInput | undefined
  /** A login or logout that waits. */
  let unsettled: (() => void) | undefined
  let permission: Permission | undefined
  const ofHost = (options.transports ?? []).map((transport) => gated(transport, whyNot))
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
      return folder
    }),
    transports: ofHost,
    machine: machineId,
    mayRecord: () => permission?.lately() ?? true,
    ...(redaction !== false && { redact: redaction }),
    ...(limits && { limits }),
  })

  let stopSaving: (() => void) | undefined
  let isClosed = false

  const allowed = (): boolean => permission?.now() ?? true

  function stop(): void {
    clearInterval(looking)
    void telemetry.close()
    ignoreErrors(() => folder?.close())
  }

  function whyNot(): string | undefined {
    return logins?.whyNot()
  }

  const checkLogin = (): void =>
    ignoreErrors(() => {
      if (allowed()) logins?.look()
    })

  /** A host sets its URLs when it likes, also after the start, and may change them in place. */
  function useUrls(): void {
    const told = JSON.stringify(urls)
    if (told === usedUrls) return
    usedUrls = told
    const named = Object.entries(configOf({ telemetry: urls }).destinations)
    const wanted = named.map(([key, url]) => [`${key} ${url}`, { [key]: url }] as const)
    if (wanted.length === destinations.size && wanted.every(([name]) => destinations.has(name))) return
    const { fetch, allowedOrigins, secret } = options
    const sending: Sending = {
      now,
      token: () => logins?.token,
      ...(fetch && { fetch }),
      ...(allowedOrigins && { allowedOrigins }),
      ...(secret !== undefined && { secret }),
    }
    const made = (one: Destinations): Transport => gated(transportsOf(one, sending)[0] as Transport, whyNot)
    destinations = new Map(wanted.map(([name, one]) => [name, destinations.get(name) ?? made(one)]))
    telemetry.deliverTo([...ofHost, ...destinations.values()])
  }

  function start(given: CourseInput, path: string): void {
    if (folder !== undefined) return
    configPath = path
    const dirPath = resolve(path)
    permission = permissionOf(dirPath, elapsed, () => queueMicrotask(stop))
    if (!allowed() && permission.isOff) return
    folder = openCourseFolder(dirPath)
    logins = loginsOf(folder)
    useUrls()
    stopSaving = saveAtExit((last) => {
      ignoreErrors(() => {
        if (last && allowed()) telemetry.end('exit')
        telemetry.save()
        if (last) leaveTheRest()
      })
    })
    begin(given)
    checkLogin()
    looking = setInterval(() => {
      ignoreErrors(useUrls)
      checkLogin()
    }, LOOK_MS).unref()
  }

  /** Has another process deliver what waits; a `fetch` or a transport of the host's cannot be handed to it. */
  function leaveTheRest(): void {
    const { detached = true, fetch, allowedOrigins = [], secret } = options
    if (folder === undefined || !detached || fetch !== undefined || destinations.size === 0) return
    if (!allowed() || !telemetry.waits()) return
    handOver({
      dirPath: folder.dirPath,
      destinations: configOf({ telemetry: urls }).destinations,
      allowedOrigins,
      ...(secret !== undefined && { secret }),
      ...(logins?.token !== undefined && { token: logins.token }),
    })
  }

  function loginsOf(opened: CourseFolder): Logins {
    const made = followLogins({
      folder: opened,
      dirPath: opened.dirPath,
      kept: loginsKept,
      lastRecordedAt: ignoreErrors(() => lastRecordedAt(opened)) ?? -Infinity,
      student: () => telemetry.status().student,
      logIn: identify,
      logOut: () => telemetry.clear(),
    })
    if (early !== undefined) made.told(early)
    return made
  }

  /** A login or logout waits while it is not known whether recording is on, and comes before the next event. */
  function settle(change: () => void): void {
    unsettled = change
    if (!allowed()) return
    unsettled = undefined
    change()
  }

  function logIn(student: Student): void {
    if (!identify(student)) return
    early = student
    logins?.told(student)
  }

  /** Returns false only for an id that is not valid: core retries a login that it could not append. */
  function identify({ user_id }: Student): boolean {
    return telemetry.identify(user_id).ok || isStudentId(user_id)
  }

  function begin(given: CourseInput): void {
    startLater = given
    if (!allowed()) return
    // A course that is new here stays so until it is noted which login came with it.
    const started = ignoreErrors(() => {
      logins?.note()
      return telemetry.start(given)
    })
    if (started?.ok !== true) return
    startLater = undefined
    course = given
  }

  return {
    telemetry,
    get started() {
      return course !== undefined
    },
    get current() {
      return (course && ignoreErrors(() => telemetry.snapshot())) ?? null
    },
    get urls() {
      return urls
    },
    set urls(given) {
      urls = given
      if (folder !== undefined) ignoreErrors(useUrls)
    },
    get configPath() {
      return configPath
    },
    get prevStep() {
      return ignoreErrors(() => {
        const { open, course: steps } = telemetry.state()
        return steps?.find(({ slug }) => slug === open)?.position
      })
    },
    async start(agent, steps, path, tutorialSlug) {
      ignoreErrors(() => start({ slug: tutorialSlug, agent, steps } as CourseInput, path))
    },
    registerStepEvent(stepPosition, event, data) {
      if (!allowed()) return
      if (startLater !== undefined) begin(startLater)
      ignoreErrors(() => {
        if (unsettled !== undefined) settle(unsettled)
        if (folder !== undefined) useUrls()
        logins?.lookIfChanged()
      })
      telemetry.record(stepPosition, event, data)
    },
    setStudent(student) {
      ignoreErrors(() => {
        // The host's object stays the host's.
        const { user_id, token } = student
        settle(() => logIn({ user_id, ...(token !== undefined && { token }) }))
      })
    },
    clearStudent() {
      settle(() => {
        early = undefined
        logins?.told(undefined)
        telemetry.clear()
      })
    },
    checkLogin,
    import: (file, how) => (allowed() ? telemetry.import(file, how) : { ok: false, reason: SWITCHED_OFF }),
    finishWorkoutSession() {
      if (course === undefined || !allowed()) return
      telemetry.end('finished')
      begin(course)
    },
    async submit() {
      ignoreErrors(() => {
        if (folder !== undefined) useUrls()
        telemetry.submit()
      })
    },
    save() {
      ignoreErrors(() => telemetry.save())
    },
    async retrieve() {
      const text = ignoreErrors(() =>
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
      clearInterval(looking)
      if (course !== undefined && allowed()) telemetry.end('close')
      await telemetry.close().catch(() => {})
      stopSaving?.()
      if (!isClosed) ignoreErrors(leaveTheRest)
      isClosed = true
      ignoreErrors(() => folder?.close())
    },
  }
}

/** Epoch ms; -Infinity where nothing is recorded. */
function lastRecordedAt(folder: CourseFolder): number {
  const changed = folder.list().map((id) => statSync(folder.logPath(id)).mtimeMs)
  return Math.max(-Infinity, ...changed)
}
