// The runtime: records (validates, redacts, appends), synchronously and never waiting for the rest; what follows the
// log behind it folds, renders and delivers.

import type { StudentId } from '../ports'
import type { Recorded } from '../record/recorded'
import type { CourseInput, EventOf, StepEventType, TelemetryEvent } from '../events/events'
import { addsNothing } from '../fold/adds-nothing'
import { differences } from '../fold/differences'
import { EXIT_BUDGET_MS } from './api'
import type { Telemetry, TelemetryOptions } from './api'
import { keepAlive, within } from './keep-alive'
import { createCleaner } from '../record/clean'
import { encodeLine } from '../events/codec'
import { brief, describeIssues, messageOf } from '../events/describe'
import { EVENT_VERSION, eventSchemas, parseEvent, sameStudent, studentId } from '../events/events'
import type { Move } from '../record/course-index'
import { createLoop } from './loop'
import { createFollowHost } from '../record/follow-host'
import { findForeignFile } from '../log/foreign-file'
import { isLearnPack5, isNewer, showsLearnPack5 } from '../fold/host-file'
import { limited } from '../record/limits'
import { openTelemetry, type OpenTelemetry } from './open-telemetry'
import { readOwnership, type Ownership } from '../record/ownership'
import { normalized } from '../events/parse-snapshot'
import { createPatience, goOnUntil } from './patience'
import { checkCall, stepAt, type Data } from '../record/admit'
import { snapshot } from '../fold/render'
import { AI_NEEDS_LOGIN } from '../record/refusals'
import { createReports } from './reports'
import { importedSnapshot, type ImportedSnapshot } from '../events/snapshot-schema'
import type { State } from '../fold/state'
import { steadyClock } from './steady-clock'
import { createFileImporter } from './import-file'
import { isIn, linesOf, move, unclaimedIn, type Way } from '../record/moves'

/** Of a log that is folded at once, bytes, to tell what is new in a file: a start takes a moment longer for it. */
const FOLDED_AT_ONCE = 4 * 1024 * 1024

/** Calls that wait for a start, which may never come. */
const MOST_EARLY = 10_000

const courseInput = eventSchemas.session_start.shape.data.omit({ telemetry_id: true })

const stepOf = ({ step }: TelemetryEvent): string | undefined => (step as { slug?: string } | undefined)?.slug

/** Id and time of a call. */
interface Call {
  readonly id: string
  readonly at: number
}

/** The way to another student's telemetry. Where a step fails it is gone on with at the next chance. */
interface Switch {
  readonly to: string
  readonly start: TelemetryEvent
  readonly login: EventOf<'student_identified'>
  readonly steps: (() => Recorded)[]
}

/** A telemetry that is appended to. */
type Open = Pick<OpenTelemetry, 'id' | 'log'>

/**
 * Makes the runtime of one course folder. Touches nothing until `start`, `append` or `open`; several processes may each
 * have one on the same folder.
 */
