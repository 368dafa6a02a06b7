// Real processes: killed, many at once, and ending in every way a process can end.

import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../src/index'
import { openLease } from '../src/lease'
import { killRounds } from './kill'
import { logPathOf, newFolder, readLog, snapshotOf, startHost, temporary } from './support'

describe('kill -9', () => {
  it('at 50 random moments loses nothing that was acknowledged, and leaves telemetry.json readable', async () => {
    const seed = Date.now() % 1_000_000
    const report = await killRounds(50, seed)
    expect(report, `seed ${seed}`).toMatchObject({ rounds: 50, missing: [], unparsable: 0 })
    expect(report.acknowledged).toBeGreaterThan(50)
    // Hundreds of processes, one behind the other: on a busy machine that takes its time.
  }, 600_000)

  it('is made good for by the next start: telemetry.json holds what the log holds', async () => {
    const dirPath = newFolder()
    const host = startHost(dirPath, 'record', 1_000)
    for (let left = 30; left > 0; left--) await host.next()
    host.child.kill('SIGKILL')
    await host.ended
    const next = startHost(dirPath, 'end')
    expect(await next.ended).toMatchObject({ code: 0, err: '' })
    const recorded = readLog(logPathOf(dirPath)).events.filter(
      ({ type }) => type === 'compile' || type === 'test',
    )
    const { compilations, tests } = snapshotOf(dirPath).steps[1]!
    expect(compilations.length + tests.length).toBe(recorded.length)
    expect(recorded.length).toBeGreaterThanOrEqual(29)
  })
})

describe('an exit right after an event', () => {
  const opened = (dirPath: string) => snapshotOf(dirPath).steps[0]?.opened_at

  it('by process.exit leaves a telemetry.json that contains it, 20 times of 20, and the exit code', async () => {
    for (let round = 0; round < 20; round++) {
      const dirPath = newFolder()
      expect(await startHost(dirPath, 'exit', round).ended).toEqual({
        code: round,
        signal: null,
        out: '',
        err: '',
      })
      expect(opened(dirPath)).toEqual(expect.any(Number))
    }
  })

  it('by its natural end does, too', async () => {
    const dirPath = newFolder()
    expect(await startHost(dirPath, 'end').ended).toEqual({ code: 0, signal: null, out: '', err: '' })
    expect(opened(dirPath)).toEqual(expect.any(Number))
  })

  it('by an uncaught error does, and changes nothing else', async () => {
    const dirPath = newFolder()
    const { code, err } = await startHost(dirPath, 'throw').ended
    expect(code).toBe(1)
    expect(err).toContain('Error: of the host')
    expect(opened(dirPath)).toEqual(expect.any(Number))
  })

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('by %s does, and dies of it', async (signal) => {
    const dirPath = newFolder()
    const host = startHost(dirPath, 'wait')
    await host.next()
    host.child.kill(signal)
    expect(await host.ended).toMatchObject({ code: null, signal, err: '' })
    expect(opened(dirPath)).toEqual(expect.any(Number))
  })

  it("by a signal lets the host's own clean-up end, also one that listens once", async () => {
    const dirPath = newFolder()
    const host = startHost(dirPath, 'cleanUp')
    await host.next()
    host.child.kill('SIGINT')
    expect(await host.ended).toMatchObject({ code: 5, signal: null, err: '' })
    expect(host.lines.at(-1)).toBe('cleaned up')
    expect(opened(dirPath)).toEqual(expect.any(Number))
  })

  it('by a signal dies of it, also with two telemetries in one process', async () => {
    const dirPath = newFolder()
    const host = startHost(dirPath, 'twice')
    await host.next()
    host.child.kill('SIGINT')
    expect(await host.ended).toMatchObject({ code: null, signal: 'SIGINT', err: '' })
  })

  it('by a signal the host handles is left to the host', async () => {
    const dirPath = newFolder()
    const host = startHost(dirPath, 'wait', 1)
    await host.next()
    host.child.kill('SIGTERM')
    expect(await host.ended).toMatchObject({ code: 7, signal: null, err: '' })
    expect(opened(dirPath)).toEqual(expect.any(Number))
  })
})

