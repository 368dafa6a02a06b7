// A process: a program on a machine, from its start to its end. It may be paused, and killed in the middle of a call.

import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { gzipSync } from 'node:zlib'
import { random, type Random } from '../random'
import type { Timeline } from '../timeline'
import { count, type Counts, type DiskWeather } from '../weather'
import type { FileSystem } from './file-system'
import { nodeFs } from './node-fs'
import { programAt, realModules } from './program'

/** Ends a process in the middle of a call. */
class Killed extends Error {}

/** What every process on it shares. */
export interface Machine {
  readonly name: string
  readonly disk: FileSystem
  readonly weather: DiskWeather
  /** How often each kind of fault struck there. */
  readonly struck: Counts
  readonly timeline: Timeline
  /** Of the present step. */
  readonly chance: () => Random
  /** Epoch ms, by its clock: somebody may set it. */
  now(): number
  isAlive(pid: number): boolean
  /** A process starts another one, which outlives it. */
  spawn(file: string, input: string): void
  /** The network, as it is from there. */
  fetch(url: string, init: RequestInit): Promise<Response>
}

export interface Process {
  readonly pid: number
  readonly isAlive: boolean
  readonly isPaused: boolean
  /** What the program exports. */
  readonly exports: unknown
  /** Ends at once; with `calls`, in the middle of that one of its next calls. */
  kill(calls?: number): void
  /** Ends as a program does: what it left to be done at its exit is done. */
  exit(): void
  pause(): void
  resume(): void
  /** Runs something in it; undefined where it does not live to the end of it. */
  run<T>(action: () => T): T | undefined
}

export interface ProcessOptions {
  readonly machine: Machine
  readonly pid: number
  /** Of all chance inside it: ids, jitter. */
  readonly seed: number
  readonly file: string
  readonly change?: (text: string) => string
  readonly input?: string
  readonly cwd?: string
}

export const HOME = '/home/learner'