export function createTelemetry(options: TelemetryOptions): Telemetry {
  const { storage, ids, crc } = options
  const clock = steadyClock(options.clock)
  let recorded = 0
  /** It was opened without a session: no start will come that calls could wait for. */
  let isOpened = false
  /** Calls before a session start, which they are appended behind. */
  let early: (() => Recorded)[] = []
  let current: OpenTelemetry | undefined
  let whose: Ownership | undefined
  let course: CourseInput | undefined
  let session: string | undefined
  let sessionStart: TelemetryEvent | undefined
  /** A login or logout that could not be appended: before it is, nothing else is recorded, and nothing is sent. */
  let unsettled: (() => Recorded) | undefined
  /** What is left to do of a switch to another student's telemetry, by student. */
  const switches = new Map<string, Switch>()
  /** Where in the log, bytes, and when the work begins that was done in this session while nobody was logged in. */
  let unclaimed = { offset: 0, at: 0 }
  let transports = options.transports ?? []
  /** A batch was asked for before the end of the log was reached. */
  let submitAtEnd = false
  /** Nothing is recorded any more. */
  let closed = false
  let closing: Promise<void> | undefined

  const clean = createCleaner(options.redact, () =>
    emit('noticed', 'a text could not be redacted, and nothing of it was kept'),
  )
  const reports = createReports(clock, clean.reason)
  const { events, emit, fault, guarded, answered, refuse } = reports
  const importFile = createFileImporter({ storage, clock, reports, clean: clean.reason, unite })
  const patience = createPatience(clock)
  const loop = createLoop({ storage, clock, reports, importFile, atEnd })
  const followHost = createFollowHost({
    storage,
    crc,
    clean,
    whose: () => whose,
    current: () => current?.id,
    state: loop.state,
    append: (event) => append(event, current),
    refuse,
    switchTo: switchForHost,
    unusedId: (at) => unusedId(whose, at),
    told(student, at) {
      if (current === undefined) return
      whose?.setStudent(current.id, student)
      whose?.own(current.id, student)
      if (student === undefined) beginUnclaimed(at)
    },
    inSession(id) {
      sessionStart = undefined
      session = id
    },
  })

  // ---- recording ----

  function append(event: TelemetryEvent, to: Open | undefined): Recorded {
    if (closed) return refuse('nothing is recorded after close')
    if (to === undefined) return refuse('the log could not be opened')
    try {
      to.log.append(encodeLine(event, crc))
    } catch (error) {
      return refuse(`${brief(event.type)} could not be recorded: ${messageOf(error)}`)
    }
    recorded++
    loop.schedule()
    if (events.listenerCount('recorded') > 0)
      emit('recorded', { id: event.id, at: event.at, type: event.type, step: stepOf(event) })
    return { ok: true, id: event.id }
  }

  const called = (at = clock.now()): Call => ({ id: ids.event(at), at })

  /** An event of the present session; one outside of any stands for itself. */
  const envelope = ({ id, at }: Call) => ({ v: EVENT_VERSION, id, at, session: session ?? id })

  /** Runs a call now, or behind the next session start; either way it has the id and time of the call. */
  function whenStarted(run: (call: Call) => Recorded): Recorded {
    if (closed) return refuse('nothing is recorded after close')
    const call = called()
    if (session !== undefined || isOpened) return run(call)
    if (early.length >= MOST_EARLY) return refuse(`more than ${MOST_EARLY} calls before a start`)
    early.push(() => run(call))
    return { ok: true, id: call.id }
  }

  /** The same behind the latest login or logout: it decides whose the call is. */
  const whenSettled = (run: (call: Call) => Recorded): Recorded =>
    whenStarted((call) => {
      const before = unsettled && settle(unsettled)
      return before?.ok === false ? before : run(call)
    })

  function settle(change: () => Recorded): Recorded {
    unsettled = change
    const recorded = change()
    if (recorded.ok) unsettled = undefined
    return recorded
  }

  function recordStep(call: Call, position: unknown, type: StepEventType, data: Data): Recorded {
    if (type === 'ai_interaction' && whose?.student === undefined) {
      return refuse(AI_NEEDS_LOGIN)
    }
    const found = stepAt(position, course?.steps ?? [])
    if (!found.ok) return refuse(found.reason)
    // Spelled out: to spread an envelope costs a third of what recording a small event does.
    const { id, at } = call
    const event = {
      v: EVENT_VERSION,
      id,
      at,
      session: session ?? id,
      type,
      step: found.step,
      data: clean.data(data),
    }
    // The texts of its file are to be read by LearnPack 5.
    const isItsFile = current !== undefined && showsLearnPack5(current.follower.state)
    return append(isItsFile ? { ...event, encoding: 'uri' } : event, current)
  }

  function startSession(call: Call): Recorded {
    const event = startOf(call, current?.id)
    const recorded = append(event, current)
    if (recorded.ok) begin(event)
    return recorded
  }

  function startOf({ id, at }: Call, telemetry_id: string | undefined): TelemetryEvent {
    const data = { ...course, telemetry_id }
    return { v: EVENT_VERSION, id, at, session: id, type: 'session_start', data }
  }

  function begin(start: TelemetryEvent): void {
    session = start.id
    sessionStart = start
    beginUnclaimed(start.at)
  }

  function beginUnclaimed(at: number): void {
    unclaimed = { offset: guarded('log', () => current?.log.size()) ?? 0, at }
  }

  // ---- whose telemetry (SPEC §4 rule 5) ----

  function open(id: string): OpenTelemetry | undefined {
    return guarded('log', () =>
      openTelemetry(id, {
        ...options,
        clock,
        transports,
        mayLeave: () => unsettled === undefined,
        noticed: (message) => emit('noticed', message),
        restarted() {
          guarded('telemetry.json', () => storage.snapshot.disown())
          loop.schedule()
        },
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

  /** Of a telemetry that is not gone on in, only to be appended to. */
  const logOf = (id: string): Open | undefined => guarded('log', () => ({ id, log: storage.open(id).log }))

  /** Opens the telemetry that is going on in the folder; in a new folder, that of its telemetry.json. */
  function openCurrent(suggested?: string): void {
    // What cannot be read at the moment is tried again at the next start.
    guarded('index', () => {
      whose ??= ownershipOf(suggested)
      const { current: id, isFromHere } = whose
      switchTelemetry(id)
      // Without its log, a telemetry.json of ours is all there is.
      guarded('log', () => current?.log.size() === 0 && storage.snapshot.disown())
      // What came with a download or a copy logs nobody in.
      if (!isFromHere) settle(() => forgetLogin(called()))
      if (current !== undefined) importFile({ patiently: false })
    })
  }

  const ownershipOf = (suggested: string | undefined): Ownership =>
    readOwnership({
      storage,
      crc,
      machine: options.machine,
      finish: finishMove,
      firstId() {
        const found = guarded('telemetry.json', () => findForeignFile(storage.snapshot))
        return (
          (found?.kind === 'foreign' ? found.file.telemetry_id : undefined) ?? suggested ?? ids.telemetry()
        )
      },
      failed: (error) => fault('index', error),
    })

  function forgetLogin(call: Call): Recorded {
    const recorded: Recorded = whose?.student === undefined ? { ok: true, id: call.id } : logOut(call)
    if (recorded.ok) whose?.settleHere()
    return recorded
  }

  function switchTelemetry(id: string): void {
    sessionStart = undefined
    current = open(id)
    loop.switchTelemetry(current)
  }

  function identify(call: Call, user_id: StudentId): Recorded {
    const owner = current && whose?.ownerOf(current.id)
    if (current !== undefined && whose !== undefined && owner !== undefined && !sameStudent(owner, user_id))
      return leaveFor(user_id, call, whose, current)
    const recorded = append({ ...envelope(call), type: 'student_identified', data: { user_id } }, current)
    if (recorded.ok && current !== undefined) {
      whose?.setStudent(current.id, user_id)
      whose?.own(current.id, user_id)
    }
    return recorded
  }

  function logOut(call: Call): Recorded {
    const recorded = append({ ...envelope(call), type: 'student_cleared', data: {} }, current)
    if (recorded.ok && current !== undefined) {
      whose?.setStudent(current.id, undefined)
      beginUnclaimed(call.at)
    }
    return recorded
  }

  /** Whatever makes the ids, one that is somebody's is never given to another. */
  function unusedId(folder: Ownership | undefined, at: number): string {
    const id = ids.telemetry()
    return folder?.ownerOf(id) === undefined ? id : ids.event(at).replaceAll('-', '').slice(-16)
  }

  /** Another student goes on in a telemetry of their own: theirs from before, or a fresh one. */
  function leaveFor(user_id: StudentId, call: Call, folder: Ownership, left: OpenTelemetry): Recorded {
    const key = String(user_id)
    return takeSteps(key, switches.get(key) ?? planSwitch(user_id, call, folder, left), folder)
  }

  /** A switch whose login is in its log is gone through with before anybody else logs in or out: whose the work is, is decided. */
  function afterSwitches(student: StudentId | undefined, change: () => Recorded): Recorded {
    for (const [key, begun] of switches) {
      if (whose === undefined || begun.steps.length > 1 || sameStudent(key, student)) continue
      const done = takeSteps(key, begun, whose)
      if (!done.ok) return done
    }
    return change()
  }

  function takeSteps(key: string, { to, start, login, steps }: Switch, folder: Ownership): Recorded {
    for (let step = steps[0]; step !== undefined; step = steps[0]) {
      const done = step()
      if (!done.ok) return done
      steps.shift()
    }
    switches.delete(key)
    switchTelemetry(to)
    folder.switchTo(to)
    const { user_id } = login.data
    folder.own(to, user_id)
    folder.setStudent(to, user_id)
    begin(start)
    return { ok: true, id: login.id }
  }

  function planSwitch(user_id: StudentId, call: Call, folder: Ownership, left: OpenTelemetry): Switch {
    const to = folder.telemetryOf(user_id) ?? unusedId(folder, call.at)
    const { lines } = left.follower
    const { offset, at } = unclaimed
    const events =
      folder.student === undefined && session !== undefined ? unclaimedIn(lines, offset, session, crc) : []
    const takes =
      events.length === 0 ? undefined : { telemetry_id: left.id, session: session as string, events }
    const start = startOf(called(takes === undefined ? call.at : at), to)
    const data = { user_id, ...(takes && { takes }) }
    const login = { ...envelope(call), session: start.id, type: 'student_identified' as const, data }
    const steps = [
      ...(folder.student === undefined ? [] : [() => logOut(called(call.at))]),
      // Its login makes it theirs: without one it could be taken for a telemetry of nobody.
      () => append(start, logOf(to)),
      () => append(login, logOf(to)),
      () => takeAlong(to, login, { log: left.log, lines, offset }),
    ]
    const planned = { to, start, login, steps }
    switches.set(String(user_id), planned)
    return planned
  }

  function takeAlong(id: string, login: EventOf<'student_identified'>, from: Way['from']): Recorded {
    const to = logOf(id)
    if (to === undefined) return refuse('the log could not be opened')
    try {
      move(login, { from, to }, crc)
    } catch (error) {
      whose?.setMoving(id, true)
      return refuse(`what was done before the login could not be recorded: ${messageOf(error)}`)
    }
    whose?.setMoving(id, false)
    return { ok: true, id: login.id }
  }

  const finishMove = ({ to, login }: Move): boolean => {
    const left = logOf(login.data.takes?.telemetry_id ?? '')
    return (
      left !== undefined && takeAlong(to, login, { log: left.log, lines: linesOf(left.log), offset: 0 }).ok
    )
  }

  /** A file whose import could not be noted comes again with the id it had: it is in the log already. */
  function isTakenIn(id: string, to: Open): boolean {
    if (current?.caughtUp && to.id === current.id) return current.follower.behind(id) !== undefined
    return isIn(linesOf(to.log), 0, id, crc)
  }

  function importInto(file: ImportedSnapshot, call: Call, to: Open | undefined): Recorded {
    if (to !== undefined && isTakenIn(call.id, to)) return { ok: true, id: call.id }
    const cleaned = clean.snapshot(file)
    // Folding a long log first would hold up a start: what is appended instead folds to the same.
    const isFolded = to !== undefined && to === current && (current.caughtUp || isShort(to, cleaned))
    const known = isFolded ? loop.state() : undefined
    if (known?.last_event_id !== undefined && isNewer(known, cleaned)) return appendNews(known, cleaned, call)
    if (known?.last_event_id !== undefined && addsNothing(known, cleaned))
      return { ok: true, id: known.last_event_id }
    const mine = to?.id === current?.id ? envelope(call) : { ...envelope(call), session: call.id }
    const recorded = append({ ...mine, type: 'import', data: { snapshot: cleaned } }, to)
    if (recorded.ok && to !== undefined) whose?.own(to.id, file.user_id)
    return recorded
  }

  const isShort = ({ log }: Open, file: ImportedSnapshot): boolean =>
    isLearnPack5(file) && log.size() <= FOLDED_AT_ONCE

  /** What happened since, by a newer version of the file of this telemetry. */
  function appendNews(known: State, file: ImportedSnapshot, { at }: Call): Recorded {
    let last: Recorded = { ok: true, id: known.last_event_id as string }
    for (const event of differences(known, file, { at, live: false })) {
      last = append(event, current)
      if (!last.ok) return last
    }
    if (current !== undefined) whose?.own(current.id, file.user_id)
    return last
  }

  /** To the telemetry of what the host holds now. Its sessions are the host's from here on. */
  function switchForHost(id: string, call: Call): Recorded {
    const left: Recorded = whose?.student === undefined ? { ok: true, id: call.id } : logOut(call)
    if (!left.ok) return left
    switchTelemetry(id)
    whose?.switchTo(id)
    return current === undefined ? refuse('the log could not be opened') : left
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
    return importInto(file, call, logOf(theirs))
  }

  /** For the next start, which need not read the logs that far. A folder that was deleted stays deleted. */
  function keepIndex(): void {
    if (guarded('log', () => current?.log.size())) whose?.store()
  }

  // ---- the end of the log ----

  /** Returns whether something was appended. */
  function atEnd(open: OpenTelemetry): boolean {
    if (lostItsSession(open)) return true
    if (submitAtEnd) open.submit()
    submitAtEnd = false
    const { state, position, counts } = open.follower
    if (counts.events > 0) {
      whose?.learn(open.id, { owner: state.user_id, student: state.student, offset: position })
      guarded('refusals', () => reports.refusals.store(open.refusals))
    }
    return false
  }

  /** The log was deleted under way: the new one is told of the session, and the folder is made whole. */
  function lostItsSession({ follower }: OpenTelemetry): boolean {
    if (closed || sessionStart === undefined || session !== sessionStart.id) return false
    // A folder that was deleted stays deleted until there is something to record.
    if (follower.counts.events === 0 || follower.state.sessions.some(({ id }) => id === session)) return false
    whose?.store()
    return append(sessionStart, current).ok
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
        course = clean.course(copy as CourseInput)
        if (current === undefined) openCurrent()
        const recorded = startSession(called())
        if (recorded.ok) {
          const calls = early
          early = []
          for (const run of calls) answered(run)
        }
        return recorded
      }),

    record: (position, type, data) =>
      answered(() => {
        const checked = checkCall(type, data)
        if (!checked.ok) return refuse(checked.reason)
        // A copy: a call that waits must not see what its caller does to the object later.
        const kept = limited(checked.data, clean.text, options.limits)
        return whenSettled((call) => recordStep(call, position, checked.type, kept))
      }),

    identify: (user_id) =>
      answered(() => {
        const parsed = studentId.safeParse(user_id)
        if (!parsed.success) return refuse(`user_id: ${describeIssues(parsed.error, user_id)}`)
        return whenStarted((call) =>
          settle(() => afterSwitches(parsed.data, () => identify(call, parsed.data))),
        )
      }),

    clear: () =>
      answered(() => whenStarted((call) => settle(() => afterSwitches(undefined, () => logOut(call))))),

    import: (given, { live = false } = {}) =>
      answered(() => {
        const raw: unknown = JSON.parse(JSON.stringify(given) ?? 'null')
        const copy = normalized(raw)
        const parsed = importedSnapshot.safeParse(copy)
        if (!parsed.success) return refuse(`import: ${describeIssues(parsed.error, copy)}`)
        const file = copy as ImportedSnapshot
        return whenSettled((call) => {
          loop.catchUp()
          if (!live || !isLearnPack5(file)) return unite(file, call)
          const isNobodys = (raw as ImportedSnapshot).user_id === ''
          return followHost(isNobodys ? { ...file, user_id: '' } : file, call)
        })
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
      if (current !== undefined || closed) return
      openCurrent()
      isOpened = current !== undefined
    },

    deliverTo(given) {
      if (closed) return
      transports = [...given]
      current?.deliverTo(transports)
    },

    resend(ids) {
      loop.catchUp()
      return guarded('dead letters', () => current?.resend(ids)) ?? 0
    },

    submit() {
      // A host calls it when it ends.
      if (loop.catchUp(patience())) current?.submit()
      else submitAtEnd = true
    },

    end: (reason) =>
      answered(() => {
        if (session === undefined) return refuse('there is no session to end')
        if (current?.log.size() === 0) return refuse('the log of this session was deleted')
        const recorded = append(
          { ...envelope(called()), type: 'session_end', data: { reason: clean.text(String(reason)) } },
          current,
        )
        if (recorded.ok) session = undefined
        return recorded
      }),

    state: loop.state,

    snapshot: () => snapshot(loop.state()),

    status: () => ({
      telemetry_id: current?.id,
      student: whose?.student,
      recorded,
      refused: reports.refused,
      log: {
        bytes: guarded('log', () => current?.log.size()) ?? 0,
        ...(current?.follower.counts ?? { lines: 0, events: 0, damaged: 0, duplicates: 0 }),
      },
      destinations: Object.fromEntries(current?.deliveries.map((d) => [d.destination, d.state]) ?? []),
    }),

    waits() {
      const open = current
      if (open === undefined) return false
      if (!open.caughtUp) return whose?.student !== undefined && transports.length > 0
      return guarded('log', () => open.waits()) ?? false
    },

    settled: () =>
      keepAlive(clock, async () => {
        loop.catchUp()
        await current?.settled()
      }),

    idle: () =>
      keepAlive(clock, async () => {
        loop.catchUp()
        await current?.settled()
        await loop.written()
      }),

    save() {
      loop.save(patience())
      keepIndex()
    },

    close: (budgetMs = EXIT_BUDGET_MS) =>
      (closing ??= keepAlive(clock, async () => {
        for (const _ of early) refuse('recorded before a start that never came')
        const deadline = clock.elapsed() + budgetMs
        // The rest is for what comes behind it: a file that is closed, an answer that is on its way.
        const goOn = goOnUntil(clock, deadline - budgetMs / 3)
        const inTime = (work: Promise<unknown>) =>
          within(clock, Math.max(0, deadline - clock.elapsed()), work)
        loop.catchUp(goOn)
        if (current !== undefined && importFile({ patiently: false })) loop.catchUp(goOn)
        closed = true
        loop.stop()
        await inTime(Promise.all([loop.written(), current?.settled()]))
        loop.end(goOn)
        keepIndex()
        const ends = transports.map(async (transport) => transport.close?.())
        await inTime(Promise.allSettled(ends))
      })),
  }
}