describe('several processes on one folder', () => {
  it('8 x 1,000 events: none lost, none interleaved, each once, and all in the last telemetry.json', async () => {
    const dirPath = newFolder()
    const hosts = Array.from({ length: 8 }, () => startHost(dirPath, 'count', 1_000, 100))
    const ends = await Promise.all(hosts.map(({ ended }) => ended))
    expect(ends.map(({ code, err }) => [code, err])).toEqual(hosts.map(() => [0, '']))
    const { events, counts } = readLog(logPathOf(dirPath))
    expect(counts).toMatchObject({ damaged: 0, duplicates: 0 })
    const acknowledged = hosts.flatMap(({ lines }) => lines)
    expect(acknowledged).toHaveLength(8 * 1_001)
    const kept = new Set(events.map(({ id }) => id))
    expect(acknowledged.filter((id) => !kept.has(id))).toEqual([])
    expect(events).toHaveLength(8 * 1_001)
    expect(snapshotOf(dirPath).steps[1]!.compilations).toHaveLength(8_000)
    expect(snapshotOf(dirPath).workout_session).toHaveLength(8)
  })
})

describe('processes that start and end together', () => {
  it('on a new folder with a telemetry.json make one telemetry of it, take it in once, and leave a whole one', async () => {
    const theirs = {
      telemetry_id: 'q1lllj6jq1lllj6j',
      steps: [{ slug: '01-add', tests: [{ exit_code: 0, starting_at: 5 }] }],
    }
    for (let round = 0; round < 6; round++) {
      const dirPath = newFolder()
      mkdirSync(dirPath)
      writeFileSync(join(dirPath, 'telemetry.json'), JSON.stringify(theirs))
      const hosts = [1, 2, 3].map(() => startHost(dirPath, 'count', 40, 50))
      for (const { ended } of hosts) expect(await ended).toMatchObject({ code: 0, err: '' })
      const { events } = readLog(logPathOf(dirPath))
      expect(
        events.filter(({ type }) => type === 'import'),
        `round ${round}`,
      ).toHaveLength(1)
      expect(events).toHaveLength(3 * 41 + 1)
      const { steps, workout_session } = snapshotOf(dirPath)
      expect(workout_session).toHaveLength(3)
      expect([steps[1]!.compilations.length, steps[1]!.tests.length], `round ${round}`).toEqual([120, 1])
    }
  })

  it('one that exits is not held by others that go on recording', async () => {
    const dirPath = newFolder()
    const others = [startHost(dirPath, 'record', 100), startHost(dirPath, 'record', 100)]
    for (const other of others) await other.next()
    const one = startHost(dirPath, 'exit')
    expect(await one.ended).toMatchObject({ code: 0, err: '' })
    for (const other of others) {
      expect(other.child.exitCode).toBeNull()
      other.child.kill('SIGKILL')
      await other.ended
    }
  })
})

