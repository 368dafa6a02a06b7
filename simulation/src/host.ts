// A process with a runtime: a host, or a command. It has a clock of its own, may be paused, and may be killed in the middle of
// a call.

import { createTelemetry, type StudentId, type Telemetry, type Transport } from '@learnpack/telemetry-core'
import { crc } from './crc'
import type { Disk } from './disk'
import type { Random } from './random'
import { Killed, STALE_MS, storageOf, type User } from './storage'
import { BEGINNING, type Timeline } from './timeline'
import { count } from './weather'

export interface Host extends User {
  readonly name: string
  readonly disk: Disk
  readonly telemetry: Telemetry
  readonly isAlive: boolean
  readonly isPaused: boolean
  /** Whether it renders and delivers. */
  readonly isHolder: boolean
  /** Who it was told is logged in. */
  told: StudentId | undefined
  /** Its session start was recorded: else it starts again. */
  hasStarted: boolean
  /** The latest login or logout was recorded. */
  isSettled: boolean
  /** The folder was replaced under it, or under another one that lives: who is logged in there is not told from outside. */
  isStray: boolean
  /** Ends at once; with `calls`, in the middle of that one of its next calls to the disk. */
  kill(calls?: number): void
  pause(): void
  resume(): void
  /** Somebody sets its clock. @param by ms */
  setClock(by: number): void
  /** Runs something in it; undefined where it does not live to the end of it. */
  run<T>(action: () => T): T | undefined
}

export interface HostOptions {
  readonly name: string
  readonly disk: Disk
  readonly timeline: Timeline
  /** Of the present step. */
  readonly chance: () => Random
  /** How fast its clock goes, 1 for right. */
  readonly rate: number
  /** How much of its time each look at its clock takes, ms: on a slow machine more time passes in a turn. */
  readonly slowness: number
  /** A number that no other process has. */
  readonly number: number
  readonly transports: (host: Host) => readonly Transport[]
}

export function createHost(options: HostOptions): Host {
  const { name, disk, timeline, chance, rate, slowness, number } = options
  let isAlive = true
  let pausedAt: number | undefined
  let offset = 0
  let callsLeft = Infinity
  let ids = 0
  /** What fell due while it was paused. */
  const late: (() => void)[] = []
  /** Its own time, which goes on while it works. */
  let local = 0
  const endings: (() => void)[] = []
  const timers = new Set<() => void>()

  const elapsed = (): number => (local = Math.max(local, timeline.now) + slowness)

  function after(ms: number, run: () => void): () => void {
    if (!isAlive) return () => {}
    const cancel = timeline.after(Math.max(local, timeline.now) - timeline.now + Math.max(0, ms), () => {
      timers.delete(cancel)
      guarded(run)
    })
    timers.add(cancel)
    return () => {
      timers.delete(cancel)
      cancel()
    }
  }

  function die(): void {
    isAlive = false
    for (const cancel of timers) cancel()
    for (const run of endings.splice(0)) run()
  }

  function guarded(run: () => void): void {
    if (!isAlive) return
    if (pausedAt !== undefined) {
      late.push(run)
      return
    }
    run()
  }

  const host: Omit<Host, 'telemetry'> & { telemetry?: Telemetry } = {
    name,
    disk,
    get isAlive() {
      return isAlive
    },
    get isPaused() {
      return pausedAt !== undefined
    },
    get isHolder() {
      return disk.lease.holder === host
    },
    told: undefined,
    hasStarted: false,
    isSettled: true,
    isStray: false,
    elapsed,
    after,
    get now() {
      return timeline.now
    },
    atEnd: (run) => void endings.push(run),
    showsLife: () => isAlive && (pausedAt === undefined || timeline.now - pausedAt < STALE_MS),
    calls(what) {
      if (isAlive && callsLeft-- <= 0) {
        die()
        count(disk.struck, `crash in a call: ${what}`)
      }
      if (!isAlive) throw new Killed('killed')
    },
    kill(calls) {
      if (calls !== undefined) callsLeft = calls
      else if (isAlive) die()
    },
    pause() {
      pausedAt ??= timeline.now
    },
    resume() {
      pausedAt = undefined
      for (const run of late.splice(0)) guarded(run)
    },
    setClock(by) {
      offset += by
    },
    run(action) {
      if (!isAlive || pausedAt !== undefined) return undefined
      const result = action()
      return isAlive ? result : undefined
    },
  }
  const made = host as Host
  const hex = (n: number, length: number): string => n.toString(16).padStart(length, '0').slice(-length)
  const telemetry = createTelemetry({
    storage: storageOf(disk, made, chance),
    clock: {
      now: () => Math.round(BEGINNING + timeline.now * rate + offset),
      elapsed,
      after,
      hold: () => () => {},
    },
    ids: {
      // UUIDv7: its time, and what no other call has.
      event: (at) => {
        const time = hex(at, 12)
        return `${time.slice(0, 8)}-${time.slice(8)}-7000-8${hex(number, 3)}-${hex(ids++, 12)}`
      },
      telemetry: () => `t${hex(number, 7)}${hex(ids++, 8)}`,
    },
    crc,
    random: () => chance().below(1_000) / 1_000,
    machine: () => disk.machine,
    mayRecord: () => !disk.isOff,
    transports: options.transports(made),
  })
  return Object.assign(host, { telemetry }) as Host
}
