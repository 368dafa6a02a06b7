// The runtime: joins recording (validate, append) and following (read the log, fold, render, deliver).
// Recording is synchronous and never waits for the rest; following catches up behind it in slices.

import { EventEmitter } from 'eventemitter3'
import { EXIT_BUDGET_MS, type CourseInput, type Recorded } from './api'
import type { Telemetry, TelemetryEvents, TelemetryOptions } from './api'
import { careful, cleanCourse, cleaned, cleanReason, cleanSnapshot } from './clean'
import { encodeLine } from './codec'
import { deterministicId } from './deterministic-id'
import { brief, describeIssues } from './describe'
import { EVENT_VERSION, eventSchemas, parseEvent, sameStudent, studentId } from './events'
import type { StudentId, TelemetryEvent } from './events'
import { findForeignFile } from './foreign-file'
import { limited } from './limits'
import { openTelemetry, type OpenTelemetry } from './open-telemetry'
import { readOwnership, type Ownership } from './ownership'
import { normalized } from './parse-snapshot'
import { checkCall, prepare, type StepCall } from './prepare'
import { createRefusals } from './refusals'
import { snapshot } from './render'
import { importedSnapshot, type ImportedSnapshot } from './snapshot-schema'
import { createSnapshotWriter } from './snapshot-writer'
import { initialState, type State } from './state'

/** How long one turn of folding goes on, ms: with the last slice and a garbage collection it stays under 10. */
const SLICE_MS = 1
/** A telemetry.json that could not be taken in is tried again after, ms. */
const TAKE_IN_AGAIN_MS = 5_000
/** Calls that wait for a start, which may never come. */
const MOST_WAITING = 10_000
/** More processes than will ever end at once. */
const MOST_LOOKS = 100

const courseInput = eventSchemas.session_start.shape.data.omit({ telemetry_id: true })

/** Id and time of a call. */
interface Call {
  readonly id: string
  readonly at: number
}

/**
 * Makes the runtime of one course folder. Touches nothing until `start`, `append`, `open` or `close`; several processes may
 * each have one on the same folder.
 */
