// Which telemetry of a course folder is going on, and whose they are (SPEC §4 rule 5), as the logs say. The index is
// shared by all processes on the folder: every change is made to what is stored, not to what was read once.

import type { CourseIndex, Crc, Storage, StudentId } from '../ports'
import { correctedIndex, ownerIn, type Move } from './course-index'
import { sameStudent } from '../events/events'
import { readLogins, type KnownLogins } from './logins'

export interface Ownership {
  /** Id of the telemetry that is going on, as it was when this process looked last. */
  readonly current: string
  /** The student logged in in a telemetry: nobody is in one that is not going on. */
  studentIn(telemetry_id: string): StudentId | undefined
  /** Whether logins in these logs were made on this machine: else they came with the folder and do not count. */
  readonly isFromHere: boolean
  ownerOf(telemetry_id: string): StudentId | undefined
  /** The telemetry a student goes on in: theirs from before, as all processes on the folder know it. */
  telemetryOf(user_id: StudentId): string | undefined
  /** Notes whose telemetry that is. The first student stays. */
  own(telemetry_id: string, user_id: StudentId | undefined): void
  /** Notes who has logged in there, and so goes on there; or that nobody is, while it is the one that is going on. */
  setStudent(telemetry_id: string, user_id: StudentId | undefined): void
  /** Notes what a log says once it is read to that offset: that counts. */
  learn(telemetry_id: string, said: KnownLogins): void
  /** @param left where this process was until now; another one may have switched before */
  switchTo(telemetry_id: string, left: string | undefined): void
  /** Notes whether a move to that telemetry is under way, for the next start to finish where this process cannot. */
  setMoving(telemetry_id: string, isMoving: boolean): void
  /** From here on logins are made on this machine. */
  settleHere(): void
  /** Stores it again, whether or not it has changed, with how far the logs are known. */
  store(): void
}

export interface OwnershipOptions {
  readonly storage: Storage
  readonly crc: Crc
  /** Where this runs; undefined where every login counts. Asked again at each login: before, it may not have been kept. */
  readonly machine: (() => string) | undefined
  /** Id of the first telemetry of a folder that has none. */
  readonly firstId: () => string
  /** Brings a move to its end, which a crash may have cut short. Returns whether it is there. */
  readonly finish: (move: Move) => boolean
  readonly failed: (error: unknown) => void
  /** Which telemetry is begun in a new folder cannot be stored, and so none is. */
  readonly unclaimed: (error: unknown) => void
}

