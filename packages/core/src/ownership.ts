// Which telemetry of a course folder is going on, and whose they are (SPEC §4 rule 5). The index is shared by
// all processes on the folder: every change is made to what is stored, not to what was read once.

import { readCourseIndex } from './course-index'
import { sameStudent, type StudentId } from './events'
import type { CourseIndex, Crc, Storage } from './ports'

export interface Ownership {
  /** Id of the telemetry that is going on, as it was when this process looked last. */
  readonly current: string
  /** The student logged in there. */
  readonly student: StudentId | undefined
  ownerOf(telemetry_id: string): StudentId | undefined
  /** The telemetry a student goes on in: theirs from before. */
  telemetryOf(user_id: StudentId): string | undefined
  /** Notes whose telemetry that is. The first student stays. */
  own(telemetry_id: string, user_id: StudentId | undefined): void
  /** Notes who is logged in there, while it is the one that is going on. */
  setStudent(telemetry_id: string, user_id: StudentId | undefined): void
  switchTo(telemetry_id: string): void
  /** Stores it again, whether or not it has changed. */
  store(): void
}

export interface OwnershipOptions {
  readonly storage: Storage
  readonly crc: Crc
  /** Id of the first telemetry of a folder that has none. */
  readonly firstId: () => string
  readonly failed: (error: unknown) => void
}

export function readOwnership({ storage, crc, firstId, failed }: OwnershipOptions): Ownership {
  let index: CourseIndex = { current: '', owners: {} }
  /** What failed to be stored is stored at the next chance. */
  let stored = true
  try {
    index = readCourseIndex(storage, crc) ?? storage.claimIndex({ current: firstId(), owners: {} })
  } catch (error) {
    failed(error)
    index = { current: firstId(), owners: {} }
    stored = false
  }

  function change(changed: (index: CourseIndex) => CourseIndex): void {
    if (stored && JSON.stringify(changed(index)) === JSON.stringify(index)) return
    try {
      const { owners, ...latest } = storage.readIndex() ?? index
      index = changed(stored ? { ...latest, owners: { ...index.owners, ...owners } } : index)
      store()
    } catch (error) {
      stored = false
      failed(error)
    }
  }

  function store(): void {
    stored = false
    storage.writeIndex(index)
    stored = true
  }

  const ownerOf = (id: string, { owners }: CourseIndex = index): StudentId | undefined =>
    Object.hasOwn(owners, id) ? owners[id] : undefined

  return {
    get current() {
      return index.current
    },
    get student() {
      return index.student
    },
    ownerOf: (id) => ownerOf(id),
    telemetryOf: (user_id) => Object.keys(index.owners).find((id) => sameStudent(index.owners[id], user_id)),
    own(id, user_id) {
      change((now) =>
        user_id === undefined || ownerOf(id, now) !== undefined
          ? now
          : { ...now, owners: { ...now.owners, [id]: user_id } },
      )
    },
    setStudent: (id, student) => change((now) => (now.current === id ? { ...now, student } : now)),
    switchTo: (current) => change((now) => ({ ...now, current, student: undefined })),
    store() {
      try {
        store()
      } catch (error) {
        failed(error)
      }
    },
  }
}
