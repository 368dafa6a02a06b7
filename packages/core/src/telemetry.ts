// The runtime: joins recording (validate, append) and following (read the log, fold, render, deliver).
// Recording is synchronous and never waits for the rest; following catches up behind it in slices.

import { EventEmitter } from 'eventemitter3'
import { encodeLine } from './codec'
import { readCourseIndex } from './course-index'
import { brief, describeIssues } from './describe'
import { EVENT_VERSION, eventSchemas, sameStudent, studentId } from './events'
import type { Course, StudentId, TelemetryEvent } from './events'
import { openTelemetry, type OpenTelemetry } from './open-telemetry'
import { parseSnapshot } from './parse-snapshot'
import type { Clock, CourseIndex, Crc, DeliveryState, Ids, Storage } from './ports'
import { prepare, type StepCall } from './prepare'
import { createRefusals } from './refusals'
import { snapshot } from './render'
import { importedSnapshot, type ImportedSnapshot, type Snapshot } from './snapshot-schema'
import { createSnapshotWriter } from './snapshot-writer'
import { initialState, type State } from './state'
import type { Parcel, Transport } from './transport'

/** How long one turn of folding may hold the event loop, ms. */
const SLICE_MS = 5
/** How long `close` waits for requests under way, ms (SPEC §6). */
export const EXIT_BUDGET_MS = 300

export interface TelemetryOptions {
  readonly storage: Storage
  readonly clock: Clock
  readonly ids: Ids
  readonly crc: Crc
  /** In [0, 1), for the jitter of retries. */
  readonly random: () => number
  readonly transports?: readonly Transport[]
}

/** What a call to record came to. A refused call recorded nothing; its reason is for a person. */
export type Recorded =
  { readonly ok: true; readonly id: string } | { readonly ok: false; readonly reason: string }

export interface TelemetryEvents {
  recorded: (event: Readonly<{ id: string; at: number; type: string }>) => void
  refused: (reason: string) => void
  /** A line of the log, or telemetry.json, that could not be used or is odd. */
  noticed: (message: string) => void
  /** telemetry.json was written. */
  snapshot: (state: State) => void
  delivered: (destination: string, parcel: Parcel) => void
  /** The next attempt is made at `at`, epoch ms. */
  retrying: (destination: string, parcel: Parcel, reason: string, at: number) => void
  paused: (destination: string, parcel: Parcel, reason: string) => void
  deadLettered: (destination: string, parcel: Parcel, reason: string) => void
  /** Storage failed. The host goes on, and so does recording as soon as storage does. */
  fault: (what: string, error: unknown) => void
}

/** A course as the host starts it. */
export type CourseInput = Pick<Course, 'slug' | 'agent' | 'steps'>

export interface Status {
  readonly telemetry_id: string | undefined
  readonly recorded: number
  readonly refused: number
  /** The log: its size in bytes, and what was found when reading it. */
  readonly log: Readonly<{
    bytes: number
    lines: number
    events: number
    damaged: number
    duplicates: number
  }>
  readonly destinations: Readonly<Record<string, DeliveryState>>
}

export interface Telemetry extends Pick<EventEmitter<TelemetryEvents>, 'on' | 'once' | 'off'> {
  /** Starts a session on a course. Calls made before it were kept and are appended behind it. */
  start(course: CourseInput): Recorded
  /** One of the four buttons, at the step with that position. */
  record(position: unknown, type: unknown, data?: unknown): Recorded
  /** A student logged in. */
  identify(user_id: unknown): Recorded
  /** The student logged out. */
  clear(): Recorded
  /** A telemetry.json from elsewhere, to be united with this telemetry (SPEC §4 rule 7). */
  import(file: unknown): Recorded
  /** Appends an event that was recorded elsewhere as it is, for a replay. Needs no start. */
  append(event: TelemetryEvent): Recorded
  /** Sends the present snapshot, unless it was sent already. */
  submit(): void
  /** Ends the session. */
  end(reason: string): Recorded
  /** The state, caught up with the log. */
  state(): State
  /** telemetry.json, caught up with the log. */
  snapshot(): Snapshot
  status(): Status
  /** Resolves once the log is folded, telemetry.json is fresh and nothing more can be sent now. */
  idle(): Promise<void>
  /** Writes telemetry.json at once, for a process that is about to exit. Recording may go on. */
  save(): void
  /** Writes telemetry.json, waits at most `budgetMs` for requests under way, and stops. */
  close(budgetMs?: number): Promise<void>
}

