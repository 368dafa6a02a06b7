// The world of whole machines: the adapter as it is shipped, in LearnPack's process and as the command, on files, with logins in
// LearnPack's session file and requests over HTTP.

import { random } from '../random'
import type { Simulated } from '../simulated'
import type { Temper } from '../temper'
import { createTimeline } from '../timeline'
import { clearDisk, clearNetwork, count, type Counts } from '../weather'
import { COURSE, createComputer, LEARN, URLS, type Computer } from './computer'
import {
  BUTTONS,
  happeningsOf,
  watch,
  type Happening,
  type Host,
  type Manager,
  type Scene,
} from './happenings'
import { printed } from './learnpack5'
import { createModel, type Counted, type Model } from './model'
import { createNetwork, type Request } from './network'

const STUDENTS = [1, 2]
const MINUTE_MS = 60_000

export interface MachineWorld extends Simulated {
  readonly model: Model
  readonly computers: readonly Computer[]
  /** As `step`, by name. */
  happen(name: string, salt: number): Promise<string | undefined>
}

/** @param change of the text of every program, to see what comes of it. Default: none */
export function createMachineWorld(temper: Temper, change?: (text: string) => string): MachineWorld {
  const timeline = createTimeline()
  const model = createModel()
  const counts: Counts = new Map()
  const ofNetwork: Counts = new Map()
  const computers: Computer[] = []
  let hosts: Host[] = []
  let numbers = 100
  let chance = random(0)

  const receivers = Object.entries(URLS).map(([name, url]) => ({
    name,
    url,
    weather: clearNetwork(),
    events: new Map<number, string[]>(),
    calls: new Map<number, string[]>(),
    ids: new Set<string>(),
    rejected: new Set<string>(),
    requests: 0,
  }))
  const [ofEvents] = receivers
  const receiverAt = (url: string) => receivers.find((one) => one.url === url) as (typeof receivers)[number]

  function take({ url, id, body }: Request): void {
    const receiver = receiverAt(url)
    receiver.requests++
    if (receiver.ids.has(id)) return
    receiver.ids.add(id)
    if (receiver !== ofEvents) return
    const { user_id, data } = JSON.parse(body) as { user_id: number; data: { call: number } }
    receiver.events.set(user_id, [...(receiver.events.get(user_id) ?? []), id])
    receiver.calls.set(data.call, [...(receiver.calls.get(data.call) ?? []), id])
  }

  const network = createNetwork(
    timeline,
    () => chance,
    (url) => receiverAt(url).weather,
    take,
    ({ url, id }) => receiverAt(url).rejected.add(id),
    (what) => count(ofNetwork, what),
  )

  function addComputer(name: string): Computer {
    const made = createComputer({
      name,
      timeline,
      chance: () => chance,
      number: () => ++numbers,
      change,
      fetch: (computer, url, init) => network(url, init, (request) => model.sends(computer, request)),
    })
    computers.push(made)
    return made
  }

  /** Who was logged in at each call, by the number that it carries: it may be appended much later, behind a start. */
  const calls: (number | undefined)[] = []
  /** Appended, and not yet known to have been acknowledged. */
  const appended: { readonly host: Host; readonly id: string }[] = []

  function acknowledge(): void {
    for (const { host, id } of appended.splice(0)) {
      if (!host.process.isAlive) continue
      const { computer } = host
      const call = Number(/"call":(\d+)/.exec(computer.place.lineOf(id) ?? '')?.[1])
      // What waited for a start while somebody else logged in is kept; whose it is, is not judged.
      const student = calls[call] === computer.student ? computer.student : undefined
      model.done({ id, computer, call, student })
    }
  }

  const scene: Scene = {
    timeline,
    computers,
    networks: receivers,
    get hosts() {
      return hosts
    },
    course: { steps: 3 },
    addComputer,
    startHost(computer, { chance: likely }) {
      const process = computer.start('index.cjs')
      const name = `host ${process.pid} on the ${computer.machine.name}`
      const { createTelemetryManager } = process.exports as { createTelemetryManager: () => Manager }
      const manager = process.run(createTelemetryManager) as Manager
      const host: Host = { process, computer, manager, name }
      hosts.push(host)
      const steps = Array.from({ length: scene.course.steps }, (_, position) => ({
        ...{ slug: `step-${position}`, position, files: [], is_testeable: true },
      }))
      process.run(() => {
        manager.telemetry.on('recorded', ({ id, type }) => {
          if ((BUTTONS as readonly string[]).includes(type)) appended.push({ host, id })
        })
        // LearnPack names its URLs before the start, or behind it.
        const isLate = likely(0.5)
        if (!isLate) manager.urls = { ...URLS }
        void manager.start('vscode', steps, LEARN, 'a-course')
        if (isLate) manager.urls = { ...URLS }
      })
      return host
    },
    press({ manager, computer }, position, type, data) {
      const before = appended.length
      // Where the session file cannot be read, it is not told whose the work is.
      const call = calls.push(computer.weather.unreadable > 0 ? undefined : computer.student) - 1
      manager.registerStepEvent(position, type, { call, ...data })
      return appended[before]?.id
    },
    async command(computer, ...args) {
      const process = computer.start('cli.cjs')
      let code: number | undefined
      process.run(() => {
        const { main } = process.exports as { main: (args: string[], output: object) => Promise<number> }
        void main(args, { out() {}, err() {} }).then((given) => (code = given))
      })
      for (let waited = 0; code === undefined && process.isAlive && waited < 60; waited++)
        await timeline.advance(1_000)
      process.exit()
      return code
    },
    replaced(computer) {
      computer.place.replaced()
      model.replaced(computer)
    },
  }

  const happenings = happeningsOf(scene, temper)
  const whole = happenings.reduce((sum, { weight }) => sum + weight, 0)

  function happening(kind: number): Happening {
    let rest = ((kind % 100_000) / 100_000) * whole
    return happenings.find(({ weight }) => (rest -= weight) < 0) ?? (happenings[0] as Happening)
  }

  async function happens({ name, run }: Happening, salt: number): Promise<string | undefined> {
    chance = random(salt)
    const words = await run(chance)
    // Whatever runs of itself has run before anything else happens: in a process nothing comes in between.
    await timeline.settle()
    hosts = hosts.filter(({ process }) => process.isAlive)
    acknowledge()
    if (words !== undefined) count(counts, name)
    return words
  }

  /** Until nothing waits any more. */
  async function settle({ process, manager }: Host): Promise<void> {
    await timeline.advance(10_000)
    for (let waited = 0; process.run(() => manager.telemetry.waits()) === true && waited < 60; waited++)
      await timeline.advance(MINUTE_MS)
  }

  async function endOn(computer: Computer, student: number): Promise<void> {
    const host = scene.startHost(computer, chance)
    await timeline.advance(1_000)
    computer.logIn(student)
    await settle(host)
    acknowledge()
    host.process.run(() => void host.manager.close())
    await timeline.advance(10_000)
    host.process.exit()
    // While a host runs, it is the one that delivers.
    await scene.command(computer, 'dead-letters', 'resend', COURSE)
  }

  /** Each attempt of LearnPack 5 is in the log beside it, once. */
  async function endBeside5(computer: Computer): Promise<void> {
    if (computer.learnpack5.attempts === 0) return
    computer.writeFileOf5()
    const watcher = watch(computer)
    await timeline.advance(10_000)
    watcher.exit()
    const attempts = Array.from({ length: computer.learnpack5.attempts }, (_, attempt) => printed(attempt))
    model.checkFollowed(computer.placeOf5, attempts)
  }

  addComputer('laptop').makeCourse()
  return {
    timeline,
    model,
    computers,
    counts,
    get requests() {
      return receivers.reduce((sum, receiver) => sum + receiver.requests, 0)
    },
    get faults() {
      const all: Counts = new Map(ofNetwork)
      for (const { struck } of computers) for (const [what, times] of struck) count(all, what, times)
      return all
    },
    kept: () => [
      computers.map(({ place, placeOf5 }) => [place.logs(), place.snapshot, placeOf5.logs()]),
      receivers.map(({ events, ids, requests }) => [events, ids, requests]),
    ],
    step: (kind, salt) => happens(happening(kind), salt),
    happen: (name, salt) => happens(happenings.find((one) => one.name === name) as Happening, salt),
    check: () => model.check(computers),
    async end() {
      for (const computer of computers) {
        computer.killAll()
        Object.assign(computer.weather, clearDisk())
      }
      for (const { weather } of receivers) Object.assign(weather, clearNetwork())
      for (const computer of computers) {
        await scene.command(computer, 'enable', COURSE)
        computer.isOff = false
        for (const student of STUDENTS) await endOn(computer, student)
        await endBeside5(computer)
      }
      model.check(computers)
      model.checkEnd(computers, ofEvents as Counted)
    },
  }
}
