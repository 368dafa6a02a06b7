// What can happen on machines, at any step: what learners, hosts, commands, disks, networks and other programs do.

import { foreignFile } from '../foreign-file'
import type { Random } from '../random'
import type { Temper } from '../temper'
import type { Timeline } from '../timeline'
import { changeDisk, changeNetwork, clearDisk, clearNetwork, count, type NetworkWeather } from '../weather'
import { COURSE, COURSE_OF_5, LEARN, longAgo, type Computer } from './computer'
import { FileSystem, type Entry } from './file-system'
import type { Process } from './process'

const MOST_COMPUTERS = 2
const STUDENTS = [1, 1, 2, 2, undefined]
export const BUTTONS = ['open_step', 'compile', 'test', 'ai_interaction'] as const
const HOUR_MS = 3_600_000
/** A switch that was chosen counts at the latest after, ms. */
const SWITCH_MS = 150

/** What of the adapter's manager a host calls. */
export interface Manager {
  urls: object
  start(agent: string, steps: readonly object[], path: string, slug: string): Promise<void>
  registerStepEvent(position: number, event: string, data: object): void
  finishWorkoutSession(): void
  submit(): Promise<void>
  save(): void
  close(): Promise<void>
  readonly telemetry: {
    waits(): boolean
    on(event: 'recorded', listener: (event: { id: string; type: string }) => void): void
  }
}

/** A LearnPack with the adapter in it. */
export interface Host {
  readonly name: string
  readonly process: Process
  readonly computer: Computer
  readonly manager: Manager
}

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
  readonly computers: readonly Computer[]
  readonly networks: readonly { readonly name: string; readonly weather: NetworkWeather }[]
  /** Those that live. */
  readonly hosts: readonly Host[]
  /** The course, for whoever starts. */
  readonly course: { steps: number }
  addComputer(name: string): Computer
  startHost(computer: Computer, chance: Random): Host
  /** Returns the id of the event, where it was recorded at once. */
  press(host: Host, position: number, type: string, data: object): string | undefined
  /** As a person types it. Returns its exit code; undefined where it was given up. */
  command(computer: Computer, ...args: string[]): Promise<number | undefined>
  /** What lies in the course folder is something else now. */
  replaced(computer: Computer): void
}