export function createTelemetry(options: TelemetryOptions): Telemetry {
  const { storage, clock, ids, crc, transports = [] } = options
  const events = new EventEmitter<TelemetryEvents>()
  const counts = { recorded: 0, refused: 0 }
  /** Calls before a session start, which they are appended behind. */
  let waiting: (() => void)[] = []
  let current: OpenTelemetry | undefined
  let index: CourseIndex | undefined
  let course: CourseInput | undefined
  let session: string | undefined
  let sessionStart: TelemetryEvent | undefined
  let closed = false
  /** Closed, and nothing is rendered or delivered any more. */
  let ended = false
  let cancelFollow: (() => void) | undefined
  let unwatch: (() => void) | undefined
  const refusals = createRefusals()

  const fault = (what: string, error: unknown): void => void events.emit('fault', what, error)
  const writer = createSnapshotWriter({
    store: storage.snapshot,
    clock,
    latest: () =>
      current?.caughtUp && current.follower.counts.events > 0 && leads() ? current.follower.state : undefined,
    written: (state) => events.emit('snapshot', state),
    failed: (error) => fault('telemetry.json', error),
  })

  /** Runs what touches storage; a failure is reported, never thrown into the host. */
  function guarded<T>(what: string, action: () => T): T | undefined {
    try {
      return action()
    } catch (error) {
      fault(what, error)
      return undefined
    }
  }

  function open(id: string): OpenTelemetry {
    return openTelemetry(id, {
      ...options,
      transports,
      noticed: (message) => events.emit('noticed', message),
      hooks: {
        delivered: (...args) => events.emit('delivered', ...args),
        retrying: (...args) => events.emit('retrying', ...args),
        paused: (...args) => events.emit('paused', ...args),
        deadLettered: (...args) => events.emit('deadLettered', ...args),
        failed: (destination, error) => fault(`delivery to ${destination}`, error),
      },
    })
  }

  /** Opens the telemetry that is going on in the folder; in a new folder, one of the given id. */
  function openCurrent(firstId: string | undefined): void {
    const stored = guarded('index', () => readCourseIndex(storage, crc))
    const chosen = stored ?? { current: firstId ?? ids.telemetry(), owners: {} }
    index = chosen
    make(chosen.current)
    if (stored === undefined) guarded('index', () => storage.writeIndex(chosen))
  }

  /** Makes the telemetry with that id the current one. */
  function make(id: string): void {
    unwatch?.()
    sessionStart = undefined
    current = guarded('log', () => open(id))
    unwatch = current?.log.watch(follow)
  }

  function setIndex(change: Partial<CourseIndex>): void {
    if (index === undefined) return
    const next = { ...index, ...change }
    if (JSON.stringify(next) === JSON.stringify(index)) return
    index = next
    guarded('index', () => storage.writeIndex(next))
  }

  /** Notes whose telemetry `id` is. The first student stays. */
  function own(id: string, user_id: StudentId | undefined): void {
    if (user_id !== undefined && index !== undefined) setIndex({ owners: { [id]: user_id, ...index.owners } })
  }

  // ---- recording ----

  function refuse(reason: string): Recorded {
    counts.refused++
    refusals.add(reason, clock.now())
    events.emit('refused', reason)
    followSoon()
    return { ok: false, reason }
  }

  function append(event: TelemetryEvent, to = current): Recorded {
    if (to === undefined || closed)
      return refuse(`nothing is recorded ${closed ? 'after close' : 'before start'}`)
    try {
      to.log.append(encodeLine(event, crc))
    } catch (error) {
      return refuse(
        `${brief(event.type)} could not be recorded: ${error instanceof Error ? error.message : String(error)}`,
      )
    }
    counts.recorded++
    events.emit('recorded', { id: event.id, at: event.at, type: event.type })
    followSoon()
    return { ok: true, id: event.id }
  }

  interface Call {
    readonly id: string
    readonly at: number
  }

  /** An event of the present session; one told before its session start belongs to that start. */
  const envelope = ({ id, at }: Call) => ({ v: EVENT_VERSION, id, at, session: session ?? id })

  const called = (): Call => {
    const at = clock.now()
    return { id: ids.event(at), at }
  }

  /** Runs a call now, or behind the next session start; either way it has the id and time of the call. */
  function whenStarted(run: (call: Call) => Recorded): Recorded {
    if (closed) return refuse('nothing is recorded after close')
    const call = called()
    if (session !== undefined) return run(call)
    waiting.push(() => run(call))
    return { ok: true, id: call.id }
  }

  function recordStep(call: Call, step: StepCall): Recorded {
    if (step.type === 'ai_interaction' && index?.student === undefined) {
      return refuse('ai_interaction is recorded only while a student is logged in')
    }
    const prepared = prepare(step, course?.steps ?? [])
    if (!prepared.ok) return refuse(prepared.reason)
    const { type, step: of, data } = prepared
    const { id, at } = call
    return append({ v: EVENT_VERSION, id, at, session: session ?? id, type, step: of, data })
  }

  function startSession({ id, at }: Call): Recorded {
    if (current === undefined || course === undefined) return refuse('the log could not be opened')
    const data = { telemetry_id: current.id, ...course }
    const event: TelemetryEvent = { v: EVENT_VERSION, id, at, session: id, type: 'session_start', data }
    const recorded = append(event)
    if (recorded.ok) {
      session = id
      sessionStart = event
    }
    return recorded
  }

  // ---- whose telemetry (SPEC §4 rule 5) ----

  function identify(call: Call, user_id: StudentId): Recorded {
    const owner = index?.owners[index.current]
    if (index !== undefined && owner !== undefined && !sameStudent(owner, user_id))
      leaveFor(user_id, call, index)
    const recorded = append({ ...envelope(call), type: 'student_identified', data: { user_id } })
    if (recorded.ok && current !== undefined) {
      setIndex({ student: user_id })
      own(current.id, user_id)
    }
    return recorded
  }

  /** Another student goes on in a telemetry of their own: theirs from before, or a fresh one. */
  function leaveFor(user_id: StudentId, { at }: Call, { student, owners }: CourseIndex): void {
    if (student !== undefined) {
      append({ ...envelope({ id: ids.event(at), at }), type: 'student_cleared', data: {} })
    }
    const theirs = Object.keys(owners).find((id) => sameStudent(owners[id], user_id)) ?? ids.telemetry()
    current?.deliveries.forEach((delivery) => delivery.stop())
    make(theirs)
    setIndex({ current: theirs, student: undefined })
    startSession({ id: ids.event(at), at })
  }

  // ---- a telemetry.json that is not ours ----

  function foreignFile(): ImportedSnapshot | undefined {
    const file = guarded('telemetry.json', () => storage.snapshot.read()) ?? { kind: 'none' as const }
    if (file.kind === 'none' || file.kind === 'ours') return undefined
    const parsed =
      file.kind === 'foreign' ? parseSnapshot(file.text) : { ok: false as const, reason: file.reason }
    if (parsed.ok) return parsed.snapshot
    const name = guarded('telemetry.json', () => storage.snapshot.setAside())
    if (name !== undefined) events.emit('noticed', `telemetry.json ${parsed.reason}; it is kept as ${name}`)
    return undefined
  }

  function importFile(file: ImportedSnapshot, call: Call, to = current): Recorded {
    const recorded = append({ ...envelope(call), type: 'import', data: { snapshot: file } }, to)
    if (recorded.ok && to !== undefined) {
      own(to.id, file.user_id)
      guarded('telemetry.json', () => storage.snapshot.adopted())
    }
    return recorded
  }

  /** Unites the file with the present telemetry, or with its own if it is another student's. */
  function adopt(file: ImportedSnapshot, call: Call): Recorded {
    const owner = current && index?.owners[current.id]
    const anothers = owner !== undefined && file.user_id !== undefined && !sameStudent(owner, file.user_id)
    if (!anothers || file.telemetry_id === current?.id) return importFile(file, call)
    return importFile(
      file,
      call,
      guarded('log', () => open(file.telemetry_id)),
    )
  }

  // ---- following ----

  function followSoon(): void {
    if (closed) return
    cancelFollow ??= clock.after(0, () => {
      cancelFollow = undefined
      follow()
    })
  }

  function follow(): void {
    if (current === undefined) return
    const until = clock.now() + SLICE_MS
    const { follower } = current
    const end = guarded('log', () => {
      let end = follower.step()
      while (!end && clock.now() < until) end = follower.step()
      return end
    })
    if (end === false) followSoon()
    if (end === true) reachedEnd(current)
  }

  function catchUp(): void {
    const open = current
    if (open === undefined) return
    guarded('log', () => open.follower.catchUp())
    if (reachedEnd(open)) guarded('log', () => open.follower.catchUp())
  }

  /** Returns whether something was appended, so that the end is no longer where it was. */
  function reachedEnd(open: OpenTelemetry): boolean {
    if (lostItsSession(open)) return true
    const { user_id, student } = open.follower.state
    setIndex({ student })
    own(open.id, user_id)
    open.reachedEnd()
    guarded('refusals', () => refusals.store(open.refusals))
    if (!leads()) return false
    const file = closed ? undefined : foreignFile()
    if (file !== undefined) adopt(file, called())
    writer.soon()
    return file !== undefined
  }

  /** The log was deleted under way: the new one is told of the session, and the folder is made whole. */
  function lostItsSession({ follower }: OpenTelemetry): boolean {
    if (closed || sessionStart === undefined || session !== sessionStart.id) return false
    // A folder that was deleted stays deleted until there is something to record.
    if (follower.counts.events === 0 || follower.state.sessions.some(({ id }) => id === session)) return false
    guarded('index', () => index && storage.writeIndex(index))
    return append(sessionStart).ok
  }

  const leads = (): boolean => !ended && (guarded('lease', () => storage.lease.acquire()) ?? false)

  /** Lets go of the lease; what others appended meanwhile, and could not render without it, is rendered first. */
  function release(): void {
    for (let open = current; open !== undefined;) {
      const { position } = open.follower
      guarded('lease', () => storage.lease.release())
      if (open.log.size() <= position || !leads()) return
      catchUp()
      writer.sync()
      // Nothing whole came: a piece of a line whose process died, or a log that cannot be read.
      if (open.follower.position === position) open = undefined
    }
    guarded('lease', () => storage.lease.release())
  }

  function within(ms: number, work: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(ms, resolve)
      void work.then(() => {
        cancel()
        resolve()
      })
    })
  }

  return {
    on: events.on.bind(events),
    once: events.once.bind(events),
    off: events.off.bind(events),

    start(given) {
      if (closed) return refuse('nothing is recorded after close')
      const call = called()
      const checked = eventSchemas.session_start.shape.data.omit({ telemetry_id: true }).safeParse(given)
      if (!checked.success) return refuse(`course: ${describeIssues(checked.error, given)}`)
      course = given
      if (current === undefined) {
        const file = foreignFile()
        openCurrent(file?.telemetry_id)
        if (file !== undefined) adopt(file, call)
      }
      const recorded = startSession(called())
      if (recorded.ok) {
        const calls = waiting
        waiting = []
        for (const run of calls) run()
      }
      return recorded
    },

    record(position, type, data) {
      const copy = session === undefined ? copied(data) : { ok: true as const, data }
      if (!copy.ok) return refuse(`data of ${brief(type)} cannot be kept: ${copy.reason}`)
      return whenStarted((call) => recordStep(call, { position, type, data: copy.data }))
    },

    identify(user_id) {
      const parsed = studentId.safeParse(user_id)
      if (!parsed.success) return refuse(`user_id: ${describeIssues(parsed.error, user_id)}`)
      return whenStarted((call) => identify(call, parsed.data))
    },

    clear() {
      return whenStarted((call) => {
        const recorded = append({ ...envelope(call), type: 'student_cleared', data: {} })
        if (recorded.ok) setIndex({ student: undefined })
        return recorded
      })
    },

    import(file) {
      const parsed = importedSnapshot.safeParse(file)
      if (!parsed.success) return refuse(`import: ${describeIssues(parsed.error, file)}`)
      return whenStarted((call) => adopt(file as ImportedSnapshot, call))
    },

    append(event) {
      if (current === undefined) openCurrent((event['data'] as Partial<Course> | undefined)?.telemetry_id)
      return append(event)
    },

    submit() {
      catchUp()
      current?.submit()
    },

    end(reason) {
      return whenStarted((call) => {
        const recorded = append({ ...envelope(call), type: 'session_end', data: { reason } })
        if (recorded.ok) session = undefined
        return recorded
      })
    },

    state() {
      catchUp()
      return current?.follower.state ?? initialState
    },

    snapshot() {
      return snapshot(this.state())
    },

    status: () => ({
      telemetry_id: current?.id,
      ...counts,
      log: {
        bytes: guarded('log', () => current?.log.size()) ?? 0,
        ...(current?.follower.counts ?? { lines: 0, events: 0, damaged: 0, duplicates: 0 }),
      },
      destinations: Object.fromEntries(current?.deliveries.map((d) => [d.destination, d.state]) ?? []),
    }),

    async idle() {
      catchUp()
      await current?.idle()
      await writer.now()
    },

    save() {
      catchUp()
      writer.sync()
      guarded('lease', release)
    },

    async close(budgetMs = EXIT_BUDGET_MS) {
      if (closed) return
      catchUp()
      closed = true
      const stopped = current
      await Promise.all([writer.now(), stopped && within(budgetMs, stopped.idle())])
      cancelFollow?.()
      unwatch?.()
      writer.stop()
      stopped?.deliveries.forEach((delivery) => delivery.stop())
      guarded('lease', release)
      ended = true
      await Promise.allSettled(transports.map((transport) => transport.close?.()))
    },
  }
}

type Copy = { ok: true; data: unknown } | { ok: false; reason: string }

/** A call that waits must not see what its caller does to the object later. */
function copied(data: unknown): Copy {
  try {
    return { ok: true, data: data === undefined ? undefined : (JSON.parse(JSON.stringify(data)) as unknown) }
  } catch (error) {
    return { ok: false, reason: (error as Error).message }
  }
}
