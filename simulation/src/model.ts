// What must be true, told from outside: it knows what learners did and what was acknowledged, and of how it is kept only
// which ids lie in which log.

import { createFollower, snapshotText, type Parcel } from '@learnpack/telemetry-core'
import { crc } from './crc'
import type { Disk, Kept, LogFile } from './disk'
import { Broken } from './simulated'

/** An attempt, or an opened step, that was acknowledged. */
interface Done {
  readonly id: string
  readonly disk: Disk
  /** Whose it is; undefined where that is not decided yet, or not judged: then it must be kept. */
  student: number | undefined
  /** The process in whose session nobody was logged in when it was done. */
  nobodysIn: object | undefined
  /** A backup, a removal, a power cut or damage has taken it. */
  isExcused: boolean
}

/** What one receiver has counted: each id once. */
export interface Counted {
  readonly name: string
  /** In the order in which they first came, by student. */
  readonly events: Map<number, string[]>
  /** Id of the last batch that came. */
  lastBatch: string | undefined
  readonly ids: Set<string>
  /** Under which ids each thing that a learner did was counted, by its number. */
  readonly attempts: Map<number, string[]>
  /** What it refused for good, once: sent again as a dead letter, it comes behind others. */
  readonly rejected: Set<string>
}

export interface Sender {
  readonly disk: Disk
  readonly isStray: boolean
}

export interface Model {
  readonly acknowledged: number
  /** A call was acknowledged and its event appended. @param host in which nobody may be logged in */
  done(host: Sender, id: string, student: number | undefined): void
  /** A login was appended in that process. */
  loggedIn(host: Sender, student: number): void
  /** A session, or a time in which nobody is logged in, begins in a process. */
  begins(host: Sender): void
  /** A logout was appended in that process. */
  loggedOut(host: Sender): void
  /** The session of a process is over: what nobody did in it is decided. */
  sessionEnds(host: Sender): void
  /** Whether a login is in the log is not known. */
  isUnsure(disk: Disk): void
  /** A folder was removed, or is another one now: what is no longer in it was taken by that. @param isNew nothing is in it */
  replaced(disk: Disk, isNew?: boolean): void
  /** The disk has damaged what is in a log. */
  damaged(ids: readonly string[]): void
  /** A request leaves a process. */
  sends(host: Sender, parcel: Parcel, destination: string): void
  /** What must be true at every moment. */
  check(disks: readonly Disk[]): void
  /** Behind a power cut no cursor is further than its log. */
  checkCursors(disk: Disk): void
  /** Of the telemetry that goes on, the last batch shows everything. */
  checkBatch(disk: Disk, receiver: Counted): void
  /** What must be true once nothing goes wrong any more, and everybody has logged in again. */
  checkEnd(disks: readonly Disk[], counted: readonly Counted[]): void
}

/** Characters of logs by those that were recorded: a line for each event, some twice, imports and moves. */
const MOST_WRITTEN = 4
const ALLOWANCE = 400_000
/** In one turn of the world: more of them are sent without end. */
const MOST_REQUESTS = 5_000

/** Ids of the events in a log, each with the offset behind its line, in order. What was read is not read again. */
interface Ids {
  readonly behind: Map<string, number>
  lines: number
}
const idsOfLogs = new WeakMap<LogFile, Ids>()
const WHOLE = /\{"v":\d+,"id":"([^"{]+)"(?:(?!\{"v":).)*?"crc":"[0-9a-f]{8}"\}/g

function idsOf(log: LogFile): Ids['behind'] {
  const ids = idsOfLogs.get(log) ?? { behind: new Map<string, number>(), lines: 0 }
  idsOfLogs.set(log, ids)
  for (; ids.lines < log.lines.length; ids.lines++) {
    const { text, next } = log.lines[ids.lines] as LogFile['lines'][number]
    for (const [, id = ''] of text.matchAll(WHOLE)) if (!ids.behind.has(id)) ids.behind.set(id, next)
  }
  return ids.behind
}

const logsOf = ({ contents }: Disk): LogFile[] =>
  [...contents.telemetries.values()].flatMap(({ log }) => log ?? [])
const isIn = (disk: Disk, id: string): boolean => logsOf(disk).some((log) => idsOf(log).has(id))

