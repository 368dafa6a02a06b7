// Which telemetry of a course folder is going on and whose they are. The stored index saves reading every
// log at start; where it is missing, the logs tell the same.

import type { StudentId } from './events'
import { createFollower } from './follower'
import type { CourseIndex, Crc, Storage } from './ports'

/**
 * Which telemetry of a course folder is going on: from the stored index, else from the logs, every one of which is then
 * read whole. Undefined where nothing is recorded. Changes nothing. @throws what `storage` does
 */
export function readCourseIndex(storage: Storage, crc: Crc): CourseIndex | undefined {
  return storage.readIndex() ?? rebuilt(storage, crc)
}

/** Of several telemetries, the one whose log was written to last is going on. */
function rebuilt(storage: Storage, crc: Crc): CourseIndex | undefined {
  const owners: Record<string, StudentId> = {}
  let latest = -Infinity
  let index: { current: string; student?: StudentId | undefined } | undefined
  for (const id of storage.list()) {
    let lastAt = 0
    const follower = createFollower(storage.open(id).log, crc, {
      folded: ({ at }) => (lastAt = Math.max(lastAt, at)),
    })
    const { user_id, student } = follower.catchUp()
    if (user_id !== undefined) owners[id] = user_id
    // Who logs in where another was logged in makes both logs end at the same time.
    if (lastAt < latest || (lastAt === latest && student === undefined)) continue
    latest = lastAt
    index = { current: id, student }
  }
  return index && { ...index, owners }
}