export function startProcess({
  machine,
  pid,
  seed,
  file,
  change,
  input = '',
  cwd = HOME,
}: ProcessOptions): Process {
  const { timeline } = machine
  const own = random(seed)
  const began = timeline.now
  const origin = machine.now()
  let isAlive = true
  let pausedAt: number | undefined
  let callsLeft = Infinity
  /** While it waits without letting anything else run, the rest of the world stands still, ms. */
  let slept = 0
  const late: (() => void)[] = []
  const events = new EventEmitter()

  /** What it throws is the end of it, as of any program that catches nothing. */
  function attempt(run: () => void): void {
    try {
      run()
    } catch (error) {
      if (!(error instanceof Killed)) throw error
    }
  }

  function guarded(run: () => void): void {
    if (!isAlive) return
    if (pausedAt === undefined) attempt(run)
    else late.push(run)
  }

  const after = (ms: number, run: () => void): (() => void) =>
    timeline.after(Math.max(1, ms), () => guarded(run))

  function calls(): void {
    if (isAlive && callsLeft-- <= 0) {
      isAlive = false
      count(machine.struck, 'killed in a call')
    }
    if (!isAlive) throw new Killed('killed')
  }

  class Timer {
    cancel: () => void = () => {}
    unref = (): this => this
    ref = (): this => this
  }
  function setTimeout(run: (...args: unknown[]) => void, ms = 1, ...args: unknown[]): Timer {
    const timer = new Timer()
    timer.cancel = after(ms, () => run(...args))
    return timer
  }
  function setInterval(run: (...args: unknown[]) => void, ms = 1, ...args: unknown[]): Timer {
    const timer = new Timer()
    const again = (): void => {
      timer.cancel = after(ms, () => {
        again()
        run(...args)
      })
    }
    again()
    return timer
  }
  const clear = (timer: Timer | undefined): void => timer?.cancel()

  class OwnDate extends Date {
    constructor(...given: [] | [number]) {
      if (given.length === 0) super(machine.now())
      else super(...given)
    }
    static override now = (): number => machine.now()
  }

  const fill = (bytes: Uint8Array): Uint8Array => {
    for (let at = 0; at < bytes.length; at++) bytes[at] = own.below(256)
    return bytes
  }
  function randomUUID(): string {
    const hex = Buffer.from(fill(new Uint8Array(16))).toString('hex')
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`
  }
  const crypto = {
    createHash,
    createHmac,
    timingSafeEqual,
    randomUUID,
    randomFillSync: fill,
    getRandomValues: fill,
    randomInt: (below: number) => own.below(below),
    webcrypto: { getRandomValues: fill },
  }

  const ownProcess = {
    pid,
    platform: 'linux',
    argv: ['node', file],
    execPath: '/usr/bin/node',
    versions: process.versions,
    version: process.version,
    env: { XDG_CONFIG_HOME: `${HOME}/.config`, HOME },
    cwd: () => cwd,
    // It returns here, to a process that can do nothing any more.
    exit: () => exit(),
    kill(other: number) {
      if (!machine.isAlive(other)) throw Object.assign(new Error('ESRCH'), { code: 'ESRCH' })
    },
    on: events.on.bind(events),
    once: events.once.bind(events),
    off: events.off.bind(events),
    removeListener: events.off.bind(events),
    prependListener: events.prependListener.bind(events),
    listenerCount: events.listenerCount.bind(events),
    emitWarning() {},
    stdout: new EventEmitter(),
    stderr: new EventEmitter(),
    stdin: new EventEmitter(),
  }

  const { fs, promises } = nodeFs(machine.disk, machine.weather, {
    calls,
    soon: (run) => void after(1, run),
    now: () => machine.now(),
    chance: machine.chance,
    struck: (what) => count(machine.struck, what),
    cwd,
    input,
  })
  const os = {
    hostname: () => machine.name,
    homedir: () => HOME,
    userInfo: () => ({ username: 'learner', homedir: HOME }),
    setPriority() {},
  }

  async function fetch(url: string, init: RequestInit): Promise<Response> {
    calls()
    return machine.fetch(url, init)
  }
  class Dispatcher {}
  const undici = {
    fetch,
    Agent: Dispatcher,
    Pool: Dispatcher,
    EnvHttpProxyAgent: Dispatcher,
    buildConnector: () => () => {},
  }

  /** Handing over to a child: what it reads of its parent. */
  const spawn = (_: string, [program = '']: readonly string[]) => ({
    on() {},
    unref() {},
    stdin: { on() {}, end: (text: string) => machine.spawn(program, text) },
  })

  const modules: Readonly<Record<string, unknown>> = {
    fs,
    'fs/promises': promises,
    os,
    crypto,
    undici,
    v8: { getHeapStatistics: () => ({ heap_size_limit: 2 ** 31 }) },
    child_process: { spawn },
  }
  const real = realModules(file)
  const require = (name: string): unknown => modules[name.replace(/^node:/, '')] ?? real(name)

  /** Compressed in one go: a stream would take as long as it takes. */
  class Compression {
    constructor(readonly format: string) {}
  }
  class OwnBlob {
    constructor(readonly parts: readonly string[]) {}
    stream = () => ({ pipeThrough: (_: Compression) => this.parts.join('') })
  }
  class OwnResponse {
    constructor(readonly body: string) {}
    arrayBuffer = async (): Promise<ArrayBuffer> => {
      const { buffer, byteOffset, byteLength } = gzipSync(this.body)
      return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer
    }
  }

  const globals = {
    process: ownProcess,
    setTimeout,
    clearTimeout: clear,
    setInterval,
    clearInterval: clear,
    performance: { now: () => timeline.now - began + slept, timeOrigin: origin },
    Date: OwnDate,
    Math: Object.create(Math, { random: { value: () => own.below(1_000_000) / 1_000_000 } }),
    Atomics: { wait: (...[, , , ms]: number[]) => void (slept += ms ?? 0) },
    crypto,
    fetch,
    CompressionStream: Compression,
    Blob: OwnBlob,
    Response: OwnResponse,
    console: { log() {}, warn() {}, error() {} },
  }

  function exit(): void {
    if (!isAlive) return
    attempt(() => events.emit('exit', 0))
    isAlive = false
  }

  const made: Process & { exports: unknown } = {
    pid,
    get isAlive() {
      return isAlive
    },
    get isPaused() {
      return pausedAt !== undefined
    },
    exports: undefined,
    kill(given) {
      if (given === undefined) isAlive = false
      else callsLeft = given
    },
    exit,
    pause() {
      pausedAt ??= timeline.now
    },
    resume() {
      pausedAt = undefined
      for (const run of late.splice(0)) guarded(run)
    },
    run(action) {
      if (!isAlive || pausedAt !== undefined) return undefined
      let result: ReturnType<typeof action> | undefined
      attempt(() => void (result = action()))
      return isAlive ? result : undefined
    },
  }
  attempt(() => void (made.exports = programAt(file, change)(globals, require)))
  return made
}
