// Who is logged in, and whose telemetry goes on (SPEC §4 rule 5). Another student goes on in a telemetry of their own.

import { sameStudent, type EventOf, type TelemetryEvent } from '../events/events'
import type { Crc, StudentId } from '../ports'
import type { Folder } from './folder'
import { unclaimedIn } from './moves'
import type { Ownership } from './ownership'
import type { ReadSide } from './read-side'
import type { Recorded } from './recorded'
import type { Call, Open, Recorder } from './recorder'
import type { Session } from './session'

export interface StudentsOptions {
  readonly crc: Crc
  readonly recorder: Recorder
  readonly folder: Folder
  readonly session: Session
  readonly reading: ReadSide
}

export interface Students {
  logIn(user_id: StudentId, call: Call): Recorded
  logOut(call: Call): Recorded
  /** To that telemetry, in which the host goes on. Its sessions are the host's from there on. */
  switchForHost(telemetry_id: string, call: Call): Recorded
  /** The host's login, or logout, was appended. @param at epoch ms */
  toldByHost(student: StudentId | undefined, at: number): void
}

/** A switch to another student's telemetry, step by step. A step that fails is tried again at the next chance. */
interface Switch {
  readonly to: string
  readonly start: TelemetryEvent
  readonly login: EventOf<'student_identified'>
  readonly steps: (() => Recorded)[]
}

export function createStudents({ crc, recorder, folder, session, reading }: StudentsOptions): Students {
  const { append, called } = recorder
  /** What is left to do of each switch, by student. */
  const switches = new Map<string, Switch>()

  function identify(user_id: StudentId, call: Call): Recorded {
    const { current, whose } = folder
    const owner = current && whose?.ownerOf(current.id)
    if (current !== undefined && whose !== undefined && owner !== undefined && !sameStudent(owner, user_id))
      return leaveFor(user_id, call, whose, current)
    const recorded = append(
      { ...session.envelope(call), type: 'student_identified', data: { user_id } },
      current,
    )
    if (recorded.ok && current !== undefined) {
      whose?.setStudent(current.id, user_id)
      whose?.own(current.id, user_id)
    }
    return recorded
  }

  function clear(call: Call): Recorded {
    const { current, whose } = folder
    const recorded = append({ ...session.envelope(call), type: 'student_cleared', data: {} }, current)
    if (recorded.ok && current !== undefined) {
      whose?.setStudent(current.id, undefined)
      session.beginUnclaimed(call.at, current)
    }
    return recorded
  }

  /** Theirs from before, or a fresh one. */
  function leaveFor(user_id: StudentId, call: Call, whose: Ownership, left: Open): Recorded {
    const key = String(user_id)
    const begun = switches.get(key)
    const theirs = whose.telemetryOf(user_id)
    // Another process may have begun one for them since: they go on in that, and nobody has two.
    const isOvertaken =
      begun !== undefined && begun.steps.length > 1 && theirs !== undefined && theirs !== begun.to
    const goesOn = isOvertaken ? undefined : begun
    return takeSteps(key, goesOn ?? planSwitch(user_id, call, left), whose)
  }

  function planSwitch(user_id: StudentId, call: Call, left: Open): Switch {
    const to = folder.telemetryFor(user_id, call.at)
    const { lines } = reading
    const { offset, at } = session.unclaimed
    const isNobodys = folder.student === undefined && session.id !== undefined
    const events = isNobodys ? unclaimedIn(lines, offset, session.id, crc) : []
    const takes =
      events.length === 0 ? undefined : { telemetry_id: left.id, session: session.id as string, events }
    const start = session.startOf(called(takes === undefined ? call.at : at), to)
    const data = { user_id, ...(takes && { takes }) }
    const login = {
      ...session.envelope(call),
      session: start.id,
      type: 'student_identified' as const,
      data,
    }
    const steps = [
      ...(folder.student === undefined ? [] : [() => clear(called(call.at))]),
      // Its login makes it theirs: without one it could be taken for a telemetry of nobody.
      () => append(start, folder.logOf(to)),
      () => append(login, folder.logOf(to)),
      () => folder.takeAlong(login, { from: { log: left.log, lines, offset }, to }),
    ]
    const planned = { to, start, login, steps }
    switches.set(String(user_id), planned)
    return planned
  }

  function takeSteps(key: string, { to, start, login, steps }: Switch, whose: Ownership): Recorded {
    for (let step = steps[0]; step !== undefined; step = steps[0]) {
      const done = step()
      if (!done.ok) return done
      steps.shift()
    }
    switches.delete(key)
    session.leaveStart()
    const left = folder.current?.id
    folder.switchTo(to)
    whose.switchTo(to, left)
    const { user_id } = login.data
    whose.own(to, user_id)
    whose.setStudent(to, user_id)
    session.begin(start, folder.current)
    return { ok: true, id: login.id }
  }

  /**
   * Before anybody else logs in or out, completes each switch whose login is in its log already: whose the work is, is
   * decided.
   */
  function afterSwitches(student: StudentId | undefined, change: () => Recorded): Recorded {
    const { whose } = folder
    for (const [key, begun] of switches) {
      if (whose === undefined || sameStudent(key, student)) continue
      if (begun.steps.length > 1) {
        // Not in its log: whoever logs in now, the work that it would have taken along may be theirs.
        switches.delete(key)
        continue
      }
      const done = takeSteps(key, begun, whose)
      if (!done.ok) return done
    }
    return change()
  }

  return {
    logIn: (user_id, call) => afterSwitches(user_id, () => identify(user_id, call)),
    logOut: (call) => afterSwitches(undefined, () => clear(call)),
    switchForHost(id, call) {
      const left: Recorded = folder.student === undefined ? { ok: true, id: call.id } : clear(call)
      if (!left.ok) return left
      session.leaveStart()
      const before = folder.current?.id
      folder.switchTo(id)
      folder.whose?.switchTo(id, before)
      return left
    },
    toldByHost(student, at) {
      const { current, whose } = folder
      if (current === undefined) return
      whose?.setStudent(current.id, student)
      whose?.own(current.id, student)
      if (student === undefined) session.beginUnclaimed(at, current)
    },
  }
}
