// The write side: what a call is checked for, and what is appended for it, synchronously and never waiting for the rest.

import { EVENT_VERSION, eventSchemas, parseEvent, studentId } from '../events/events'
import type { CourseInput, EventType, TelemetryEvent } from '../events/events'
import { brief, describeIssues } from '../events/describe'
import { normalized } from '../events/parse-snapshot'
import { importedSnapshot, type ImportedSnapshot } from '../events/snapshot-schema'
import { isLearnPack5, showsLearnPack5 } from '../fold/host-file'
import type { State } from '../fold/state'
import type { Clock, Crc, Ids, Storage } from '../ports'
import { checkCall, stepAt, type Data } from './admit'
import { createCalls } from './calls'
import type { Cleaner } from './clean'
import { createFolder, type Folder } from './folder'
import { createFollowHost } from './follow-host'
import { createFileImporter } from './import-file'
import { limited, type Limits } from './limits'
import type { ReadSide } from './read-side'
import type { Recorded } from './recorded'
import { createRecorder, type Call, type Recorder } from './recorder'
import { AI_NEEDS_LOGIN } from './refusals'
import type { Reports } from './reports'
import { createSession } from './session'
import { createStudents } from './students'
import { createImporter } from './importer'

export interface WriteSideOptions {
  readonly storage: Storage
  readonly clock: Clock
  readonly ids: Ids
  readonly crc: Crc
  readonly clean: Cleaner
  readonly reading: ReadSide
  readonly reports: Reports
  /** As of `createTelemetry`, like the next two. */
  readonly mayRecord: () => boolean
  readonly machine?: (() => string) | undefined
  readonly limits?: Limits | undefined
}

/** What was read of the log that is followed, to its end. */
export interface EndOfLog {
  readonly id: string
  readonly state: State
  /** Byte offset of the end. */
  readonly position: number
  /** Events in it, each once. */
  readonly events: number
  /** Whether this process holds the lease. */
  readonly leads: boolean
}

/** The calls of a runtime; none of them throws for what it is given but what `answered` catches. */
export interface WriteSide {
  readonly recorder: Recorder
  readonly folder: Folder
  start(course: unknown): Recorded
  record(position: unknown, type: unknown, data?: unknown): Recorded
  identify(user_id: unknown): Recorded
  clear(): Recorded
  import(file: unknown, live: boolean): Recorded
  append(event: TelemetryEvent): Recorded
  end(reason: string): Recorded
  open(): void
  /** Asked at the end of the log, before anything is sent of it. Returns whether something was appended. */
  appendAtEnd(read: EndOfLog): boolean
  /** Takes in the telemetry.json of somebody else, if there is one. Returns whether something was appended. */
  importFile(): boolean
  /** For the next start, which then need not read the logs that far. A folder that was deleted stays deleted. */
  keepIndex(): void
  /** Refuses what still waits for a start. */
  giveUp(): void
}

const courseInput = eventSchemas.session_start.shape.data.omit({ telemetry_id: true })

/** A copy, as it would be written: what the caller does to the object later is not seen. @throws what JSON does */
const copyOf = (given: unknown): unknown => JSON.parse(JSON.stringify(given) ?? 'null')

