// Follows a host that keeps telemetry by itself (SPEC §12): the object it posts becomes events, in the telemetry of the
// student who did what is new in it.

import type { Crc, Storage } from '../ports'
import type { Recorded } from './recorded'
import type { Cleaner } from './clean'
import { differences, sessionIds } from '../fold/differences'
import { sameStudent, type TelemetryEvent } from '../events/events'
import { evolve } from '../fold/evolve'
import type { Folder } from './folder'
import { createFollower } from '../log/follower'
import { withoutWorkOf } from '../fold/host-file'
import type { ReadSide } from './read-side'
import type { Call, Recorder } from './recorder'
import { snapshot } from '../fold/render'
import type { Reports } from './reports'
import { envelopeOf, type Session } from './session'
import type { ImportedSnapshot } from '../events/snapshot-schema'
import { initialState, type State } from '../fold/state'
import type { Students } from './students'

export interface FollowHostOptions {
  readonly storage: Storage
  readonly crc: Crc
  readonly clean: Pick<Cleaner, 'snapshot'>
  readonly recorder: Recorder
  readonly folder: Folder
  readonly session: Session
  readonly students: Students
  readonly reading: ReadSide
  readonly reports: Reports
}

/**
 * Records what is new in an object that the host holds now, and goes on in the telemetry it is of. Its `user_id` is `''`
 * where nobody is logged in.
 */
export function createFollowHost(
  options: FollowHostOptions,
): (file: ImportedSnapshot, call: Call) => Recorded {
  const { storage, crc, clean, recorder, folder, session, students, reading, reports } = options
  const folded = new Map<string, { readonly bytes: number; readonly state: State }>()

  /** That of a telemetry which is not going on, read again where it has grown. */
  function stateOf(id: string): State {
    const { log } = storage.open(id)
    const bytes = log.size()
    const known = folded.get(id)
    if (known?.bytes === bytes) return known.state
    const now = bytes === 0 ? initialState : createFollower(log, crc).catchUp()
    folded.set(id, { bytes, state: now })
    return now
  }

  function telemetryOf({ telemetry_id, user_id }: ImportedSnapshot, { at }: Call): string {
    const owner = folder.whose?.ownerOf(telemetry_id)
    const isAnother =
      user_id !== undefined && user_id !== '' && owner !== undefined && !sameStudent(owner, user_id)
    return isAnother ? folder.telemetryFor(user_id, at) : telemetry_id
  }

  /** Without what other students did in it, whose telemetries have it. */
  function workOf(file: ImportedSnapshot, id: string): ImportedSnapshot {
    return storage
      .list()
      .filter((other) => other !== id && folder.whose?.ownerOf(other) !== undefined)
      .map(stateOf)
      .filter(({ course, sessions, tooLarge }) => course !== undefined && sessions.length > 0 && !tooLarge)
      .filter(({ sessions }) =>
        file.workout_session?.some(({ started_at }) => sessions.some((one) => one.started_at === started_at)),
      )
      .reduce((rest, other) => withoutWorkOf(rest, snapshot(other)), { ...file, telemetry_id: id })
  }

  return (given, call) => {
    const id = telemetryOf(given, call)
    if (id !== folder.current?.id) {
      const switched = students.switchForHost(id, call)
      if (!switched.ok) return switched
    }
    const file = workOf(clean.snapshot(given), id)
    let known = reading.state()
    let last: Recorded = { ok: true, id: known.last_event_id ?? call.id }
    const append = (event: TelemetryEvent): Recorded => recorder.append(event, folder.current)
    if (known.tooLarge) return reports.refuse('the telemetry is too large to tell what is new in it')
    if (known.course === undefined) {
      const { user_id, ...nobodys } = file
      const first = {
        ...envelopeOf(call),
        type: 'import',
        data: { snapshot: user_id === '' ? nobodys : file },
      }
      last = append(first)
      if (!last.ok) return last
      folder.whose?.own(id, user_id === '' ? undefined : user_id)
      known = evolve(known, first)
    }
    for (const event of differences(known, file, { at: call.at, live: true })) {
      last = append(event)
      if (!last.ok) return last
      if (event.type === 'student_identified') students.toldByHost(event.data.user_id, event.at)
      if (event.type === 'student_cleared') students.toldByHost(undefined, event.at)
    }
    const goesOn = sessionIds(file).at(-1)
    if (goesOn !== undefined) session.follow(goesOn)
    return last
  }
}