describe('the lease', () => {
  const contender = fileURLToPath(new URL('children/contender.mjs', import.meta.url))
  /** A pid that is of nobody: of a process that has ended. */
  const deadPid = async (): Promise<number> => {
    const child = spawn(process.execPath, ['-e', ''])
    await new Promise((resolve) => child.once('close', resolve))
    return child.pid as number
  }

  it('of a holder that died is taken over by exactly one of 8 processes, 200 times', async () => {
    const pid = await deadPid()
    const contenders = Array.from({ length: 8 }, () =>
      spawn(process.execPath, [contender], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
    )
    const ask = (message: object): Promise<boolean[]> =>
      Promise.all(
        contenders.map(
          (child) =>
            new Promise<boolean>((resolve) => {
              child.once('message', (answer) => resolve(answer as boolean))
              child.send(message)
            }),
        ),
      )
    for (let round = 0; round < 200; round++) {
      const folder = temporary()
      const left = 1 + (round % 3)
      mkdirSync(join(folder, 'telemetry'))
      writeFileSync(
        join(folder, 'telemetry', `lease-${left}`),
        JSON.stringify({ pid, host: hostname(), nonce: 'gone' }),
      )
      const holders = (await ask({ acquire: folder })).filter(Boolean)
      expect(holders, `round ${round}`).toHaveLength(1)
      expect((await ask({ acquire: folder })).filter(Boolean)).toHaveLength(1)
    }
    contenders.forEach((child) => child.disconnect())
  })

  it('is one process at a time, handed over at release', () => {
    const folder = temporary()
    const [one, two] = [openLease(folder), openLease(folder)]
    expect([one.acquire(), two.acquire(), one.acquire()]).toEqual([1, undefined, 1])
    one.release()
    expect([two.acquire(), one.acquire()]).toEqual([2, undefined])
  })

  it('is asked for until it is taken anew', () => {
    const folder = temporary()
    const [one, two] = [openLease(folder), openLease(folder)]
    one.acquire()
    expect(one.asked()).toBe(false)
    two.ask()
    expect([one.asked(), two.acquire(), one.acquire(), one.asked()]).toEqual([true, undefined, 1, true])
    one.release()
    two.acquire()
    expect(one.asked()).toBe(false)
  })

  it('tells who holds it, without taking it', () => {
    const folder = temporary()
    const [one, two] = [openLease(folder), openLease(folder)]
    expect(openLease(join(folder, 'nowhere')).holder()).toBeUndefined()
    expect(two.holder()).toBeUndefined()
    expect(readdirSync(folder)).toEqual([])
    one.acquire()
    expect(two.holder()).toMatchObject({ pid: process.pid, host: hostname() })
    one.release()
    expect(two.holder()).toBeUndefined()
    writeFileSync(join(folder, 'lease-9'), JSON.stringify({ pid: 999_999_999, host: hostname(), nonce: 'x' }))
    expect(two.holder()).toBeUndefined()
  })

  it('is lost by a holder that showed no sign of life for long, who then knows', () => {
    const folder = temporary()
    let now = Date.now()
    const sleeper = openLease(folder, { now: () => now, elapsed: () => now })
    expect(sleeper.acquire()).toBeDefined()
    const other = openLease(folder, { now: () => now, elapsed: () => now })
    now += 29_000
    expect(other.acquire()).toBeUndefined()
    now += 2_000
    expect([other.acquire(), sleeper.acquire()]).toEqual([2, undefined])
  })

  it('is not given by a file that is being written, nor by one on another host', () => {
    for (const text of ['', JSON.stringify({ pid: 1, host: 'elsewhere', nonce: 'x' })]) {
      const folder = temporary()
      writeFileSync(join(folder, 'lease-4'), text)
      expect(openLease(folder).acquire()).toBeUndefined()
      expect(openLease(folder, { ...systemClock, now: () => Date.now() + 31_000 }).acquire()).toBeDefined()
    }
  })

  it('of a folder that was deleted and made again is not held by who held it before', () => {
    const folder = join(temporary(), 'telemetry')
    let now = Date.now()
    const [one, two] = [
      openLease(folder, { now: () => now, elapsed: () => now }),
      openLease(folder, { now: () => now, elapsed: () => now }),
    ]
    mkdirSync(folder)
    expect(one.acquire()).toBeDefined()
    rmSync(folder, { recursive: true })
    mkdirSync(folder)
    expect(two.acquire()).toBeDefined()
    now += 1_500
    expect([one.acquire(), two.acquire()]).toEqual([undefined, 1])
    one.release()
    expect(two.acquire()).toBeDefined()
  })

  it('of a process before us with our pid is free', () => {
    const folder = temporary()
    writeFileSync(
      join(folder, 'lease-1'),
      JSON.stringify({ pid: process.pid, host: hostname(), nonce: 'before' }),
    )
    // Whoever holds it in this process by another copy of our code has shown life since the process began.
    expect(openLease(folder).acquire()).toBeUndefined()
    const before = new Date(performance.timeOrigin - 1_000)
    utimesSync(join(folder, 'lease-1'), before, before)
    expect(openLease(folder).acquire()).toBeDefined()
  })

  it('does not come back to a folder that was deleted', () => {
    const folder = join(temporary(), 'telemetry')
    mkdirSync(folder)
    const lease = openLease(folder)
    lease.acquire()
    rmSync(folder, { recursive: true })
    lease.release()
    expect(existsSync(folder)).toBe(false)
  })
})
