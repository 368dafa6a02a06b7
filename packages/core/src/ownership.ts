// Which telemetry of a course folder is going on, and whose they are (SPEC §4 rule 5).

import { readCourseIndex } from './course-index'
import { sameStudent, type StudentId } from './events'
import type { CourseIndex, Crc, Storage } from './ports'

export interface Ownership {
  /** Id of the telemetry that is going on. */
  readonly current: string
  /** The student who is logged in, as far as it is known without reading the log. */
  readonly student: StudentId | undefined
  ownerOf(telemetry_id: string): StudentId | undefined
  /** The telemetry a student goes on in: theirs from before. */
  telemetryOf(user_id: StudentId): string | undefined
  /** Notes whose telemetry that is. The first student stays. */
  own(telemetry_id: string, user_id: StudentId | undefined): void
  setStudent(user_id: StudentId | undefined): void
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
  try {
    const stored = readCourseIndex(storage, crc)
    if (stored === undefined) change({ current: firstId() })
    else index = stored
  } catch (error) {
    failed(error)
    index = { ...index, current: firstId() }
  }

  function change(changes: Partial<CourseIndex>): void {
    const next = { ...index, ...changes }
    if (JSON.stringify(next) === JSON.stringify(index)) return
    index = next
    store()
  }

  function store(): void {
    try {
      storage.writeIndex(index)
    } catch (error) {
      failed(error)
    }
  }

  const ownerOf = (id: string): StudentId | undefined =>
    Object.hasOwn(index.owners, id) ? index.owners[id] : undefined

  return {
    get current() {
      return index.current
    },
    get student() {
      return index.student
    },
    ownerOf,
    telemetryOf: (user_id) => Object.keys(index.owners).find((id) => sameStudent(index.owners[id], user_id)),
    own(id, user_id) {
      if (user_id !== undefined && ownerOf(id) === undefined)
        change({ owners: { ...index.owners, [id]: user_id } })
    },
    setStudent: (student) => change({ student }),
    switchTo: (current) => change({ current, student: undefined }),
    store,
  }
}
