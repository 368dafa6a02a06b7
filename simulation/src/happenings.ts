// What can happen at any step, each more or less often by the temper of the world.

import { copyOf, createDisk, cutPower, emptyContents, type Contents, type Disk } from './disk'
import { foreignFile } from './foreign-file'
import type { Host } from './host'
import type { Model } from './model'
import type { Random } from './random'
import type { Receiver } from './receiver'
import type { Temper } from './temper'
import type { Timeline } from './timeline'
import { changeDisk, changeNetwork, clearDisk, clearNetwork, count } from './weather'

const MOST_DISKS = 2
const STUDENTS = [1, 1, 2, 2, undefined]
const BUTTONS = ['open_step', 'compile', 'test', 'ai_interaction'] as const
const HOUR_MS = 3_600_000
const OFF_MS = [1_000, 60_000, 10 * 60_000]

export interface Happening {
  readonly name: string
  /** How likely it is, by the others. */
  readonly weight: number
  /** What happened, in words; undefined where it could not happen now. */
  readonly run: (chance: Random) => string | undefined | Promise<string | undefined>
}

/** What happenings may touch. */
export interface Scene {
  readonly timeline: Timeline
  readonly model: Model
  readonly disks: Disk[]
  readonly receivers: readonly Receiver[]
  /** Those that live. */
  readonly hosts: readonly Host[]
  /** The course, for whoever starts. */
  readonly course: { steps: number }
  start(disk: Disk, chance: Random): Host
  beginSession(host: Host): void
  endSession(host: Host): void
  /** As the adapter does before every event: whoever logged in or out is told once. */
  followLogin(host: Host): void
  press(host: Host, position: number, type: string, data: object): string
  /** A folder is another one now. @param isNew nothing is in it */
  replaced(disk: Disk, isNew?: boolean): void
}