export function happeningsOf(scene: Scene, temper: Temper): readonly Happening[] {
  const { timeline, computers, networks, course, command } = scene
  let backup:
    { readonly of: Computer; readonly tree: Entry; readonly student: number | undefined } | undefined
  /** By machine: who watches a LearnPack 5 there. */
  const watchers = new Map<Computer, Process>()

  const any = <T>(from: readonly T[], { below }: Random): T | undefined =>
    from[below(Math.max(1, from.length))]
  const live = (): Host[] => scene.hosts.filter(({ process }) => !process.isPaused)

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
      const words = host.process.run(() => action(host, chance))
      return `${host.name} ${words ?? 'is killed in the middle of a call'}`
    },
  })

  const onComputer = (
    name: string,
    weight: number,
    action: (computer: Computer, chance: Random) => string | undefined | Promise<string | undefined>,
  ): Happening => ({
    name,
    weight,
    run(chance) {
      const computer = any(computers, chance)
      return computer && action(computer, chance)
    },
  })

  /** Whoever replaces a folder stops what runs in it first. */
  function replace(computer: Computer, put: () => void): void {
    computer.killAll()
    computer.disk.removeTree(LEARN, computer.machine.now())
    put()
    computer.student = undefined
    scene.replaced(computer)
  }

  return [
    {
      name: 'time passes',
      weight: 30,
      async run({ pick, below }) {
        const ms = pick([1, 10, 300, 300, 2_000, 2_000, 40_000]) + below(10)
        await timeline.advance(ms)
        return `${ms} ms pass`
      },
    },
    onComputer('start', 8, (computer, chance) => {
      const others = scene.hosts.filter((host) => host.computer === computer)
      if (others.length >= temper.hosts || computer.disk.find(LEARN) === undefined) return undefined
      return `${scene.startHost(computer, chance).name} starts`
    }),
    inHost('a button', 60, (host, { pick, below }) => {
      const [type, position] = [pick(BUTTONS), below(course.steps)]
      const id = scene.press(host, position, type, { stdout: 'x'.repeat(below(200)), exitCode: below(2) })
      return `records ${type} of step ${position}: ${id ?? 'not now'}`
    }),
    onComputer('login', 8, (computer, { pick }) => {
      if (!computer.wasStarted()) return undefined
      computer.logIn(pick(STUDENTS))
      const { student, machine } = computer
      return student === undefined
        ? `somebody logs out on the ${machine.name}`
        : `student ${student} logs in on the ${machine.name}`
    }),
    inHost('session end', 3, ({ manager }) => (manager.finishWorkoutSession(), 'begins another session')),
    inHost('submit', 2, ({ manager }) => (void manager.submit(), 'submits')),
    inHost('save', 2, ({ manager }) => (manager.save(), 'saves')),
    inHost('close', 2 * temper.processes, ({ manager, process }) => {
      void manager.close().then(() => process.exit())
      return 'closes'
    }),
    inHost('exit', 3 * temper.processes, ({ process }) => (process.exit(), 'ends')),
    inHost('crash', 4 * temper.processes, ({ process }, { below }) => {
      const calls = below(20)
      process.kill(calls)
      return `will be killed at its call ${calls} to the disk`
    }),
    inHost('pause', 2 * temper.processes, ({ process }) => (process.pause(), 'is paused')),
    {
      name: 'resume',
      weight: 3,
      run(chance) {
        const host = any(
          scene.hosts.filter(({ process }) => process.isPaused),
          chance,
        )
        host?.process.resume()
        return host && `${host.name} goes on`
      },
    },
    onComputer('clock', temper.clocks, (computer, { pick }) => {
      const by = pick([-24 * HOUR_MS, -HOUR_MS, -1_000, 1_000, HOUR_MS, 24 * HOUR_MS])
      computer.setClock(by)
      return `the clock of the ${computer.machine.name} is set by ${by} ms`
    }),
    onComputer('disk weather', 4 * temper.disk, ({ weather, machine }, chance) => {
      const { words, lasts } = changeDisk(weather, chance)
      timeline.after(lasts, () => Object.assign(weather, clearDisk()))
      return `the disk of the ${machine.name} ${words}, for ${lasts} ms`
    }),
    onComputer('power cut', 2 * temper.disk, (computer, { pick, below }) => {
      computer.killAll()
      computer.disk.cutPower((bytes) => pick([0, bytes, below(bytes)]))
      scene.replaced(computer)
      count(computer.struck, 'power cut')
      return `power fails on the ${computer.machine.name}`
    }),
    {
      name: 'network weather',
      weight: 4 * temper.network,
      run(chance) {
        const network = any(networks, chance)
        if (network === undefined) return undefined
        const { words, lasts } = changeNetwork(network.weather, chance)
        timeline.after(lasts, () => Object.assign(network.weather, clearNetwork()))
        return `the network to ${network.name} ${words}, for ${lasts} ms`
      },
    },
    onComputer('command', 4, async (computer, { pick }) => {
      const args = pick([['flush'], ['dead-letters', 'resend'], ['status'], ['doctor'], ['show']])
      const code = await command(computer, ...args, COURSE)
      return `${args.join(' ')} on the ${computer.machine.name} says ${code}`
    }),
    onComputer('switch', 2, async (computer) => {
      const wanted = computer.isOff ? 'enable' : 'disable'
      // A disk may have done what it said had failed: only what is sure to be off is judged.
      computer.isOff = false
      const code = await command(computer, wanted, COURSE)
      if (wanted === 'disable' && code === 0) {
        await timeline.advance(SWITCH_MS)
        computer.isOff = true
      }
      return `${wanted} on the ${computer.machine.name} says ${code}`
    }),
    onComputer('copy', temper.folders, (computer) => {
      const tree = computer.disk.find(COURSE)
      if (computers.length >= MOST_COMPUTERS || tree === undefined) return undefined
      const teammates = scene.addComputer('teammate')
      teammates.disk.copyTree(tree, COURSE, longAgo(teammates))
      return `the course on the ${computer.machine.name} is copied to a teammate`
    }),
    onComputer('backup', temper.folders, (computer) => {
      const tree = computer.disk.find(LEARN)
      // Where LearnPack was never started, a login that came with the course would look like one that was made later.
      if (tree === undefined || !computer.wasStarted()) return undefined
      const disk = new FileSystem()
      disk.copyTree(tree, '/backup', computer.machine.now())
      backup = { of: computer, tree: disk.get('/backup', 'stat'), student: computer.student }
      return `a backup is made on the ${computer.machine.name}`
    }),
    {
      name: 'restore',
      weight: temper.folders / 2,
      run() {
        if (backup === undefined) return undefined
        const { of, tree, student } = backup
        replace(of, () => of.disk.copyTree(tree, LEARN, of.machine.now()))
        of.student = student
        return `the backup is restored on the ${of.machine.name}`
      },
    },
    onComputer('remove', temper.folders / 2, (computer) => {
      replace(computer, () => computer.makeCourse())
      return `the folder on the ${computer.machine.name} is removed`
    }),
    onComputer('purge', temper.folders / 2, async (computer) => {
      computer.killAll()
      const code = await command(computer, 'purge', '--yes', COURSE)
      scene.replaced(computer)
      return `purge on the ${computer.machine.name} says ${code}`
    }),
    onComputer('foreign file', temper.folders, (computer, chance) => {
      computer.put(`${LEARN}/telemetry.json`, foreignFile(computer.place.snapshot, chance))
      return `another program writes telemetry.json on the ${computer.machine.name}`
    }),
    {
      name: 'course changes',
      weight: 1,
      run({ below }) {
        course.steps = 1 + below(5)
        return `the course has ${course.steps} steps from now on`
      },
    },
    onComputer('a button of LearnPack 5', 8, (computer, { below, chance }) => {
      const { learnpack5, machine } = computer
      learnpack5.press(chance(0.5) ? 'compilations' : 'tests', below(2), machine.now())
      // A process that is killed in the middle of it leaves its beginning.
      const isTorn = chance(0.05 * temper.processes)
      computer.writeFileOf5(isTorn ? below(learnpack5.text.length) : undefined)
      return `LearnPack 5 on the ${machine.name} writes ${isTorn ? 'a part of ' : ''}its file`
    }),
    onComputer('watch', 3, (computer, { below, chance }) => {
      const watcher = watchers.get(computer)
      const { name } = computer.machine
      if (watcher?.isAlive === true) {
        if (chance(0.5)) watcher.kill(below(20))
        else watcher.exit()
        return `watch on the ${name} ends`
      }
      watchers.set(computer, watch(computer))
      return `watch begins on the ${name}`
    }),
  ]
}

/** `learnpack-telemetry watch` beside a LearnPack 5. */
export function watch(computer: Computer): Process {
  const process = computer.start('cli.cjs')
  process.run(() => {
    const { main } = process.exports as { main: (args: string[], output: object) => Promise<number> }
    void main(['watch', COURSE_OF_5], { out() {}, err() {} })
  })
  return process
}
