// The world: a course folder or several, processes on them, learners, receivers, and what can happen to all of them.

import type { CourseInput } from '@learnpack/telemetry-core'
import { copyOf, createDisk, emptyContents, type Contents, type Disk } from './disk'
import { BEGINNING, createHost, type Host } from './host'
import { createModel, type Model } from './model'
import { random, type Random } from './random'
import { createReceiver, transportTo, type Receiver } from './receiver'
import { createTimeline, type Timeline } from './timeline'
import { changeDisk, changeNetwork, clearDisk, clearNetwork } from './weather'

const MOST_HOSTS = 3
const MOST_DISKS = 2
const STUDENTS = [1, 2]
const BUTTONS = ['open_step', 'compile', 'test', 'ai_interaction'] as const
const HOUR_MS = 3_600_000

export interface World {
  readonly timeline: Timeline
  readonly model: Model
  readonly disks: readonly Disk[]
  readonly receivers: readonly Receiver[]
  /** How often each kind of thing happened. */
  readonly counts: ReadonlyMap<string, number>
  /** Something happens. Returns it in words; undefined where it could not happen now. */
  step(kind: number, salt: number): Promise<string | undefined>
  /** Nothing goes wrong any more, and every student logs in on every machine until nothing waits. */
  end(): Promise<void>
}

interface Happening {
  readonly name: string
  /** How likely it is, by the others. */
  readonly weight: number
  readonly run: (chance: Random) => string | undefined | Promise<string | undefined>
}