export function createWriteSide(options: WriteSideOptions): WriteSide {
  const { storage, crc, clean, reading, reports, mayRecord, limits } = options
  const { refuse } = reports
  const recorder = createRecorder(options)
  const { append } = recorder
  const session = createSession(reports)
  const folder = createFolder(options)
  const calls = createCalls({
    recorder,
    reading,
    reports,
    hasSession: () => session.id !== undefined,
    isOpen: () => folder.current !== undefined,
  })
  const students = createStudents({ crc, recorder, folder, session, reading })
  const parts = { storage, crc, clean, recorder, folder, session, students, reading, reports }
  const importSnapshot = createImporter(parts)
  const followHost = createFollowHost(parts)
  const importFile = createFileImporter({ ...options, clean: clean.reason, importSnapshot })

  function openFolder(suggested?: string): void {
    if (folder.current !== undefined || recorder.isClosed || !mayRecord()) return
    folder.open(suggested)
    const { current, whose } = folder
    // What came with a download or a copy logs nobody in.
    if (whose?.isFromHere === false) calls.settle(() => forgetLogin(recorder.called()))
    if (current !== undefined) importFile({ patiently: false })
  }

  function forgetLogin(call: Call): Recorded {
    const isLoggedIn = folder.student !== undefined
    const forgotten: Recorded = isLoggedIn ? students.logOut(call) : { ok: true, id: call.id }
    if (forgotten.ok) folder.whose?.settleHere()
    return forgotten
  }

  function recordStep(call: Call, position: unknown, type: EventType, data: Data): Recorded {
    if (type === 'ai_interaction' && folder.student === undefined) return refuse(AI_NEEDS_LOGIN)
    const found = stepAt(position, session.course?.steps ?? [])
    if (!found.ok) return refuse(found.reason)
    // Spelled out: to spread an envelope costs a third of what recording a small event does.
    const { id, at } = call
    const event = {
      v: EVENT_VERSION,
      id,
      at,
      session: session.id ?? id,
      type,
      step: found.step,
      data: clean.data(data),
    }
    // The texts of its file are to be read by LearnPack 5.
    return append(showsLearnPack5(reading.folded) ? { ...event, encoding: 'uri' } : event, folder.current)
  }

  /** The log was deleted under way: the new one is told of the session, and the folder is made whole. */
  function lostItsSession({ state, events }: EndOfLog): boolean {
    const { start } = session
    // A folder that was deleted stays deleted until there is something to record.
    if (start === undefined || session.id !== start.id || events === 0) return false
    // One that has moved on with who logged in is no longer in the state, but it is in the log.
    if (state.sessions.some(({ id }) => id === start.id) || reading.has(start.id)) return false
    folder.whose?.store()
    return append(start, folder.current).ok
  }

  return {
    recorder,
    folder,
    start(given) {
      const refused = recorder.refusal()
      if (refused !== undefined) return refused
      const copy = copyOf(given)
      const checked = courseInput.safeParse(copy)
      if (!checked.success) return refuse(`course: ${describeIssues(checked.error, copy)}`)
      session.course = clean.course(copy as CourseInput)
      openFolder()
      const start = session.startOf(recorder.called(), folder.current?.id)
      if (folder.whyNot !== undefined)
        return refuse(`${brief(start.type)} could not be recorded: ${folder.whyNot}`)
      const recorded = append(start, folder.current)
      if (!recorded.ok) return recorded
      session.begin(start, folder.current)
      calls.started()
      return recorded
    },
    record(position, type, data) {
      const checked = checkCall(type, data)
      if (!checked.ok) return refuse(checked.reason)
      // A copy: a call that waits must not see what its caller does to the object later.
      const kept = limited(checked.data, clean.text, limits)
      return calls.whenSettled((call) => recordStep(call, position, checked.type, kept))
    },
    identify(user_id) {
      const parsed = studentId.safeParse(user_id)
      if (!parsed.success) return refuse(`user_id: ${describeIssues(parsed.error, user_id)}`)
      return calls.whenStarted((call) => calls.settle(() => students.logIn(parsed.data, call)))
    },
    clear: () => calls.whenFirst((call) => calls.settle(() => students.logOut(call))),
    import(given, live) {
      const raw = copyOf(given)
      const copy = normalized(raw)
      const parsed = importedSnapshot.safeParse(copy)
      if (!parsed.success) return refuse(`import: ${describeIssues(parsed.error, copy)}`)
      const file = copy as ImportedSnapshot
      return calls.whenSettled((call) => {
        if (!live || !isLearnPack5(file)) {
          reading.state()
          return importSnapshot(file, call)
        }
        const isNobodys = (raw as ImportedSnapshot).user_id === ''
        return followHost(isNobodys ? { ...file, user_id: '' } : file, call)
      })
    },
    append(event) {
      const parsed = parseEvent(event)
      if (!parsed.ok) return refuse(`is no event: ${parsed.reason}`)
      const { telemetry_id } = (event['data'] ?? {}) as { telemetry_id?: unknown }
      openFolder(typeof telemetry_id === 'string' ? telemetry_id : undefined)
      return append(event, folder.current)
    },
    end(reason) {
      const { id } = session
      if (id === undefined) return refuse('there is no session to end')
      if (folder.current?.log.size() === 0) return refuse('the log of this session was deleted')
      const recorded = append(
        {
          ...session.envelope(recorder.called()),
          type: 'session_end',
          data: { reason: clean.text(String(reason)) },
        },
        folder.current,
      )
      if (recorded.ok) session.end()
      return recorded
    },
    open() {
      if (folder.current !== undefined) return
      openFolder()
      if (folder.current !== undefined) calls.waitNoMore()
    },
    appendAtEnd(read) {
      if (recorder.isClosed) return false
      if (lostItsSession(read)) return true
      const { id, state, position, events, leads } = read
      if (events === 0) return false
      folder.whose?.learn(id, { owner: state.user_id, student: state.student, offset: position })
      return leads && importFile({ patiently: true })
    },
    importFile: () => folder.current !== undefined && mayRecord() && importFile({ patiently: false }),
    keepIndex() {
      if (reports.guarded('log', () => folder.current?.log.size())) folder.whose?.store()
    },
    giveUp: calls.giveUp,
  }
}
