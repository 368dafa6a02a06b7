// The course folder as the write side sees it: which telemetry goes on in it, whose it is, and the logs of the others.

import { messageOf } from '../events/describe'
import type { EventOf } from '../events/events'
import { findForeignFile } from '../log/foreign-file'
import type { Crc, Ids, Storage, StudentId } from '../ports'
import type { Move } from './course-index'
import { linesOf, move, type Way } from './moves'
import { readOwnership, type Ownership } from './ownership'
import type { ReadSide } from './read-side'
import type { Recorded } from './recorded'
import type { Open } from './recorder'
import type { Reports } from './reports'

export interface FolderOptions {
  readonly storage: Storage
  readonly ids: Ids
  readonly crc: Crc
  /** As of `createTelemetry`. */
  readonly machine?: (() => string) | undefined
  readonly reading: ReadSide
  readonly reports: Reports
}

export interface Folder {
  /** The telemetry that goes on; undefined before the folder is open. */
  readonly current: Open | undefined
  readonly whose: Ownership | undefined
  /** The student logged in in the telemetry that goes on. */
  readonly student: StudentId | undefined
  /**
   * Opens the telemetry that goes on in the folder; in a new folder, that of its telemetry.json. What cannot be read at the
   * moment is tried again the next time it is opened.
   * @param suggested id of the first telemetry of a folder that has none
   */
  open(suggested?: string): void
  /** Why nothing can be begun in a new folder, for a person: which telemetry goes on in it could not be stored. */
  readonly whyNot: string | undefined
  /** Another telemetry goes on. */
  switchTo(telemetry_id: string): void
  /** A telemetry that is not gone on in, only appended to. */
  logOf(telemetry_id: string): Open | undefined
  /**
   * The telemetry in which the work of another student than the owner goes on: theirs from before, else a new one.
   * @param at epoch ms
   * @param suggested id of the new one, unless it is somebody's already
   */
  telemetryFor(user_id: StudentId, at: number, suggested?: string): string
  /** Moves the work that a login takes along, or what is left to move of it. */
  takeAlong(login: EventOf<'student_identified'>, way: { from: Way['from']; to: string }): Recorded
}

export function createFolder({ storage, ids, crc, machine, reading, reports }: FolderOptions): Folder {
  const { guarded, refuse } = reports
  let current: Open | undefined
  let whose: Ownership | undefined
  let whyNot: string | undefined

  const logOf = (id: string): Open | undefined => guarded('log', () => ({ id, log: storage.open(id).log }))

  function takeAlong(login: EventOf<'student_identified'>, { from, to }: { from: Way['from']; to: string }) {
    const goesOn = logOf(to)
    if (goesOn === undefined) return refuse('the log could not be opened')
    try {
      move(login, { from, to: goesOn }, crc)
    } catch (error) {
      whose?.setMoving(to, true)
      return refuse(`what was done before the login could not be recorded: ${messageOf(error)}`)
    }
    whose?.setMoving(to, false)
    return { ok: true, id: login.id } as const
  }

  function finishMove({ to, login }: Move): boolean {
    const left = logOf(login.data.takes?.telemetry_id ?? '')
    if (left === undefined) return false
    return takeAlong(login, { from: { log: left.log, lines: linesOf(left.log), offset: 0 }, to }).ok
  }

  const ownership = (suggested: string | undefined): Ownership =>
    readOwnership({
      storage,
      crc,
      machine,
      finish: finishMove,
      firstId() {
        const found = guarded('telemetry.json', () => findForeignFile(storage.snapshot))
        return (
          (found?.kind === 'foreign' ? found.file.telemetry_id : undefined) ?? suggested ?? ids.telemetry()
        )
      },
      failed: (error) => reports.fault('index', error),
      unclaimed: (error) => (whyNot = messageOf(error)),
    })

  const isTaken = (id: string): boolean => whose?.ownerOf(id) !== undefined

  /** Never an id that has an owner, even if the host's `ids` repeat one. */
  function unusedId(at: number): string {
    const id = ids.telemetry()
    return isTaken(id) ? ids.event(at).replaceAll('-', '').slice(-16) : id
  }

  function switchTo(id: string): void {
    current = reading.switchTo(id)
  }

  return {
    get current() {
      return current
    },
    get whose() {
      return whose
    },
    get student() {
      return current && whose?.studentIn(current.id)
    },
    get whyNot() {
      return whyNot
    },
    open(suggested) {
      whyNot = undefined
      guarded('index', () => {
        whose ??= ownership(suggested)
        switchTo(whose.current)
        // Without its log, a telemetry.json of ours is all there is.
        guarded('log', () => current?.log.size() === 0 && storage.snapshot.disown())
      })
    },
    switchTo,
    logOf,
    telemetryFor(user_id, at, suggested) {
      const theirs = whose?.telemetryOf(user_id)
      if (theirs !== undefined) return theirs
      return suggested === undefined || isTaken(suggested) ? unusedId(at) : suggested
    },
    takeAlong,
  }
}