export function createWorld(): World {
  const timeline = createTimeline()
  const model = createModel()
  const receivers = [createReceiver('school'), createReceiver('platform')]
  const disks = [createDisk('laptop')]
  const counts = new Map<string, number>()
  let hosts: Host[] = []
  let backup: { readonly disk: Disk; readonly contents: Contents } | undefined
  let started = 0
  let courseSteps = 3
  let chance = random(0)

  const course = (): CourseInput => ({
    slug: 'a-course',
    agent: 'vscode',
    steps: Array.from({ length: courseSteps }, (_, position) => ({
      slug: `step-${position}`,
      position,
      is_testeable: true,
    })),
  })

  function start(disk: Disk, rate = 1): Host {
    const number = ++started
    const host = createHost({
      name: `host ${number} on the ${disk.machine}`,
      disk,
      timeline,
      chance: () => chance,
      rate,
      number,
      transports: (made) => {
        const to = (receiver: Receiver, wants: 'events' | 'snapshots') =>
          transportTo(
            receiver,
            made,
            wants,
            () => chance,
            (parcel) => model.sends(disk, parcel),
          )
        const [school, platform] = receivers as [Receiver, Receiver]
        return [to(school, 'events'), to(school, 'snapshots'), to(platform, 'events')]
      },
    })
    hosts.push(host)
    host.telemetry.on('recorded', ({ id, type }) => appended(host, id, type))
    return host
  }

  /** By id, of calls whose event is not appended yet: they wait for a start. */
  const early = new Map<string, number | undefined>()
  let caller: { readonly student: number | undefined } | undefined

  function appended(host: Host, id: string, type: string): void {
    if (!(BUTTONS as readonly string[]).includes(type) || !host.isAlive) return
    const student = early.has(id) ? early.get(id) : caller?.student
    early.delete(id)
    acknowledged.set(id, { host, student })
  }
  /** Appended, and not yet known to have been acknowledged. */
  const acknowledged = new Map<string, { readonly host: Host; readonly student: number | undefined }>()

  /** Before every event, as the adapter does: whoever logged in or out is told once. */
  function followLogin(host: Host): void {
    const { student } = host.disk
    if (host.told === student) return
    host.told = student
    if (student === undefined) host.telemetry.clear()
    else host.telemetry.identify(student)
  }

  /** What was appended by a call that returned, in a process that lives. */
  function acknowledge(): void {
    for (const [id, { host, student }] of acknowledged) {
      acknowledged.delete(id)
      if (!host.isAlive) continue
      model.done(host.disk, id, student)
    }
  }

  /**
   * Whoever replaces a folder stops what runs in it first. A host that goes on in a new log has not logged anybody in there:
   * what it records is whose who logs in next.
   */
  function endAll(disk: Disk): void {
    for (const host of hosts) if (host.disk === disk) host.kill()
  }

  const live = (): Host[] => hosts.filter(({ isAlive, isPaused }) => isAlive && !isPaused)
  const any = <T>(from: readonly T[], { below }: Random): T | undefined =>
    from[below(Math.max(1, from.length))]

  /** With a host that lives: what it does, in words. */
  const inHost = (
    name: string,
    weight: number,
    action: (host: Host, chance: Random) => string,
  ): Happening => ({
    name,
    weight,
    run(chance) {
      const host = any(live(), chance)
      if (host === undefined) return undefined
      const words = host.run(() => action(host, chance))
      return `${host.name} ${words ?? 'is killed in the middle of a call'}`
    },
  })

  const happenings: readonly Happening[] = [
    {
      name: 'time passes',
      weight: 40,
      async run({ pick, below }) {
        const ms = pick([1, 10, 300, 300, 2_000, 2_000, 40_000, 10 * 60_000, HOUR_MS]) + below(10)
        await timeline.advance(ms)
        return `${ms} ms pass`
      },
    },
    {
      name: 'start',
      weight: 6,
      run(chance) {
        const disk = any(disks, chance)
        const isFull = hosts.filter((host) => host.isAlive && host.disk === disk).length >= MOST_HOSTS
        if (disk === undefined || isFull) return undefined
        const host = start(disk, chance.pick([1, 1, 1, 1.01, 0.99]))
        host.run(() => {
          host.telemetry.start(course())
          host.told = host.telemetry.status().student
          followLogin(host)
        })
        return `${host.name} starts`
      },
    },
    inHost('a button', 60, (host, chance) => {
      const type = chance.pick(BUTTONS)
      const position = chance.below(courseSteps)
      followLogin(host)
      caller = { student: host.disk.student }
      const data =
        type === 'open_step' ? {} : { stdout: 'x'.repeat(chance.below(200)), exit_code: chance.below(2) }
      const recorded = host.telemetry.record(position, type, data)
      if (recorded.ok && !acknowledged.has(recorded.id)) early.set(recorded.id, caller.student)
      caller = undefined
      return `records ${type} of step ${position}: ${recorded.ok ? recorded.id : recorded.reason}`
    }),
    {
      name: 'login',
      weight: 8,
      run(chance) {
        const disk = any(disks, chance)
        if (disk === undefined) return undefined
        disk.student = chance.pick([...STUDENTS, undefined])
        const host = any(
          live().filter((one) => one.disk === disk),
          chance,
        )
        host?.run(() => followLogin(host))
        return disk.student === undefined
          ? `somebody logs out on the ${disk.machine}`
          : `student ${disk.student} logs in on the ${disk.machine}`
      },
    },
    inHost('session end', 3, (host) => {
      host.telemetry.end('finished')
      host.telemetry.start(course())
      return 'begins another session'
    }),
    inHost('submit', 2, (host) => (host.telemetry.submit(), 'submits')),
    inHost('save', 2, (host) => (host.telemetry.save(), 'saves')),
    inHost('resend', 2, (host) => (host.telemetry.resend(), 'sends its dead letters again')),
    inHost('close', 3, (host) => {
      void host.telemetry.close().then(() => host.kill())
      return 'closes'
    }),
    inHost('crash', 5, (host, { below }) => {
      const calls = below(8)
      host.kill(calls)
      return `will be killed at its call ${calls} to the disk`
    }),
    inHost('pause', 3, (host) => (host.pause(), 'is paused')),
    {
      name: 'resume',
      weight: 3,
      run(chance) {
        const host = any(
          hosts.filter(({ isPaused }) => isPaused),
          chance,
        )
        host?.resume()
        return host && `${host.name} goes on`
      },
    },
    inHost('clock', 2, (host, { pick }) => {
      const by = pick([-24 * HOUR_MS, -HOUR_MS, -1_000, 1_000, HOUR_MS, 24 * HOUR_MS])
      host.setClock(by)
      return `has its clock set by ${by} ms`
    }),
    {
      name: 'disk weather',
      weight: 6,
      run(chance) {
        const disk = any(disks, chance)
        return disk && `the disk of the ${disk.machine} ${changeDisk(disk.weather, chance)}`
      },
    },
    {
      name: 'network weather',
      weight: 6,
      run(chance) {
        const receiver = any(receivers, chance)
        return receiver && `the network to ${receiver.name} ${changeNetwork(receiver.weather, chance)}`
      },
    },
    {
      name: 'switch',
      weight: 2,
      run(chance) {
        const disk = any(disks, chance)
        if (disk === undefined) return undefined
        disk.isOff = !disk.isOff
        return `recording is switched ${disk.isOff ? 'off' : 'on'} on the ${disk.machine}`
      },
    },
    {
      name: 'course changes',
      weight: 1,
      run({ below }) {
        courseSteps = 1 + below(5)
        return `the course has ${courseSteps} steps from now on`
      },
    },
    {
      name: 'copy',
      weight: 1,
      run(chance) {
        const disk = any(disks, chance)
        if (disk === undefined || disks.length >= MOST_DISKS) return undefined
        disks.push(createDisk('teammate', copyOf(disk.contents)))
        return `the folder on the ${disk.machine} is copied to a teammate`
      },
    },
    {
      name: 'backup',
      weight: 1,
      run(chance) {
        const disk = any(disks, chance)
        if (disk !== undefined) backup = { disk, contents: copyOf(disk.contents) }
        return disk && `a backup is made of the folder on the ${disk.machine}`
      },
    },
    {
      name: 'restore',
      weight: 0.5,
      run() {
        if (backup === undefined) return undefined
        const { disk, contents } = backup
        endAll(disk)
        disk.contents = copyOf(contents)
        model.replaced(disk)
        return `the folder on the ${disk.machine} is restored from its backup`
      },
    },
    {
      name: 'remove',
      weight: 0.5,
      run(chance) {
        const disk = any(disks, chance)
        if (disk === undefined) return undefined
        endAll(disk)
        disk.contents = emptyContents()
        model.replaced(disk)
        return `the folder on the ${disk.machine} is removed`
      },
    },
    {
      name: 'foreign file',
      weight: 1,
      run(chance) {
        const disk = any(disks, chance)
        if (disk === undefined) return undefined
        disk.contents.snapshot = foreignFile(disk.contents.snapshot, chance)
        return `another program writes telemetry.json on the ${disk.machine}`
      },
    },
  ]
  const whole = happenings.reduce((sum, { weight }) => sum + weight, 0)

  function happening(kind: number): Happening {
    let rest = ((kind % 100_000) / 100_000) * whole
    return happenings.find(({ weight }) => (rest -= weight) < 0) ?? (happenings[0] as Happening)
  }

  return {
    timeline,
    model,
    disks,
    receivers,
    counts,
    async step(kind, salt) {
      const { name, run } = happening(kind)
      chance = random(salt)
      const words = await run(chance)
      hosts = hosts.filter(({ isAlive }) => isAlive)
      acknowledge()
      model.check(disks)
      if (words !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1)
      return words
    },
    async end() {
      for (const host of hosts) host.kill()
      for (const disk of disks) {
        Object.assign(disk.weather, clearDisk())
        disk.isOff = false
      }
      for (const { weather } of receivers) Object.assign(weather, clearNetwork())
      for (const disk of disks)
        for (const student of STUDENTS) {
          disk.student = student
          const host = start(disk)
          host.telemetry.start(course())
          // A login of their own: nothing else ends a pause.
          host.telemetry.clear()
          host.told = undefined
          followLogin(host)
          await timeline.advance(HOUR_MS)
          host.telemetry.resend()
          await timeline.advance(HOUR_MS)
          acknowledge()
          const closing = host.telemetry.close()
          await timeline.advance(10_000)
          await closing
          host.kill()
        }
      model.check(disks)
      model.checkEnd(disks, receivers)
    },
  }
}

/** As stock writes it: one attempt more, or the file of somebody else. */
function foreignFile(known: string | undefined, { chance, below }: Random): string {
  const file = known !== undefined && chance(0.5) ? (JSON.parse(known) as Record<string, unknown>) : undefined
  const at = BEGINNING + below(1_000_000)
  const step = { slug: 'step-0', position: 0, is_testeable: true, files: [] }
  if (file === undefined)
    return JSON.stringify({
      telemetry_id: `foreign${below(3)}`,
      slug: 'a-course',
      agent: 'vscode',
      tutorial_started_at: at,
      steps: [
        {
          ...step,
          compilations: [{ stdout: 'eA==', exit_code: 0, starting_at: at, ended_at: at }],
          tests: [],
        },
      ],
      workout_session: [{ started_at: at }],
      last_interaction_at: at,
    })
  return JSON.stringify({ ...file, last_interaction_at: at, extra: below(1_000) })
}