export function createModel(): Model {
  const known = new Map<string, Done>()
  /** Acknowledged since it was checked last: a log only grows, unless it is replaced. */
  let unchecked: Done[] = []
  /** What nobody did, and nobody has yet. */
  const nobodys = new Set<Done>()
  /** Whose the telemetry is that goes on: of whoever was logged in last. */
  const owners = new Map<Disk, number | 'nobody' | 'unknown'>()
  let requests = 0
  let recorded = 0
  /** What was wrong with a request: whoever sends it catches what is thrown. */
  let wrong: string | undefined

  function decide(which: (done: Done) => boolean, student: number | undefined): void {
    for (const done of nobodys) {
      if (!which(done)) continue
      nobodys.delete(done)
      done.student = student
    }
  }

  /** When sessions and logins began in each folder, by the processes in which they did. */
  const began = new Map<Disk, Map<Sender, number>>()
  let beginnings = 0

  /** Whose the telemetry is that each process is in. */
  const whose = new Map<Sender, number | 'nobody' | 'unknown'>()

  function begins(host: Sender): void {
    if (!whose.has(host)) whose.set(host, ownerOf(host.disk))
    // From where on the log is nobody's cannot be told then, and it stays the owner's: excluded.
    if (host.disk.weather.unreadable > 0) whose.set(host, 'unknown')
    const all = began.get(host.disk) ?? new Map<Sender, number>()
    began.set(host.disk, all.set(host, ++beginnings))
    if (ownerOf(host.disk) !== 'nobody')
      decide(({ disk, nobodysIn }) => disk === host.disk && nobodysIn !== host, undefined)
  }

  /**
   * Where another process has begun a session or logged somebody in or out since, what nobody does here is theirs who was
   * logged in before, or will be: which of them is not told from here.
   */
  function isLast(host: Sender): boolean {
    const all = began.get(host.disk) ?? new Map<Sender, number>()
    return Math.max(0, ...all.values()) === all.get(host)
  }

  const ownerOf = (disk: Disk) => owners.get(disk) ?? 'nobody'

  return {
    get acknowledged() {
      return known.size
    },
    done(host, id, student) {
      const { disk, isStray } = host
      const owner = ownerOf(disk)
      const isDecidable =
        owner === 'nobody' || (owner !== 'unknown' && whose.get(host) === owner && isLast(host))
      const isNobodys = student === undefined && !isStray && isDecidable
      const one: Done = {
        id,
        disk,
        student: isStray ? undefined : student,
        nobodysIn: student === undefined ? host : undefined,
        isExcused: false,
      }
      known.set(id, one)
      unchecked.push(one)
      if (isNobodys) nobodys.add(one)
      recorded += 300
    },
    // Of a folder in which nobody ever was logged in, everything goes with who is first; later, with who logs in in the
    // same session.
    begins,
    loggedIn(host, student) {
      begins(host)
      whose.set(host, student)
      const isFirst = ownerOf(host.disk) === 'nobody'
      decide(({ disk, nobodysIn }) => disk === host.disk && (isFirst || nobodysIn === host), student)
      owners.set(host.disk, student)
    },
    // One behind another moves the place from which on work is nobody's: excluded.
    loggedOut(host) {
      begins(host)
      if (ownerOf(host.disk) !== 'nobody') decide(({ nobodysIn }) => nobodysIn === host, undefined)
    },
    // Where nobody logs in, it is theirs who was logged in before.
    sessionEnds(host) {
      const owner = ownerOf(host.disk)
      if (typeof owner === 'number') decide(({ nobodysIn }) => nobodysIn === host, owner)
    },
    isUnsure(disk) {
      decide((done) => done.disk === disk, undefined)
      owners.set(disk, 'unknown')
    },
    replaced(disk, isNew = false) {
      decide((done) => done.disk === disk, undefined)
      owners.set(disk, isNew ? 'nobody' : 'unknown')
      for (const one of known.values()) {
        if (one.disk !== disk) continue
        if (!isIn(disk, one.id)) one.isExcused = true
        // The login that made it theirs may be gone.
        if (one.nobodysIn !== undefined) one.student = undefined
      }
    },
    damaged(ids) {
      for (const id of ids) {
        const one = known.get(id)
        if (one !== undefined) one.isExcused = true
      }
    },
    sends({ disk, isStray }, parcel, destination) {
      const { id, kind } = parcel
      if (++requests > MOST_REQUESTS) wrong ??= `requests are sent to ${destination} without end`
      if (disk.isOff) wrong ??= `${id} was sent while recording is switched off`
      const body = JSON.parse(parcel.body) as { user_id?: unknown; telemetry_id?: string }
      if (String(body.user_id) !== String(disk.student))
        wrong ??= `${id} was sent for ${String(body.user_id)} while ${disk.student} is logged in`
      const done = kind === 'event' ? known.get(id) : undefined
      // In a copy of the folder, nobody's work is theirs who logs in there.
      const owner = done?.disk === disk ? done.student : undefined
      if (owner !== undefined && owner !== Number(body.user_id))
        wrong ??= `${id} of ${owner} was sent under the name of ${String(body.user_id)}`
      const kept = disk.contents.telemetries.get(body.telemetry_id ?? '')
      if (isStray || kept?.log === undefined) return
      const ids = idsOf(kept.log)
      const event = kind === 'event' ? id : id.slice(id.indexOf('-') + 1)
      const behind = ids.get(event)
      if (behind === undefined) {
        wrong ??= `${id} was sent, and is in no log`
        return
      }
      const cursor = [...kept.cursors].find(([name]) => name.startsWith(`${destination} `))?.[1].value
      if (cursor?.id === undefined || ids.get(cursor.id) !== cursor.offset) return
      const isLetter = kept.letters.value.some((letter) => letter.id === id)
      if (behind < cursor.offset && !isLetter)
        wrong ??= `${id} was sent to ${destination} again, and its cursor is behind it`
    },
    check(disks) {
      requests = 0
      const misuse = wrong ?? disks.map((disk) => disk.misuse).find((one) => one !== undefined)
      if (misuse !== undefined) throw new Broken(misuse)
      for (const { id, disk, isExcused } of unchecked)
        if (!isExcused && !isIn(disk, id)) throw new Broken(`${id} was acknowledged, and is in no log`)
      unchecked = []
      const written = disks.reduce((sum, disk) => sum + disk.written, 0)
      if (written > ALLOWANCE + recorded * MOST_WRITTEN)
        throw new Broken(`${written} characters were written to logs for ${known.size} events`)
    },
    checkCursors({ contents }) {
      for (const { log, cursors } of contents.telemetries.values())
        for (const [destination, { value }] of cursors)
          if ((value?.offset ?? 0) > (log?.size ?? 0))
            throw new Broken(`the cursor of ${destination} is behind the end of its log`)
    },
    checkBatch({ contents }, { name, lastBatch }) {
      const current = contents.index.value?.current ?? ''
      const log = contents.telemetries.get(current)?.log
      const last = log && [...idsOf(log).keys()].at(-1)
      if (lastBatch?.endsWith(`-${last}`) !== true)
        throw new Broken(`the last batch that ${name} has got does not show all of ${current}`)
    },
    checkEnd(disks, counted) {
      for (const disk of disks) checkSnapshot(disk)
      for (const disk of disks) checkLetters(disk)
      for (const { id, disk, isExcused } of known.values())
        if (!isExcused && !isIn(disk, id)) throw new Broken(`${id} was acknowledged, and is in no log`)
      for (const { name, ids, events, rejected, attempts } of counted) {
        for (const { id, student, isExcused } of known.values())
          if (!isExcused && student !== undefined && !ids.has(id))
            throw new Broken(`${id} of ${student} was acknowledged, and ${name} has not counted it`)
        for (const same of attempts.values())
          if (same.length > 1)
            throw new Broken(`${name} has counted ${same.join(' and ')}, which are one thing done`)
        for (const [student, order] of events)
          checkOrder(name, student, order.filter((id) => !rejected.has(id)), disks) // prettier-ignore
      }
    },
  }
}