export function happeningsOf(scene: Scene, temper: Temper): readonly Happening[] {
  const { timeline, model, disks, receivers, course } = scene
  let backup: { readonly disk: Disk; readonly contents: Contents } | undefined

  const on = (disk: Disk): Host[] => scene.hosts.filter((host) => host.disk === disk)
  const live = (): Host[] => scene.hosts.filter(({ isPaused }) => !isPaused)
  const any = <T>(from: readonly T[], { below }: Random): T | undefined =>
    from[below(Math.max(1, from.length))]

  const simple = (name: string, weight: number, run: Happening['run']): Happening => ({ name, weight, run })

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
  const onDisk = (
    name: string,
    weight: number,
    action: (disk: Disk, chance: Random) => string | undefined,
  ): Happening =>
    simple(name, weight, (chance) => {
      const disk = any(disks, chance)
      return disk && action(disk, chance)
    })

  function starts(disk: Disk, chance: Random): string | undefined {
    // Two that start where the first index cannot be stored begin two telemetries of one student: excluded.
    const isNew = disk.contents.index.value === undefined && on(disk).length > 0
    if (isNew || on(disk).length >= temper.hosts) return undefined
    const host = scene.start(disk, chance)
    host.run(() => scene.beginSession(host))
    return `${host.name} starts`
  }

  /** Before the folder is another one most people stop what runs in it. */
  function mostlyEndAll(disk: Disk, { chance }: Random): string {
    const isUnder = on(disk).length > 0 && chance(0.3)
    if (!isUnder) for (const host of on(disk)) host.kill()
    return isUnder ? ' under the processes that have it open' : ''
  }

  return [
    simple('time passes', 40, async ({ pick, below }) => {
      const ms = pick([1, 10, 300, 300, 2_000, 2_000, 40_000, 10 * 60_000, HOUR_MS]) + below(10)
      await timeline.advance(ms)
      return `${ms} ms pass`
    }),
    onDisk('start', 4, starts),
    simple('a button', 90, (chance) => {
      const host = any(live(), chance)
      if (host === undefined) {
        const disk = any(disks, chance)
        return disk && starts(disk, chance)
      }
      const words = host.run(() => {
        const type = chance.pick(BUTTONS)
        const position = chance.below(course.steps)
        scene.followLogin(host)
        const data = { stdout: 'x'.repeat(chance.below(200)), exit_code: chance.below(2) }
        return `records ${type} of step ${position}: ${scene.press(host, position, type, type === 'open_step' ? {} : data)}`
      })
      return `${host.name} ${words ?? 'is killed in the middle of a call'}`
    }),
    onDisk('login', 8, (disk, chance) => {
      disk.student = chance.pick(STUDENTS)
      disk.hasSession = true
      const host = any(
        live().filter((one) => one.disk === disk),
        chance,
      )
      host?.run(() => scene.followLogin(host))
      return disk.student === undefined
        ? `somebody logs out on the ${disk.machine}`
        : `student ${disk.student} logs in on the ${disk.machine}`
    }),
    inHost('session end', 3, (host) => {
      scene.endSession(host)
      return 'begins another session'
    }),
    inHost('submit', 2, (host) => (host.telemetry.submit(), 'submits')),
    inHost('save', 2, (host) => (host.telemetry.save(), 'saves')),
    inHost('resend', 2, (host) => (host.telemetry.resend(), 'sends its dead letters again')),
    inHost('close', 2, (host) => {
      void host.telemetry.close().then(() => host.kill())
      return 'closes'
    }),
    inHost('crash', 4 * temper.processes, (host, { below, pick }) => {
      const calls = below(pick([8, 8, 60, 300]))
      host.kill(calls)
      return `will be killed at its call ${calls} to the disk`
    }),
    inHost('pause', 3 * temper.processes, (host) => (host.pause(), 'is paused')),
    simple('resume', 5, (chance) => {
      const host = any(
        scene.hosts.filter(({ isPaused }) => isPaused),
        chance,
      )
      host?.resume()
      return host && `${host.name} goes on`
    }),
    inHost('clock', 2 * temper.clocks, (host, { pick }) => {
      const by = pick([-24 * HOUR_MS, -HOUR_MS, -1_000, 1_000, HOUR_MS, 24 * HOUR_MS])
      host.setClock(by)
      count(host.disk.struck, 'clock set')
      return `has its clock set by ${by} ms`
    }),
    onDisk('disk weather', 6 * temper.disk, ({ machine, weather }, chance) => {
      const { words, lasts } = changeDisk(weather, chance)
      timeline.after(lasts, () => Object.assign(weather, clearDisk()))
      return `the disk of the ${machine} ${words}, for ${lasts} ms`
    }),
    simple('network weather', 6 * temper.network, (chance) => {
      const { name, weather } = any(receivers, chance) as Receiver
      const { words, lasts } = changeNetwork(weather, chance)
      timeline.after(lasts, () => Object.assign(weather, clearNetwork()))
      return `the network to ${name} ${words}, for ${lasts} ms`
    }),
    onDisk('switched off', 1, (disk, { pick }) => {
      const lasts = pick(OFF_MS)
      disk.isOff = true
      timeline.after(lasts, () => (disk.isOff = false))
      return `recording is switched off on the ${disk.machine}, for ${lasts} ms`
    }),
    simple('course changes', 1, ({ below }) => {
      course.steps = 1 + below(5)
      return `the course has ${course.steps} steps from now on`
    }),
    onDisk('copy', temper.folders, (disk) => {
      if (disks.length >= MOST_DISKS) return undefined
      const copy = createDisk('teammate', copyOf(disk.contents))
      disks.push(copy)
      model.replaced(copy)
      return `the folder on the ${disk.machine} is copied to a teammate`
    }),
    onDisk('backup', temper.folders, (disk) => {
      backup = { disk, contents: copyOf(disk.contents) }
      return `a backup is made of the folder on the ${disk.machine}`
    }),
    simple('restore', 0.5 * temper.folders, (chance) => {
      if (backup === undefined) return undefined
      const { disk, contents } = backup
      const how = mostlyEndAll(disk, chance)
      disk.contents = copyOf(contents)
      scene.replaced(disk)
      return `the folder on the ${disk.machine} is restored from its backup${how}`
    }),
    onDisk('remove', 0.5 * temper.folders, (disk, chance) => {
      const how = mostlyEndAll(disk, chance)
      disk.contents = emptyContents()
      scene.replaced(disk, how === '')
      return `the folder on the ${disk.machine} is removed${how}`
    }),
    onDisk('power cut', 0.7 * temper.folders, (disk, chance) => {
      for (const host of on(disk)) host.kill()
      cutPower(disk.contents, timeline.now, chance)
      if (!disk.isStray) model.checkCursors(disk)
      scene.replaced(disk)
      return `the power of the ${disk.machine} is cut`
    }),
    onDisk('line feed lost', 0.7 * temper.folders, (disk, chance) => {
      const kept = any([...disk.contents.telemetries.values()], chance)
      if (kept?.log === undefined || kept.log.lines.length < 2) return undefined
      for (const host of on(disk)) host.kill()
      kept.log = kept.log.joined(chance.below(kept.log.lines.length - 1))
      return `the disk of the ${disk.machine} loses a line feed of a log`
    }),
    onDisk('foreign file', temper.folders, (disk, chance) => {
      const { snapshot } = disk.contents
      snapshot.set(foreignFile(snapshot.value, chance))
      count(disk.struck, 'foreign telemetry.json')
      return `another program writes telemetry.json on the ${disk.machine}`
    }),
  ]
}
