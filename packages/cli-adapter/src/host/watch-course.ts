// Beside a host that records by itself, LearnPack 2 or 5 (SPEC §9): its telemetry.json is followed, and what changes in it
// becomes events of a log of ours. The file is the host's: it is never written while the host may write it, and repaired if a
// crash tore it.

import { join } from 'node:path'
import {
  createTelemetry,
  parseSnapshot,
  snapshotForEditor,
  steadyNow,
  type Redactor,
  type SnapshotStore,
  type Telemetry,
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
import { followConsent } from '../consent/consent'
import { followLogins } from '../logins/follow-logins'
import { machineId } from '../logins/machine-id'
import type { Transport } from '../sending/destination'
import { gated } from '../sending/gate'
import { versionOf } from '../shared/file-version'
import { createRedactor } from '../shared/redactor'
import type { ITelemetryJSONSchema } from './telemetry-json'

/** How often the file is checked, ms: changes in between keep the times that the host gave them. */
const LOOK_MS = 250
/** A file that stays torn for so long was left by a host that died, ms: no host takes that long to write. */
const TORN_MS = 2_000

/** What is watched, and what becomes of it. */
export interface WatchOptions {
  /** The course's `dirPath`, normally `.learn`. */
  readonly dirPath: string
  /** Epoch ms. Default: the system's clock. */
  readonly now?: () => number
  /** As of the manager. Default: `createRedactor()`. */
  readonly redaction?: false | Redactor
  /** Where to deliver to. The host delivers by itself, so the default is nowhere. */
  readonly transports?: readonly Transport[]
}

/** A course that is watched. Nothing of it throws. */
export interface WatchedCourse {
  /** Looks at once, and resolves once nothing more can be sent now. */
  settled(): Promise<void>
  /** What is known; null before anything was seen. */
  snapshot(): ITelemetryJSONSchema | null
  /**
   * Says what happens: `recorded` with `{ id, at, type, step }` of an event, and what core's `Telemetry` says beside it (`noticed`,
   * `delivered`, `retrying`, `fault`).
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a listener declares what it takes, whatever the event
  on(event: string, listener: (...said: any[]) => void): void
  /** Looks a last time and lets go. Does not reject. */
  close(): Promise<void>
}

/** Follows the telemetry.json of a host that records by itself. Does nothing where recording is switched off (SPEC §5). */
export function watchCourse({
  dirPath,
  now: given = Date.now,
  redaction = createRedactor(),
  transports = [],
}: WatchOptions): WatchedCourse {
  const folder = openCourseFolder(dirPath)
  const path = join(dirPath, SNAPSHOT_NAME)
  const now = steadyNow(given, Date.now)
  const { elapsed } = nodePorts.clock
  /** Which version of the file was looked at last. */
  let seen: string | undefined
  /** Since when the file is torn. */
  let tornAt: number | undefined
  let isOpen = false
  const choice = followConsent(dirPath)

  const telemetry: Telemetry = createTelemetry({
    ...nodePorts,
    clock: { ...nodePorts.clock, now },
    storage: { ...folder, snapshot: hostsSnapshot, ...(transports.length === 0 && { lease: noLease }) },
    transports: transports.map((transport) => gated(transport, () => logins.whyNot())),
    machine: machineId,
    mayRecord: () => choice().enabled,
    ...(redaction !== false && { redact: redaction }),
  })
  const logins = followLogins({
    folder,
    dirPath,
    kept: 'in the file if there is one',
    lastRecordedAt: -Infinity,
    student: () => telemetry.status().student,
    logIn: ({ user_id }) => telemetry.identify(user_id),
    logOut: () => telemetry.clear(),
  })

  function look(): void {
    if (!choice().enabled) return
    const version = versionOf(path)
    if (version === undefined) return
    if (version !== seen) tornAt = undefined
    else if (tornAt === undefined) return
    seen = version
    const text = read()
    if (!parseSnapshot(text).ok) {
      tornAt ??= elapsed()
      if (elapsed() - tornAt >= TORN_MS) repair()
      return
    }
    tornAt = undefined
    open()
    if (transports.length > 0) logins.look()
    // Unchanged, as the host wrote it: a file without a student says that nobody is logged in.
    telemetry.import(JSON.parse(text), { live: true })
  }

  const read = (): string => readRegular(path, { most: SNAPSHOT_BYTES }).toString('utf8')

  /** Before the host reads it. */
  function repairAtOnce(): void {
    if (!choice().enabled || versionOf(path) === undefined) return
    if (!parseSnapshot(read()).ok) repair()
  }

  function open(): void {
    if (isOpen) return
    logins.note()
    telemetry.open()
    isOpen = true
  }

  /** A host does not start with a file that it cannot read. Without a log there is nothing to replace it with. */
  function repair(): void {
    if (folder.list().length === 0) return
    open()
    const whole = snapshotForEditor(telemetry.state())
    if (whole === null) return
    folder.snapshot.setAside()
    folder.snapshot.replaceSync([JSON.stringify(whole)])
    seen = versionOf(path)
    tornAt = undefined
  }

  const lookSafely = (): void => void ignoreErrors(look)
  ignoreErrors(repairAtOnce)
  // Listeners that are added at once hear of the first event.
  queueMicrotask(lookSafely)
  const timer = setInterval(lookSafely, LOOK_MS).unref()
  const stopSaving = saveAtExit(lookSafely)

  return {
    async settled() {
      lookSafely()
      await telemetry.settled()
    },
    snapshot: () => (isOpen ? (ignoreErrors(() => telemetry.snapshot()) ?? null) : null),
    on: (event, listener) => void telemetry.on(event as 'fault', listener),
    async close() {
      clearInterval(timer)
      lookSafely()
      stopSaving()
      await telemetry.close().catch(() => {})
      ignoreErrors(() => folder.close())
    },
  }
}

/** telemetry.json belongs to the host: we read and write none of our own. */
const hostsSnapshot: SnapshotStore = {
  read: () => ({ kind: 'none' }),
  disown() {},
  replace: () => ({ async write() {}, async commit() {}, async discard() {} }),
  replaceSync() {},
  setAside: () => '',
}

/** A watcher that delivers nothing needs no lease, and leaves it to a command that does. */
const noLease: CourseFolder['lease'] = {
  acquire: () => undefined,
  release() {},
  ask() {},
  asked: () => false,
  holder: () => undefined,
}