function checkOrder(name: string, student: number, order: readonly string[], disks: readonly Disk[]): void {
  const logs = disks.flatMap(logsOf).map(idsOf)
  const times = new Map<string, number>()
  for (const log of logs) for (const id of log.keys()) times.set(id, (times.get(id) ?? 0) + 1)
  for (const log of logs) {
    // What was copied, or has moved to another log, lies in both.
    const places = order.flatMap((id) => (times.get(id) === 1 ? (log.get(id) ?? []) : []))
    if (places.some((at, index) => index > 0 && at < (places[index - 1] as number)))
      throw new Broken(`${name} got the events of ${student} in another order than the log has them`)
  }
}

/** What was refused for good was sent again, and taken. */
function checkLetters({ contents }: Disk): void {
  for (const { log, letters, cursors } of contents.telemetries.values()) {
    for (const [destination, { value }] of cursors)
      if ((value?.deadLettered ?? 0) < 0)
        throw new Broken(`the cursor of ${destination} counts less than no dead letter`)
    const latest = new Map(letters.value.map((letter) => [`${letter.destination} ${letter.id}`, letter]))
    for (const { id, destination, deliveredAt } of latest.values())
      if (deliveredAt === undefined && log !== undefined && idsOf(log).has(id))
        throw new Broken(`${id} is a dead letter of ${destination}, and was sent again`)
  }
}

/** telemetry.json is what the log of the telemetry that goes on folds to. */
function checkSnapshot({ contents }: Disk): void {
  const { snapshot, ours, index, telemetries } = contents
  const kept = index.value && telemetries.get(index.value.current)
  if (kept?.log === undefined || kept.log.lines.length === 0) return
  if (snapshot.value === undefined) throw new Broken('there is no telemetry.json')
  if (!ours.value.includes(snapshot.value)) throw new Broken('telemetry.json is not known as ours')
  if (snapshot.value !== rendered(kept))
    throw new Broken('telemetry.json is not what the log of the telemetry that goes on folds to')
}

function rendered({ log }: Kept): string | undefined {
  const lines = log?.lines ?? []
  const next = log?.size ?? 0
  const read = () => ({ from: 0, lines, next, atEnd: true })
  const file = { read, append() {}, size: () => next, watch: () => () => {} }
  return snapshotText(createFollower(file, crc).catchUp())
}
