// The world: a course folder or several, processes on them, learners, receivers, and what can happen to all of them.

import type { CourseInput, LogLine } from '@learnpack/telemetry-core'
import { createDisk, type Disk } from './disk'
import { happeningsOf, type Happening, type Scene } from './happenings'
import { createHost, type Host } from './host'
import { createModel, type Model } from './model'
import { random, type Random } from './random'
import { createReceiver, transportTo, type Receiver } from './receiver'
import { Broken, type Simulated } from './simulated'
import type { Temper } from './temper'
import { createTimeline } from './timeline'
import { clearDisk, clearNetwork, count, type Counts } from './weather'

/** Longer than any wait: a retry, what a receiver asked for, a request that is delayed. */
const CALM_MS = 20 * 60_000
/** What a process that starts needs to send everything: only a receiver may have it wait. */
const MINUTE_MS = 60_000

export interface World extends Simulated {
  readonly model: Model
  readonly disks: readonly Disk[]
  readonly receivers: readonly Receiver[]
}

export function createWorld(temper: Temper): World {
  const timeline = createTimeline()
  const model = createModel()
  const receivers = [createReceiver('school'), createReceiver('platform')] as const
  const disks = [createDisk('laptop')]
  const counts: Counts = new Map()
  let hosts: Host[] = []
  let started = 0
  let pressed = 0
  const shape = { steps: 3 }
  let chance = random(0)

  const course = (): CourseInput => ({
    slug: 'a-course',
    agent: 'vscode',
    steps: Array.from({ length: shape.steps }, (_, position) => ({
      slug: `step-${position}`,
      position,
      is_testeable: true,
    })),
  })

  function start(disk: Disk, { pick }: Pick<Random, 'pick'>): Host {
    const number = ++started
    const host = createHost({
      name: `host ${number} on the ${disk.machine}`,
      disk,
      timeline,
      chance: () => chance,
      rate: pick([1, 1, 1, 1.01, 0.99]),
      slowness: temper.slowness,
      number,
      transports: (made) => {
        const [school, platform] = receivers.map((receiver) => ({
          receiver,
          host: made,
          timeline,
          chance: () => chance,
          sends: model.sends.bind(model, made),
        }))
        return [
          transportTo(school as never, 'events'),
          transportTo(school as never, 'snapshots'),
          transportTo(platform as never, 'events'),
        ]
      },
    })
    host.isStray = disk.isStray
    hosts.push(host)
    host.atEnd(() => model.sessionEnds(host))
    host.telemetry.on('recorded', ({ id, type }) => appended(host, id, type))
    return host
  }

  /** Appended, and not yet known to have been acknowledged. */
  const fresh = new Map<string, { readonly host: Host; readonly student: number | undefined }>()
  /** It starts a session: a login that leads elsewhere begins one, too, and that goes on with what nobody did. */
  let starting: Host | undefined
  let caller: { readonly student: number | undefined } | undefined

  function appended(host: Host, id: string, type: string): void {
    if (!host.isAlive) return
    if (type === 'session_start' && host === starting) model.sessionEnds(host)
    if (type === 'session_start') model.begins(host)
    if (type === 'student_cleared') model.loggedOut(host)
    if (type === 'student_identified' || type === 'student_cleared') host.isSettled = true
    if (type === 'student_identified') {
      model.loggedIn(host, studentIn(host.disk, id))
    }
    if (caller !== undefined && PRESSED.includes(type)) fresh.set(id, { host, ...caller })
  }

  function startSession(host: Host): boolean {
    starting = host
    const { ok } = host.telemetry.start(course())
    starting = undefined
    // It may be in the log all the same.
    if (!ok && (host.disk.weather.lied > 0 || !host.isAlive)) model.begins(host)
    return ok
  }

  function beginSession(host: Host): void {
    host.hasStarted = startSession(host)
    host.told = host.telemetry.status().student
    followLogin(host)
  }

  /** As the adapter does before every event: whoever logged in or out is told once. */
  function followLogin(host: Host): void {
    const { student, hasSession } = host.disk
    if (!hasSession || host.told === student) return
    host.told = student
    const { ok } = student === undefined ? host.telemetry.clear() : host.telemetry.identify(student)
    host.isSettled = ok
    // It may be in the log all the same.
    if (!ok && (host.disk.weather.lied > 0 || !host.isAlive)) model.isUnsure(host.disk)
  }

  /** What was appended by a call that returned, in a process that lives. */
  function acknowledge(): void {
    for (const [id, { host, student }] of fresh) if (host.isAlive) model.done(host, id, student)
    fresh.clear()
  }

  const scene: Scene = {
    timeline,
    model,
    disks,
    receivers,
    get hosts() {
      return (hosts = hosts.filter(({ isAlive }) => isAlive))
    },
    course: shape,
    start,
    beginSession,
    endSession(host) {
      const { ok: hasEnded } = host.telemetry.end('finished')
      // A login that was refused is tried again, and counts from when it was made.
      if (hasEnded && !host.isSettled) model.isUnsure(host.disk)
      if (hasEnded) model.sessionEnds(host)
      const ok = startSession(host)
      if (hasEnded) host.hasStarted = ok
    },
    followLogin,
    press(host, position, type, data) {
      if (!host.hasStarted) beginSession(host)
      caller = { student: host.disk.student }
      const recorded = host.telemetry.record(position, type, { ...data, n: ++pressed })
      caller = undefined
      return recorded.ok ? recorded.id : recorded.reason
    },
    replaced(disk, isNew) {
      model.replaced(disk, isNew)
      disk.lease.holder = undefined
      for (const host of scene.hosts) {
        if (host.disk !== disk) continue
        host.isStray = true
        disk.isStray = true
      }
    },
  }
  const happenings = happeningsOf(scene, temper)
  const whole = happenings.reduce((sum, { weight }) => sum + weight, 0)

  function happening(kind: number): Happening {
    let rest = ((kind % 100_000) / 100_000) * whole
    return happenings.find(({ weight }) => (rest -= weight) < 0) ?? (happenings[0] as Happening)
  }

  /** Two processes that are open at the same time say the same, and nothing waits. */
  function checkAgreement(one: Host, other: Host): void {
    const told = ({ telemetry }: Host): string => {
      const { telemetry_id, student, log, destinations } = telemetry.status()
      const offsets = Object.entries(destinations).map(([name, { offset, id }]) => [name, offset, id])
      return JSON.stringify([telemetry_id, student, log, offsets, telemetry.snapshot()])
    }
    if (told(one) !== told(other))
      throw new Broken(`${one.name} and ${other.name} tell different things: ${told(one)} ${told(other)}`)
  }

  /** Who does not deliver does not know how far it is. */
  function checkNothingWaits({ name, disk, telemetry, isHolder }: Host): void {
    if (isHolder && telemetry.waits())
      throw new Broken(`something waits in ${name}, and nothing is in its way on the ${disk.machine}`)
  }

  /** The learner logs in, and whoever looks on agrees once all is sent. */
  async function logInAtLast(disk: Disk, student: number): Promise<void> {
    disk.student = student
    disk.hasSession = true
    const host = start(disk, chance)
    startSession(host)
    // A login of their own: nothing else ends a pause.
    host.told = undefined
    host.telemetry.clear()
    followLogin(host)
    await timeline.advance(2 * MINUTE_MS)
    host.telemetry.resend()
    await timeline.advance(MINUTE_MS)
    host.telemetry.submit()
    await timeline.advance(MINUTE_MS)
    model.checkBatch(disk, receivers[0])
    const other = start(disk, chance)
    other.telemetry.open()
    await timeline.advance(MINUTE_MS)
    checkAgreement(host, other)
    checkNothingWaits(host)
    for (const one of [other, host]) {
      const closing = one.telemetry.close()
      await timeline.advance(1_000)
      await closing
      one.kill()
    }
  }

  return {
    timeline,
    model,
    disks,
    receivers,
    counts,
    get requests() {
      return receivers.reduce((sum, receiver) => sum + receiver.requests, 0)
    },
    kept: () => [
      disks.map(({ contents: { telemetries, index, snapshot, ours } }) => [
        [...telemetries].map(([id, { log, letters }]) => [id, log?.lines, log?.tail, letters.value]),
        index.value,
        snapshot.value,
        ours.value,
      ]),
      receivers.map(({ events, ids, requests }) => [events, ids, requests]),
    ],
    get faults() {
      const all: Counts = new Map()
      for (const { struck } of [...disks, ...receivers])
        for (const [what, times] of struck) count(all, what, times)
      return all
    },
    async step(kind, salt) {
      const { name, run } = happening(kind)
      chance = random(salt)
      const words = await run(chance)
      await timeline.settle()
      acknowledge()
      if (words !== undefined) count(counts, name)
      return words
    },
    check: () => model.check(disks),
    async end() {
      for (const disk of disks) {
        Object.assign(disk.weather, clearDisk())
        disk.isOff = false
      }
      for (const { weather } of receivers) Object.assign(weather, clearNetwork())
      for (const host of scene.hosts) {
        host.resume()
        host.run(() => (host.hasStarted ? followLogin(host) : beginSession(host)))
      }
      await timeline.advance(CALM_MS)
      acknowledge()
      model.check(disks)
      for (const host of scene.hosts) checkNothingWaits(host)
      for (const host of scene.hosts) host.kill()
      for (const disk of disks)
        for (const student of [1, 2]) {
          await logInAtLast(disk, student)
          model.check(disks)
        }
      model.checkEnd(disks, receivers)
    },
  }
}

/** Who logged in by that event. */
function studentIn({ contents }: Disk, id: string): number {
  const lines = [...contents.telemetries.values()].flatMap(({ log }) => log?.lines.slice(-3) ?? [])
  const line = lines.findLast(({ text }) => text.includes(`"id":"${id}"`)) as LogLine
  return (JSON.parse(line.text.slice(line.text.lastIndexOf('{"v":'))) as { data: { user_id: number } }).data
    .user_id
}

const PRESSED = ['open_step', 'compile', 'test', 'ai_interaction']