/** @throws where what is stored cannot be read at the moment, or nothing can be stored in a new folder */
export function readOwnership(options: OwnershipOptions): Ownership {
  const { storage, crc, machine, firstId, finish, failed, unclaimed } = options
  let index: CourseIndex = { current: '', owners: {} }
  /** How far each log is known, bytes. */
  let read: Record<string, number> = {}
  /** Telemetries with a move that is not at its end: the next start has to read their logs again. */
  const unfinished = new Set<string>()
  /** What failed to be stored is stored at the next chance. */
  let stored = true

  // Where it cannot be told what is there, nothing may be begun.
  const found = correctedIndex(storage, crc)
  try {
    index = found?.index ?? storage.claimIndex({ current: firstId(), owners: {}, machine: machine?.() })
    read = { ...index.read }
    for (const move of found?.moves ?? []) if (!finish(move)) unfinished.add(move.to)
    if (found !== undefined && JSON.stringify(storage.readIndex()) !== JSON.stringify(index)) store()
  } catch (error) {
    // Of several processes that cannot store which telemetry they begin, each would begin one of its own.
    if (index.current === '') {
      unclaimed(error)
      throw error
    }
    failed(error)
    stored = false
  }

  function change(changed: (index: CourseIndex) => CourseIndex): void {
    if (stored && JSON.stringify(changed(index)) === JSON.stringify(index)) return
    index = changed(latest())
    try {
      store()
    } catch (error) {
      failed(error)
    }
  }

  /** What is stored now, with what is known here; what could not be stored here yet counts, and takes no owner away. */
  function latest(): CourseIndex {
    const now = storedNow() ?? index
    return stored
      ? { ...now, owners: { ...index.owners, ...now.owners } }
      : { ...index, owners: { ...now.owners, ...index.owners } }
  }

  /** As other processes left it; undefined where there is none, or it cannot be read. */
  function storedNow(): CourseIndex | undefined {
    try {
      return storage.readIndex()
    } catch (error) {
      failed(error)
      return undefined
    }
  }

  function store(): void {
    stored = false
    // Other processes may have read further.
    const furthest = Object.entries({ ...index.read, ...read }).map(
      ([id, offset]) => [id, Math.max(offset, index.read?.[id] ?? 0)] as const,
    )
    const known = furthest.filter(([id]) => !unfinished.has(id))
    storage.writeIndex({ ...index, read: Object.fromEntries(known) })
    stored = true
  }

  function learn(id: string, { owner, student, offset }: KnownLogins): void {
    read[id] = offset
    // Another process may have come back to it since.
    if (index.current !== id) index = latest()
    change((now) => {
      const { [id]: _, ...others } = now.owners
      const owners = owner === undefined ? others : { ...now.owners, [id]: owner }
      return now.current === id ? { ...now, owners, student } : { ...now, owners }
    })
  }

  /** What is in the log of a telemetry that is left is no news to the next start, which would go on in it. */
  function leave(id: string): void {
    const offset = read[id]
    const known =
      offset === undefined ? undefined : { owner: ownerIn(index, id), student: index.student, offset }
    try {
      const said = readLogins(storage.open(id).log, crc, known)
      // A move that is not at its end is found by whoever reads its login.
      if (said.moves.every((login) => finish({ to: id, login }))) learn(id, said)
    } catch (error) {
      failed(error)
    }
  }

  /** Another process may have begun a telemetry since. */
  const knownOwners = (): CourseIndex['owners'] => ({ ...index.owners, ...storedNow()?.owners })

  /** A process that was killed may have begun a telemetry and told only its log: nobody is to have two. */
  function ownersInLogs(): CourseIndex['owners'] {
    try {
      return correctedIndex(storage, crc)?.index.owners ?? {}
    } catch (error) {
      failed(error)
      return {}
    }
  }

  return {
    get current() {
      return index.current
    },
    studentIn: (id) => (index.current === id ? index.student : undefined),
    get isFromHere() {
      return machine === undefined || index.machine === machine()
    },
    ownerOf: (id) => ownerIn({ owners: knownOwners() }, id),
    telemetryOf(user_id) {
      const theirs = (owners: CourseIndex['owners']): string | undefined =>
        Object.entries(owners).find(([, owner]) => sameStudent(owner, user_id))?.[0]
      return theirs(knownOwners()) ?? theirs(ownersInLogs())
    },
    own(id, user_id) {
      change((now) =>
        user_id === undefined || ownerIn(now, id) !== undefined
          ? now
          : { ...now, owners: { ...now.owners, [id]: user_id } },
      )
    },
    setStudent(id, student) {
      const here = student === undefined ? undefined : machine?.()
      // Whoever logs in goes on there, wherever another process went meanwhile.
      const isGoingOn = ({ current }: CourseIndex): boolean => student !== undefined || current === id
      change((now) =>
        isGoingOn(now) ? { ...now, current: id, student, ...(here !== undefined && { machine: here }) } : now,
      )
    },
    learn,
    switchTo(current, left) {
      if (left !== undefined) leave(left)
      change((now) => ({ ...now, current, student: undefined }))
    },
    setMoving: (id, isMoving) => void (isMoving ? unfinished.add(id) : unfinished.delete(id)),
    settleHere: () => change((now) => ({ ...now, machine: machine?.() })),
    store() {
      index = latest()
      try {
        store()
      } catch (error) {
        failed(error)
      }
    },
  }
}
