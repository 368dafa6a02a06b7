// What must be true, told from outside: it knows what learners did and what was acknowledged, and nothing of how it is kept.

import {
  decodeLine,
  evolve,
  initialState,
  snapshotText,
  type Parcel,
  type TelemetryEvent,
} from '@learnpack/telemetry-core'
import { crc } from './crc'
import type { Disk, Kept } from './disk'

/** A promise that was broken. */
class Broken extends Error {}

/** An attempt, or an opened step, that was acknowledged. */
interface Done {
  readonly id: string
  readonly disk: Disk
  /** Whose it is; undefined where nobody was logged in: then it must be kept, and whose it becomes is not judged. */
  readonly student: number | undefined
  /** It was lost when its folder was removed or restored from a backup. */
  isExcused: boolean
}

/** What one receiver has counted: each id once. */
export interface Counted {
  readonly name: string
  /** In the order in which they first came, by student. */
  readonly events: Map<number, string[]>
  readonly ids: Set<string>
  /** What it refused for good, once: sent again as a dead letter, it comes behind others. */
  readonly rejected: Set<string>
}

export interface Model {
  readonly acknowledged: number
  /** A call was acknowledged and its event appended. */
  done(disk: Disk, id: string, student: number | undefined): void
  /** A folder was removed, or is another one now: what is no longer in it was taken by that. */
  replaced(disk: Disk): void
  /** A request leaves a process. */
  sends(disk: Disk, parcel: Parcel): void
  /** What must be true at every moment. */
  check(disks: readonly Disk[]): void
  /** What must be true once nothing goes wrong any more, and everybody has logged in again. */
  checkEnd(disks: readonly Disk[], counted: readonly Counted[]): void
}

/** Characters of logs by those that were recorded: a line for each event, some twice, imports and moves. */
const MOST_WRITTEN = 4
const ALLOWANCE = 400_000

function eventOn(line = ''): TelemetryEvent | undefined {
  const decoded = decodeLine(line, crc)
  return decoded.ok ? decoded.event : undefined
}

export function createModel(): Model {
  const known = new Map<string, Done>()
  /** Acknowledged since it was checked last: a log only grows, unless it is replaced. */
  let unchecked: Done[] = []
  const seen = new Map<Disk, { ids: Set<string>; read: Map<object, number> }>()
  let recorded = 0
  /** What was wrong with a request: whoever sends it catches what is thrown. */
  let wrong: string | undefined

  /** Ids in the logs of a folder. What was read of a file is not read again. */
  function idsIn(disk: Disk): Set<string> {
    const memory = seen.get(disk) ?? { ids: new Set(), read: new Map() }
    seen.set(disk, memory)
    for (const { log } of disk.contents.telemetries.values()) {
      if (log === undefined) continue
      for (let line = memory.read.get(log) ?? 0; line < log.lines.length; line++) {
        const event = eventOn(log.lines[line]?.text)
        if (event !== undefined) memory.ids.add(event.id)
      }
      memory.read.set(log, log.lines.length)
    }
    return memory.ids
  }

  return {
    get acknowledged() {
      return known.size
    },
    done(disk, id, student) {
      const one = { id, disk, student, isExcused: false }
      known.set(id, one)
      unchecked.push(one)
      recorded += 300
    },
    replaced(disk) {
      seen.delete(disk)
      const ids = idsIn(disk)
      for (const one of known.values()) if (one.disk === disk && !ids.has(one.id)) one.isExcused = true
    },
    sends(disk, parcel) {
      if (disk.isOff) wrong ??= `${parcel.id} was sent while recording is switched off`
      const body = JSON.parse(parcel.body) as { user_id?: unknown }
      if (String(body.user_id) !== String(disk.student))
        wrong ??= `${parcel.id} was sent for ${String(body.user_id)} while ${disk.student} is logged in`
      const owner = parcel.kind === 'event' ? known.get(parcel.id)?.student : undefined
      if (owner !== undefined && owner !== Number(body.user_id))
        wrong ??= `${parcel.id} of ${owner} was sent under the name of ${String(body.user_id)}`
    },
    check(disks) {
      if (wrong !== undefined) throw new Broken(wrong)
      for (const { id, disk, isExcused } of unchecked)
        if (!isExcused && !idsIn(disk).has(id)) throw new Broken(`${id} was acknowledged, and is in no log`)
      unchecked = []
      const written = disks.reduce((sum, disk) => sum + disk.written, 0)
      if (written > ALLOWANCE + recorded * MOST_WRITTEN)
        throw new Broken(`${written} characters were written to logs for ${known.size} events`)
    },
    checkEnd(disks, counted) {
      for (const disk of disks) checkSnapshot(disk)
      seen.clear()
      for (const { id, disk, isExcused } of known.values())
        if (!isExcused && !idsIn(disk).has(id)) throw new Broken(`${id} was acknowledged, and is in no log`)
      for (const { name, ids, events, rejected } of counted) {
        for (const { id, student, isExcused } of known.values())
          if (!isExcused && student !== undefined && !ids.has(id))
            throw new Broken(`${id} of ${student} was acknowledged, and ${name} has not counted it`)
        for (const [student, order] of events)
          checkOrder(
            name,
            student,
            order.filter((id) => !rejected.has(id)),
            disks,
          )
      }
    },
  }

  function checkOrder(name: string, student: number, order: readonly string[], disks: readonly Disk[]): void {
    if (disks.length > 1) return
    const logs = [...(disks[0]?.contents.telemetries.values() ?? [])].map(({ log }) =>
      (log?.lines ?? []).flatMap(({ text }) => eventOn(text)?.id ?? []),
    )
    const times = new Map<string, number>()
    for (const id of logs.flat()) times.set(id, (times.get(id) ?? 0) + 1)
    for (const log of logs) {
      // What has moved to another log lies in both.
      const place = new Map(log.flatMap((id, at) => (times.get(id) === 1 ? [[id, at] as const] : [])))
      const places = order.flatMap((id) => place.get(id) ?? [])
      const isWrong = places.some((at, index) => index > 0 && at < (places[index - 1] as number))
      if (isWrong)
        throw new Broken(`${name} got the events of ${student} in another order than the log has them`)
    }
  }
}

/** telemetry.json is what the log of the telemetry that goes on folds to. */
function checkSnapshot({ contents }: Disk): void {
  const { snapshot, ours, index, telemetries } = contents
  if (snapshot === undefined || !ours.includes(snapshot) || index === undefined) return
  const expected = rendered(telemetries.get(index.current))
  if (expected !== undefined && snapshot !== expected)
    throw new Broken('telemetry.json is not what the log of the telemetry that goes on folds to')
}

function rendered(kept: Kept | undefined): string | undefined {
  if (kept?.log === undefined) return undefined
  const ids = new Set<string>()
  let state = initialState
  for (const { text } of kept.log.lines) {
    const event = eventOn(text)
    if (event === undefined || ids.has(event.id)) continue
    ids.add(event.id)
    state = evolve(state, event)
  }
  return snapshotText(state)
}
