// Which telemetry of a course folder is going on and whose they are. The logs alone say so (SPEC §4 rule 5); the stored
// index saves reading all of them at every start, and tells how far each was read.

import type { EventOf } from '../events/events'
import { readLogins, type Logins } from './logins'
import { isOfTheMoment } from './of-the-moment'
import type { CourseIndex, Crc, Storage } from '../ports'

/** A login that takes work from another telemetry along. */
export interface Move {
  /** Id of the telemetry in whose log it is. */
  readonly to: string
  readonly login: EventOf<'student_identified'>
}

/**
 * Which telemetry of a course folder is going on: the stored index, corrected by what the logs say since it was stored;
 * without one, all of them are read. Undefined where nothing is recorded. Changes nothing. @throws what `storage` does
 */
export function readCourseIndex(storage: Storage, crc: Crc): CourseIndex | undefined {
  return correctedIndex(storage, crc)?.index
}

/** The same, with the moves that were found on the way: each may have been cut short by a crash. */
export function correctedIndex(
  storage: Storage,
  crc: Crc,
): { readonly index: CourseIndex; readonly moves: readonly Move[] } | undefined {
  const stored = storage.readIndex()
  const found = new Map<string, Logins>()
  for (const id of storage.list()) {
    const before = known(stored, id)
    try {
      found.set(id, readLogins(storage.open(id).log, crc, before))
    } catch (error) {
      if (isOfTheMoment(error)) throw error
      // What cannot be read says nothing new; whoever needs it will say that it cannot.
      found.set(id, { ...lost(stored, id), student: before?.student })
    }
  }
  const current = goesOn(found, stored)
  if (current === undefined) return undefined
  const owners = { ...stored?.owners }
  const read: Record<string, number> = {}
  for (const [id, { owner, offset }] of found) {
    read[id] = offset
    if (owner === undefined) delete owners[id]
    else owners[id] = owner
  }
  const student = found.get(current)?.student
  const moves = [...found].flatMap(([to, logins]) => logins.moves.map((login) => ({ to, login })))
  return { index: { ...stored, current, student, owners, read }, moves }
}

function known(stored: CourseIndex | undefined, id: string) {
  const offset = stored?.read?.[id]
  if (stored === undefined || offset === undefined) return undefined
  const student = stored.current === id ? stored.student : undefined
  return { owner: ownerIn(stored, id), student, offset }
}

/** What is known of a log that is gone or cannot be read. */
const lost = (stored: CourseIndex | undefined, id: string): Logins => ({
  owner: stored && ownerIn(stored, id),
  student: undefined,
  offset: 0,
  hasNews: false,
  lastAt: 0,
  moves: [],
})

export const ownerIn = ({ owners }: Pick<CourseIndex, 'owners'>, id: string) =>
  Object.hasOwn(owners, id) ? owners[id] : undefined

/**
 * The id of the current telemetry. A switch first logs out of the former one, so the one with a student logged in is
 * current. Beside one that has an owner, one without was never completely begun.
 */
function goesOn(found: ReadonlyMap<string, Logins>, stored: CourseIndex | undefined): string | undefined {
  const rank = (id: string): number[] => {
    const { student, owner, hasNews, lastAt } = found.get(id) ?? lost(stored, id)
    const isCurrent = id === stored?.current
    return [
      Number(student !== undefined),
      Number(owner !== undefined),
      Number(hasNews),
      Number(isCurrent),
      lastAt,
    ]
  }
  const ids = new Set([...(stored === undefined ? [] : [stored.current]), ...found.keys()])
  return [...ids].map((id) => ({ id, rank: rank(id) })).sort((a, b) => compare(b.rank, a.rank))[0]?.id
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index])
  return at < 0 ? 0 : (a[at] as number) - (b[at] as number)
}
