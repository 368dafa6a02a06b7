// What must be true on machines, told from outside: from what learners did, what lies in the files, and what was sent.

import { createFollower, snapshotText } from '@learnpack/telemetry-core'
import { crc } from '../crc'
import { Broken } from '../simulated'
import type { Computer } from './computer'
import type { Request } from './network'
import type { Place } from './place'

/** Something a learner did that was acknowledged. */
interface Done {
  readonly id: string
  readonly computer: Computer
  /** The number of the call. */
  readonly call: number
  /** Whose it is; undefined where nobody was logged in, or where that could not be told: then it must be kept. */
  readonly student: number | undefined
  /** A power cut, a backup or a removal has taken it. */
  isExcused: boolean
}

/** What a receiver has counted: each id once. */
export interface Counted {
  readonly name: string
  readonly ids: Set<string>
  /** In the order in which they first came, by student. */
  readonly events: Map<number, string[]>
  /** Under which ids each call was counted. */
  readonly calls: Map<number, string[]>
  /** What it refused for good, once: sent again as a dead letter, it comes behind others. */
  readonly rejected: Set<string>
}

/** Bytes of logs by calls that were recorded: a line for each, some twice, logins, sessions and imports. */
const MOST_BYTES = 1_500
const ALLOWANCE = 400_000

export function createModel() {
  const known = new Map<string, Done>()
  /** Acknowledged since it was checked last: a log only grows, unless its folder is replaced. */
  let unchecked: Done[] = []
  /** What was wrong with a request: whoever sends it catches what is thrown. */
  let wrong: string | undefined

  function checkKept(done: Iterable<Done>): void {
    for (const { id, computer, isExcused } of done)
      if (!isExcused && !computer.place.ids().has(id))
        throw new Broken(`${id} was acknowledged, and is in no log`)
  }

  return {
    get acknowledged() {
      return known.size
    },
    /** A call was acknowledged, and its event appended. */
    done(one: Omit<Done, 'isExcused'>): void {
      const done = { ...one, isExcused: false }
      known.set(done.id, done)
      unchecked.push(done)
    },
    /** What lies in the folder is something else now: what is no longer in it was taken by that. */
    replaced(computer: Computer): void {
      const ids = computer.place.ids()
      for (const one of known.values())
        if (one.computer === computer && !ids.has(one.id)) one.isExcused = true
    },
    /** A request leaves a machine. */
    sends(computer: Computer, { id, body }: Request): void {
      const { isOff, student } = computer
      if (isOff) wrong ??= `${id} was sent while recording is switched off`
      const named = Number((JSON.parse(body) as { user_id?: unknown }).user_id)
      if (named !== student) wrong ??= `${id} was sent for ${named} while ${student} is logged in`
      const owner = known.get(id)?.student
      if (owner !== undefined && owner !== named)
        wrong ??= `${id} of ${owner} was sent under the name of ${named}`
    },
    /** What must be true at every moment. */
    check(computers: readonly Computer[]): void {
      if (wrong !== undefined) throw new Broken(wrong)
      checkKept(unchecked)
      unchecked = []
      const written = computers.reduce((sum, { place }) => sum + place.written, 0)
      if (written > ALLOWANCE + known.size * MOST_BYTES)
        throw new Broken(`${written} bytes were written to logs for ${known.size} calls`)
    },
    /** What must be true once nothing goes wrong any more, and everybody has logged in again. */
    checkEnd(computers: readonly Computer[], receiver: Counted): void {
      checkKept(known.values())
      for (const { id, call, student, isExcused } of known.values()) {
        const counted = receiver.calls.get(call) ?? []
        if (counted.length > 1) throw new Broken(`${id} was counted under the ids ${counted.join(' and ')}`)
        if (!isExcused && student !== undefined && counted.length === 0)
          throw new Broken(`${id} of ${student} was acknowledged, and ${receiver.name} has not counted it`)
      }
      for (const { place } of computers) checkSnapshot(place)
      const [computer] = computers
      if (computers.length === 1 && computer !== undefined)
        for (const [student, ids] of receiver.events) checkOrder(computer.place, student, ids, receiver)
    },
    /** Each of these texts is in one attempt of a telemetry, and in no other. */
    checkFollowed(place: Place, texts: readonly string[]): void {
      const [log = []] = place.logs().values()
      const shown = rendered(log) ?? ''
      for (const text of texts) {
        const times = shown.split(JSON.stringify(text)).length - 1
        if (times !== 1)
          throw new Broken(`an attempt of LearnPack 5 is ${times} times in what is known: ${text}`)
      }
    },
  }
}

export type Model = ReturnType<typeof createModel>

/** Events that came for the first time do so in the order of the log. */
function checkOrder(place: Place, student: number, ids: readonly string[], { rejected }: Counted): void {
  const logs = [...place.logs().keys()].map((id) => [...place.idsOf(id)])
  const times = new Map<string, number>()
  for (const id of logs.flat()) times.set(id, (times.get(id) ?? 0) + 1)
  for (const log of logs) {
    // What has moved to another log lies in both.
    const at = new Map(log.flatMap((id, place) => (times.get(id) === 1 ? [[id, place] as const] : [])))
    const places = ids.flatMap((id) => (rejected.has(id) ? [] : (at.get(id) ?? [])))
    if (places.some((place, index) => place < (places[index - 1] ?? 0)))
      throw new Broken(`the events of ${student} were counted in another order than the log has them`)
  }
}

/** A telemetry.json of ours is what the log of the telemetry that goes on folds to. */
function checkSnapshot(place: Place): void {
  const { snapshot, isOurs, current } = place
  const log = current === undefined ? undefined : place.logs().get(current)
  if (snapshot === undefined || !isOurs || log === undefined) return
  if (rendered(log) !== snapshot)
    throw new Broken('telemetry.json is not what the log of the telemetry that goes on folds to')
}

function rendered(lines: readonly string[]): string | undefined {
  const text = lines.map((line) => `${line}\n`).join('')
  const follower = createFollower(
    {
      read: () => ({
        from: 0,
        lines: lines.map((text, offset) => ({ text, offset, next: offset + 1 })),
        next: lines.length,
        atEnd: true,
      }),
      size: () => text.length,
      append() {},
      watch: () => () => {},
    },
    crc,
  )
  return snapshotText(follower.catchUp())
}