export function createTelemetry(options: TelemetryOptions): Telemetry {
  const { storage, clock, ids, crc, transports = [] } = options
  const events = new EventEmitter<TelemetryEvents>()
  const counts = { recorded: 0, refused: 0 }
  const refusals = createRefusals()
  /** Calls before a session start, which they are appended behind. */
  let waiting: (() => void)[] = []
  let current: OpenTelemetry | undefined
  let whose: Ownership | undefined
  let course: CourseInput | undefined
  let session: string | undefined
  let sessionStart: TelemetryEvent | undefined
  /** Nothing is recorded any more ... */
  let closed = false
  /** ... and nothing rendered or delivered. */
  let ended = false
  let closing: Promise<void> | undefined
  /** Of the lease, while it was held when last looked at. */
  let term: number | undefined
  let takeInAgainAt = -Infinity
  let unreadable: { readonly text: string | undefined; readonly at: number } | undefined
  let cancelFollow: (() => void) | undefined
  let unwatch: (() => void) | undefined

  const writer = createSnapshotWriter({
    storage,
    clock,
    intact: () => fileKind() === 'ours',
    latest: () => (mayWrite() ? current?.follower.state : undefined),
    written: (state) => emit('snapshot', state),
    failed: (error) => fault('telemetry.json', error),
  })

  // ---- what it says, and that it never throws into the host ----

  /** A listener that throws is a fault of its own, not of the call it was told of. */
  const emit: typeof events.emit = (name, ...args) => {
    try {
      return events.emit(name, ...args)
    } catch (error) {
      if (name !== 'fault') fault(`listener of ${name}`, error)
      return true
    }
  }

  function fault(what: string, error: unknown): void {
    emit('fault', what, error)
  }

  function guarded<T>(what: string, action: () => T): T | undefined {
    try {
      return action()
    } catch (error) {
      fault(what, error)
      return undefined
    }
  }

  /** Whatever a caller passes, also what throws when it is looked at, is at worst refused. */
  function answered(run: () => Recorded): Recorded {
    try {
      return run()
    } catch (error) {
      return refuse(`cannot be recorded: ${messageOf(error)}`)
    }
  }

  const redact =
    options.redact &&
    careful(options.redact, () => emit('noticed', 'a text could not be redacted, and nothing of it was kept'))

  /** A reason is told and stored, and quotes what it is about. */
  const safe = (reason: string): string => (redact === undefined ? reason : cleanReason(reason, redact))

  function refuse(quoting: string): Recorded {
    const reason = safe(quoting)
    counts.refused++
    refusals.add(reason, clock.now())
    emit('refused', reason)
    return { ok: false, reason }
  }

  // ---- recording ----

  function append(event: TelemetryEvent, to: OpenTelemetry | undefined): Recorded {
    if (closed) return refuse('nothing is recorded after close')
    if (to === undefined) return refuse('the log could not be opened')
    try {
      to.log.append(encodeLine(event, crc))
    } catch (error) {
      return refuse(`${brief(event.type)} could not be recorded: ${messageOf(error)}`)
    }
    counts.recorded++
    followSoon()
    if (events.listenerCount('recorded') > 0)
      emit('recorded', { id: event.id, at: event.at, type: event.type })
    return { ok: true, id: event.id }
  }

  const called = (at = clock.now()): Call => ({ id: ids.event(at), at })

  /** An event of the present session; one told before its session start belongs to that start. */
  const envelope = ({ id, at }: Call) => ({ v: EVENT_VERSION, id, at, session: session ?? id })

  /** Runs a call now, or behind the next session start; either way it has the id and time of the call. */
  function whenStarted(run: (call: Call) => Recorded): Recorded {
    if (closed) return refuse('nothing is recorded after close')
    const call = called()
    if (session !== undefined) return run(call)
    if (waiting.length >= MOST_WAITING) return refuse(`more than ${MOST_WAITING} calls before a start`)
    waiting.push(() => run(call))
    return { ok: true, id: call.id }
  }

  function recordStep({ id, at }: Call, step: StepCall): Recorded {
    if (step.type === 'ai_interaction' && whose?.student === undefined) {
      return refuse('ai_interaction is recorded only while a student is logged in')
    }
    const prepared = prepare(step, course?.steps ?? [])
    if (!prepared.ok) return refuse(prepared.reason)
    const { type, step: of } = prepared
    const data = redact === undefined ? prepared.data : cleaned(prepared.data, redact)
    return append({ v: EVENT_VERSION, id, at, session: session ?? id, type, step: of, data }, current)
  }

  function startSession({ id, at }: Call): Recorded {
    const data = { ...course, telemetry_id: current?.id }
    const event: TelemetryEvent = { v: EVENT_VERSION, id, at, session: id, type: 'session_start', data }
    const recorded = append(event, current)
    if (recorded.ok) {
      session = id
      sessionStart = event
    }
    return recorded
  }

  // ---- whose telemetry (SPEC §4 rule 5) ----

  function open(id: string): OpenTelemetry | undefined {
    return guarded('log', () =>
      openTelemetry(id, {
        ...options,
        transports,
        noticed: (message) => emit('noticed', message),
        restarted: () => guarded('telemetry.json', () => storage.snapshot.disown()),
        hooks: {
          delivered: (...args) => emit('delivered', ...args),
          retrying: (...args) => emit('retrying', ...args),
          paused: (...args) => emit('paused', ...args),
          deadLettered: (...args) => emit('deadLettered', ...args),
          rejected: (...args) => emit('rejected', ...args),
          failed: (destination, error) => fault(`delivery to ${destination}`, error),
        },
      }),
    )
  }

  /** Opens the telemetry that is going on in the folder; in a new folder, that of its telemetry.json. */
  function openCurrent(suggested?: string): void {
    whose ??= readOwnership({
      storage,
      crc,
      firstId() {
        const found = guarded('telemetry.json', () => findForeignFile(storage.snapshot))
        return (
          (found?.kind === 'foreign' ? found.file.telemetry_id : undefined) ?? suggested ?? ids.telemetry()
        )
      },
      failed: (error) => fault('index', error),
    })
    goOnIn(whose.current)
    // Without its log, a telemetry.json of ours is all there is.
    guarded('log', () => current?.log.size() === 0 && storage.snapshot.disown())
    takeInFile({ patiently: false })
  }

  function goOnIn(id: string): void {
    unwatch?.()
    sessionStart = undefined
    current?.deliveries.forEach((delivery) => delivery.stop())
    current = open(id)
    unwatch = current?.log.watch(follow)
  }

  function identify(call: Call, user_id: StudentId): Recorded {
    const owner = current && whose?.ownerOf(current.id)
    if (whose !== undefined && owner !== undefined && !sameStudent(owner, user_id))
      leaveFor(user_id, call, whose)
    const recorded = append({ ...envelope(call), type: 'student_identified', data: { user_id } }, current)
    if (recorded.ok && current !== undefined) {
      whose?.setStudent(current.id, user_id)
      whose?.own(current.id, user_id)
    }
    return recorded
  }

  /** Whatever makes the ids, one that is somebody's is never given to another. */
  function unusedId(folder: Ownership | undefined, at: number): string {
    const id = ids.telemetry()
    return folder?.ownerOf(id) === undefined ? id : ids.event(at).replaceAll('-', '').slice(-16)
  }

  /** Another student goes on in a telemetry of their own: theirs from before, or a fresh one. */
  function leaveFor(user_id: StudentId, { at }: Call, folder: Ownership): void {
    if (folder.student !== undefined) {
      append({ ...envelope(called(at)), type: 'student_cleared', data: {} }, current)
    }
    const theirs = folder.telemetryOf(user_id) ?? unusedId(folder, at)
    goOnIn(theirs)
    folder.switchTo(theirs)
    startSession(called(at))
  }

  function importInto(file: ImportedSnapshot, call: Call, to: OpenTelemetry | undefined): Recorded {
    const mine = to === current ? envelope(call) : { ...envelope(call), session: call.id }
    const kept = redact === undefined ? file : cleanSnapshot(file, redact)
    const recorded = append({ ...mine, type: 'import', data: { snapshot: kept } }, to)
    if (recorded.ok && to !== undefined) whose?.own(to.id, file.user_id)
    return recorded
  }

  /**
   * Unites a file with the present telemetry, or with that of the student whose it is. A file that goes by
   * the present telemetry's id is united with it whoever it names: what is whose in it cannot be told.
   */
  function unite(file: ImportedSnapshot, call: Call): Recorded {
    const owner = current && whose?.ownerOf(current.id)
    const { user_id, telemetry_id } = file
    const another = owner !== undefined && user_id !== undefined && !sameStudent(owner, user_id)
    if (!another || telemetry_id === current?.id) return importInto(file, call, current)
    const taken = whose?.ownerOf(telemetry_id) !== undefined
    const theirs = whose?.telemetryOf(user_id) ?? (taken ? unusedId(whose, call.at) : telemetry_id)
    return importInto(file, call, open(theirs))
  }

  // ---- a telemetry.json that is not ours ----

  /**
   * Takes in what somebody else wrote, or sets aside what cannot be. Returns whether a log was appended to.
   * @param patiently what cannot be read may be a file that somebody is writing at the moment: it is set aside
   *   when it is found unchanged the next time
   */
  function takeInFile({ patiently }: { patiently: boolean }): boolean {
    if (clock.now() < takeInAgainAt) return false
    const found = guarded('telemetry.json', () => findForeignFile(storage.snapshot))
    if (found === undefined || found.kind === 'clear') {
      unreadable = undefined
      return false
    }
    if (found.kind === 'unreadable') {
      const seenBefore =
        unreadable !== undefined && unreadable.text === found.text && clock.now() > unreadable.at
      if (patiently && !seenBefore) unreadable = { text: found.text, at: clock.now() }
      else setAside(found.reason)
      return false
    }
    // The same file taken in by two processes is one event.
    const { last_interaction_at, tutorial_started_at } = found.file
    const at = clock.now()
    const id = deterministicId(last_interaction_at ?? tutorial_started_at ?? 0, found.text)
    const taken = unite(found.file, { id, at }).ok
    if (taken) guarded('telemetry.json', () => found.adopted())
    else takeInAgainAt = at + TAKE_IN_AGAIN_MS
    return taken
  }

  function setAside(reason: string): void {
    const name = guarded('telemetry.json', () => storage.snapshot.setAside())
    if (name === undefined) takeInAgainAt = clock.now() + TAKE_IN_AGAIN_MS
    else emit('noticed', `telemetry.json ${safe(reason)}; it is kept as ${name}`)
  }

  const fileKind = () => guarded('telemetry.json', () => storage.snapshot.read().kind)

  /** Never over a file that could not be read, kept or taken in (SPEC §7). */
  function mayWrite(): boolean {
    if (!current?.caughtUp || current.follower.counts.events === 0 || !leads()) return false
    const kind = fileKind()
    return kind === 'none' || kind === 'ours'
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
    if (open.follower.counts.events > 0) {
      whose?.setStudent(open.id, student)
      whose?.own(open.id, user_id)
      guarded('refusals', () => refusals.store(open.refusals))
    }
    open.reachedEnd()
    if (!leads()) return false
    const appended = !closed && open.follower.counts.events > 0 && takeInFile({ patiently: true })
    writer.soon()
    return appended
  }

  /** The log was deleted under way: the new one is told of the session, and the folder is made whole. */
  function lostItsSession({ follower }: OpenTelemetry): boolean {
    if (closed || sessionStart === undefined || session !== sessionStart.id) return false
    // A folder that was deleted stays deleted until there is something to record.
    if (follower.counts.events === 0 || follower.state.sessions.some(({ id }) => id === session)) return false
    whose?.store()
    return append(sessionStart, current).ok
  }

  function leads(): boolean {
    if (ended) return false
    const before = term
    term = guarded('lease', () => storage.lease.acquire())
    if (term !== undefined && term !== before) writer.forget()
    return term !== undefined
  }

  const letGo = (): void => void guarded('lease', () => storage.lease.release())

  /**
   * Renders what there is and lets go of the lease. Of several processes that end at once, one renders what
   * all of them appended: who does not hold the lease asks who does, and who lets go looks whether it was
   * asked. Processes that go on recording ask nothing: nobody waits for them.
   */
  function release(): void {
    if (current === undefined || ended) return
    if (!leads()) guarded('lease', () => storage.lease.ask())
    for (let looks = 0; looks < MOST_LOOKS && leads(); looks++) {
      catchUp()
      writer.sync()
      current.deliveries.forEach((delivery) => delivery.store())
      letGo()
      if (!guarded('lease', () => storage.lease.asked())) return
    }
  }

  /** A caller that waits for us must not see its process end for want of anything else to do. */
  async function held(work: () => Promise<void>): Promise<void> {
    const release = clock.hold()
    try {
      await work()
    } finally {
      release()
    }
  }

  /** Resolves when `work` settles, at the latest after `ms`. */
  function within(ms: number, work: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(ms, resolve)
      const done = (): void => {
        cancel()
        resolve()
      }
      work.then(done, done)
    })
  }

  /** Looks only: what was read is delivered when the log is followed, after whatever the caller does with it. */
  function state(): State {
    guarded('log', () => current?.follower.catchUp())
    return current?.follower.state ?? initialState
  }

  return {
    on: events.on.bind(events),
    once: events.once.bind(events),
    off: events.off.bind(events),

    start: (given) =>
      answered(() => {
        if (closed) return refuse('nothing is recorded after close')
        // The host's object stays the host's.
        const copy: unknown = JSON.parse(JSON.stringify(given) ?? 'null')
        const checked = courseInput.safeParse(copy)
        if (!checked.success) return refuse(`course: ${describeIssues(checked.error, copy)}`)
        course = redact === undefined ? (copy as CourseInput) : cleanCourse(copy as CourseInput, redact)
        if (current === undefined) openCurrent()
        const recorded = startSession(called())
        if (recorded.ok) {
          const calls = waiting
          waiting = []
          for (const run of calls) run()
        }
        return recorded
      }),

    record: (position, type, data) =>
      answered(() => {
        const checked = checkCall(type, data)
        if (!checked.ok) return refuse(checked.reason)
        // A copy: a call that waits must not see what its caller does to the object later.
        const kept = limited(checked.data, options.limits)
        return whenStarted((call) => recordStep(call, { position, type: checked.type, data: kept }))
      }),

    identify: (user_id) =>
      answered(() => {
        const parsed = studentId.safeParse(user_id)
        if (!parsed.success) return refuse(`user_id: ${describeIssues(parsed.error, user_id)}`)
        return whenStarted((call) => identify(call, parsed.data))
      }),

    clear: () =>
      answered(() =>
        whenStarted((call) => {
          const recorded = append({ ...envelope(call), type: 'student_cleared', data: {} }, current)
          if (recorded.ok && current !== undefined) whose?.setStudent(current.id, undefined)
          return recorded
        }),
      ),

    import: (given) =>
      answered(() => {
        const copy: unknown = normalized(JSON.parse(JSON.stringify(given) ?? 'null'))
        const parsed = importedSnapshot.safeParse(copy)
        if (!parsed.success) return refuse(`import: ${describeIssues(parsed.error, copy)}`)
        return whenStarted((call) => unite(copy as ImportedSnapshot, call))
      }),

    append: (event) =>
      answered(() => {
        const parsed = parseEvent(event)
        if (!parsed.ok) return refuse(`is no event: ${parsed.reason}`)
        const { telemetry_id } = (event['data'] ?? {}) as { telemetry_id?: unknown }
        if (current === undefined) openCurrent(typeof telemetry_id === 'string' ? telemetry_id : undefined)
        return append(event, current)
      }),

    open() {
      if (current === undefined && !closed) openCurrent()
    },

    resend(ids) {
      catchUp()
      return guarded('dead letters', () => current?.resend(ids)) ?? 0
    },

    submit() {
      catchUp()
      current?.submit()
    },

    end: (reason) =>
      answered(() => {
        if (session === undefined) return refuse('there is no session to end')
        if (current?.log.size() === 0) return refuse('the log of this session was deleted')
        const recorded = append(
          {
            ...envelope(called()),
            type: 'session_end',
            data: { reason: redact?.(String(reason)) ?? String(reason) },
          },
          current,
        )
        if (recorded.ok) session = undefined
        return recorded
      }),

    state,

    snapshot: () => snapshot(state()),

    status: () => ({
      telemetry_id: current?.id,
      student: whose?.student,
      ...counts,
      log: {
        bytes: guarded('log', () => current?.log.size()) ?? 0,
        ...(current?.follower.counts ?? { lines: 0, events: 0, damaged: 0, duplicates: 0 }),
      },
      destinations: Object.fromEntries(current?.deliveries.map((d) => [d.destination, d.state]) ?? []),
    }),

    settled: () =>
      held(async () => {
        catchUp()
        await current?.idle()
      }),

    idle: () =>
      held(async () => {
        catchUp()
        await current?.idle()
        await writer.now()
      }),

    save: release,

    close: (budgetMs = EXIT_BUDGET_MS) =>
      (closing ??= held(async () => {
        for (const _ of waiting) refuse('recorded before a start that never came')
        catchUp()
        takeInFile({ patiently: false })
        catchUp()
        closed = true
        const deadline = clock.now() + budgetMs
        await Promise.all([writer.now(), current && within(budgetMs, current.idle())])
        cancelFollow?.()
        unwatch?.()
        writer.stop()
        current?.deliveries.forEach((delivery) => delivery.stop())
        release()
        ended = true
        const ends = transports.map(async (transport) => transport.close?.())
        await within(Math.max(0, deadline - clock.now()), Promise.allSettled(ends))
      })),
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : brief(error))
