// Where what a call says becomes a line of a log.

import { encodeLine } from '../events/codec'
import { brief, messageOf } from '../events/describe'
import type { TelemetryEvent } from '../events/events'
import type { Clock, Crc, EventLog, Ids } from '../ports'
import type { Recorded } from './recorded'
import { AFTER_CLOSE } from './refusals'
import type { Reports } from './reports'

/** A telemetry that is appended to. */
export interface Open {
  readonly id: string
  readonly log: EventLog
}

/** Id and time of a call, epoch ms: its event has both, however late it is appended. */
export interface Call {
  readonly id: string
  readonly at: number
}

export interface RecorderOptions {
  readonly clock: Clock
  readonly ids: Ids
  readonly crc: Crc
  readonly reports: Reports
  readonly mayRecord: () => boolean
}

export interface Recorder {
  /** Returns once the operating system has the line. */
  append(event: TelemetryEvent, to: Open | undefined): Recorded
  /** A call that is made now, or was at that time. */
  called(at?: number): Call
  /** Why nothing may be recorded now, as an answer; undefined where it may. */
  refusal(): Recorded | undefined
  /** Events appended so far. */
  readonly count: number
  readonly isClosed: boolean
  /** From here on nothing is recorded. */
  close(): void
}

export function createRecorder({ clock, ids, crc, reports, mayRecord }: RecorderOptions): Recorder {
  let count = 0
  let isClosed = false

  function refusal(): Recorded | undefined {
    if (isClosed) return reports.refuse(AFTER_CLOSE)
    return mayRecord() ? undefined : reports.refuse('recording is switched off')
  }

  return {
    append(event, to) {
      const refused = refusal()
      if (refused !== undefined) return refused
      if (to === undefined) return reports.refuse('the log could not be opened')
      try {
        to.log.append(encodeLine(event, crc))
      } catch (error) {
        return reports.refuse(`${brief(event.type)} could not be recorded: ${messageOf(error)}`)
      }
      count++
      reports.recorded(event)
      return { ok: true, id: event.id }
    },
    called: (at = clock.now()) => ({ id: ids.event(at), at }),
    refusal,
    get count() {
      return count
    },
    get isClosed() {
      return isClosed
    },
    close() {
      isClosed = true
    },
  }
}
