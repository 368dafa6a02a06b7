// The runtime: puts the write side, the read side and the loop between them together, and says what a host may ask of them.

import { snapshot } from '../fold/render'
import { createCleaner } from '../record/clean'
import type { Recorded } from '../record/recorded'
import { createWriteSide } from '../record/write-side'
import { EXIT_BUDGET_MS, type Telemetry, type TelemetryOptions } from './api'
import { keepAlive } from './keep-alive'
import { createLeader } from './leader'
import { createLoop } from './loop'
import { createPatience } from './patience'
import { createReader } from './reader'
import { createReports } from './reports'
import { steadyClock } from './steady-clock'

/**
 * Makes the runtime of one course folder. Touches nothing until `start`, `append` or `open`; several processes may each
 * have one on the same folder.
 */
export function createTelemetry(options: TelemetryOptions): Telemetry {
  const { storage } = options
  const clock = steadyClock(options.clock)
  const clean = createCleaner(options.redact, () =>
    reports.noticed('a text could not be redacted, and nothing of it was kept'),
  )
  const reports = createReports(clock, clean.reason)
  const { events, guarded } = reports
  const mayRecord = () => options.mayRecord === undefined || guarded('mayRecord', options.mayRecord) === true
  const leader = createLeader(storage, reports, mayRecord)
  const reader = createReader({
    ...options,
    clock,
    leader,
    reports,
    restarted() {
      guarded('telemetry.json', () => storage.snapshot.disown())
      loop.schedule()
    },
  })
  const { machine } = options
  const write = createWriteSide({
    ...options,
    clock,
    clean,
    reading: reader,
    reports,
    mayRecord,
    // Where it cannot be told, it is another one than any login was made on.
    machine: machine && (() => guarded('machine', machine) ?? ''),
  })
  const { recorder, folder } = write
  const loop = createLoop({ storage, clock, reports, mayRecord, leader, reader, write })
  const patience = createPatience(clock)
  let closing: Promise<void> | undefined

  /** A call to the write side. What it appends, or opens, is followed when the event loop has time. */
  function call(run: () => Recorded): Recorded {
    const recorded = reports.answered(run)
    loop.schedule()
    return recorded
  }

  async function settled(): Promise<void> {
    loop.turn()
    await reader.open?.deliveries.settled()
  }

  return {
    on: events.on.bind(events),
    once: events.once.bind(events),
    off: events.off.bind(events),
    start: (course) => call(() => write.start(course)),
    record: (position, type, data) => call(() => write.record(position, type, data)),
    identify: (user_id) => call(() => write.identify(user_id)),
    clear: () => call(write.clear),
    import(file, { live = false } = {}) {
      loop.turn()
      return call(() => write.import(file, live))
    },
    append: (event) => call(() => write.append(event)),
    end: (reason) => call(() => write.end(reason)),
    open() {
      write.open()
      loop.schedule()
    },
    deliverTo(transports) {
      if (!recorder.isClosed) reader.deliverTo(transports)
    },
    resend(ids) {
      loop.turn()
      return guarded('dead letters', () => reader.open?.deliveries.resend(ids)) ?? 0
    },
    // A host calls it when it ends.
    submit: () => loop.submit(patience()),
    state: reader.state,
    snapshot: () => snapshot(reader.state()),
    status: () => ({
      telemetry_id: folder.current?.id,
      student: folder.student,
      recorded: recorder.count,
      refused: reports.refused,
      log: {
        bytes: guarded('log', () => folder.current?.log.size()) ?? 0,
        ...(reader.open?.follower.counts ?? { lines: 0, events: 0, damaged: 0, duplicates: 0 }),
      },
      destinations: guarded('log', () => reader.open?.deliveries.states) ?? {},
    }),
    waits() {
      // While the log is not folded, whoever is logged in may have left something.
      if (reader.open !== undefined && !reader.caughtUp)
        return folder.student !== undefined && reader.transports.length > 0
      return guarded('log', reader.waits) ?? false
    },
    settled: () => keepAlive(clock, settled),
    idle: () => keepAlive(clock, async () => (await settled(), loop.written())),
    save: () => loop.save(patience()),
    close: (budgetMs = EXIT_BUDGET_MS) => (closing ??= keepAlive(clock, () => loop.close(budgetMs))),
  }
}
