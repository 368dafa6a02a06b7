// A machine with a course on it, as its learners and LearnPack leave it.

import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Random } from '../random'
import { BEGINNING, type Timeline } from '../timeline'
import { clearDisk, type Counts, type DiskWeather } from '../weather'
import { FileSystem } from './file-system'
import { createLearnPack5, type LearnPack5 } from './learnpack5'
import { createPlace, textAt, type Place } from './place'
import { HOME, startProcess, type Machine, type Process } from './process'

/** A login soon after a folder was made counts as one that came with the course. */
const LONG_AGO_MS = 365 * 24 * 3_600_000
export const COURSE = `${HOME}/course`
export const LEARN = `${COURSE}/.learn`
const SESSION = `${LEARN}/.session`
/** A course that a LearnPack 5 serves, which records by itself. */
export const COURSE_OF_5 = `${HOME}/course-of-5`
const FILE_OF_5 = `${COURSE_OF_5}/.learn/telemetry.json`
/** What the adapter calls this machine. */
const MACHINE = `${HOME}/.config/learnpack-telemetry/machine`
export const URLS = {
  streaming: 'https://school.example/events',
  batch: 'https://platform.example/telemetry',
}

/** Where the adapter is built. */
const BUILT = dirname(createRequire(import.meta.url).resolve('@learnpack/telemetry-cli-adapter'))

export interface Computer {
  readonly machine: Machine
  readonly disk: FileSystem
  readonly weather: DiskWeather
  /** How often each kind of fault struck. */
  readonly struck: Counts
  /** Who is logged in, as LearnPack's session file says. */
  student: number | undefined
  /** Recording was switched off by the command. */
  isOff: boolean
  setClock(by: number): void
  /** Somebody logs in, by another process of LearnPack's. */
  logIn(student: number | undefined): void
  /** Whether LearnPack was started in the course, and is known to have been started on this machine. */
  wasStarted(): boolean
  /** Makes the course, which was published long ago. @param tree what is in it. Default: nothing but learn.json */
  makeCourse(): void
  put(path: string, text: string): void
  start(program: 'index.cjs' | 'cli.cjs'): Process
  /** Ends whatever runs there. */
  killAll(): void
  readonly learnpack5: LearnPack5
  /** LearnPack 5 writes its file. @param bytes how much of it. Default: all */
  writeFileOf5(bytes?: number): void
  /** What lies in the course, and in that of LearnPack 5. */
  readonly place: Place
  readonly placeOf5: Place
}

export interface ComputerOptions {
  readonly name: string
  readonly timeline: Timeline
  readonly chance: () => Random
  readonly fetch: (computer: Computer, url: string, init: RequestInit) => Promise<Response>
  /** A number that nothing else has. */
  readonly number: () => number
  readonly change?: ((text: string) => string) | undefined
}

export function createComputer({ name, timeline, chance, fetch, number, change }: ComputerOptions): Computer {
  const disk = new FileSystem()
  const weather = clearDisk()
  const struck: Counts = new Map()
  const processes = new Map<number, Process>()
  let offset = 0

  function startFile(file: string, input = ''): Process {
    const pid = number()
    const seed = chance().below(2 ** 30)
    const made = startProcess({ machine, pid, seed, file, input, ...(change && { change }) })
    processes.set(pid, made)
    return made
  }

  const machine: Machine = {
    name,
    disk,
    weather,
    struck,
    timeline,
    chance,
    now: () => BEGINNING + timeline.now + offset,
    isAlive: (pid) => processes.get(pid)?.isAlive === true,
    spawn: (file, input) => void startFile(file, input),
    fetch: (url, init) => fetch(computer, url, init),
  }
  for (const path of ['/home', HOME, COURSE_OF_5, `${COURSE_OF_5}/.learn`]) disk.createFolder(path, BEGINNING)
  const learnpack5 = createLearnPack5(`five${name}`, BEGINNING)

  function put(path: string, text: string): void {
    const at = machine.now()
    if (disk.find(path) !== undefined) disk.unlink(path, at)
    const file = disk.createFile(path, at)
    disk.write(file, Buffer.from(text), 0, at)
    disk.sync(file)
  }

  const computer: Computer = {
    machine,
    disk,
    weather,
    struck,
    student: undefined,
    isOff: false,
    setClock: (by: number) => void (offset += by),
    logIn(student: number | undefined) {
      computer.student = student
      if (disk.find(SESSION) === undefined) disk.createFolder(SESSION, machine.now())
      const path = `${SESSION}/payload`
      const value = { token: `token-${number()}`, user_id: student }
      if (student !== undefined) put(path, JSON.stringify({ key: 'bc-payload', value }))
      else if (disk.find(path) !== undefined) disk.unlink(path, machine.now())
    },
    wasStarted: () =>
      computer.place.machine !== undefined && computer.place.machine === textAt(disk, MACHINE),
    makeCourse() {
      const at = machine.now() - LONG_AGO_MS
      if (disk.find(COURSE) === undefined) disk.createFolder(COURSE, at)
      disk.createFolder(LEARN, at)
      put(`${COURSE}/learn.json`, JSON.stringify({ slug: 'a-course', telemetry: URLS }))
    },
    put,
    start: (program: string) => startFile(join(BUILT, program)),
    killAll() {
      for (const process of processes.values()) process.kill()
    },
    learnpack5,
    writeFileOf5: (bytes = Infinity) => put(FILE_OF_5, learnpack5.text.slice(0, bytes)),
    place: createPlace(disk, LEARN),
    placeOf5: createPlace(disk, `${COURSE_OF_5}/.learn`),
  }
  return computer
}

/** As long ago as a course is made, epoch ms. */
export const longAgo = ({ machine }: Computer): number => machine.now() - LONG_AGO_MS
