// The lease where clocks jump, where a process died in the middle, and where something else lies at its paths.

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { manualClock } from '@learnpack/telemetry-core/memory'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { nodePorts, openCourseFolder, openFileLog } from '../src/index'
import { openLease } from '../src/lease'
import { newFolder, temporary } from './support'

const YEAR = 365 * 24 * 3_600_000
const elsewhere = JSON.stringify({ pid: 1, host: 'elsewhere', nonce: 'x' })

/** A folder in which somebody left a lease, and a clock that shows the same time as its files. */
function left(name: string, text: string) {
  const folder = temporary()
  const path = join(folder, name)
  writeFileSync(path, text)
  const clock = manualClock(Date.now())
  return { folder, path, clock, lease: openLease(folder, clock) }
}

describe('a lease that is dated in the future', () => {
  it('is free once it was seen unchanged for 30 s', () => {
    const { path, clock, lease } = left('lease-1', elsewhere)
    const future = new Date(Date.now() + YEAR)
    utimesSync(path, future, future)
    expect(lease.acquire()).toBeUndefined()
    clock.advance(30_000)
    expect(lease.acquire()).toBeUndefined()
    clock.advance(1)
    expect(lease.acquire()).toBe(2)
  })

  it('is held while its holder shows life', () => {
    const { path, clock, lease } = left('lease-1', elsewhere)
    for (let beat = 0; beat < 20; beat++) {
      const future = new Date(Date.now() + YEAR + beat * 5_000)
      utimesSync(path, future, future)
      expect(lease.acquire()).toBeUndefined()
      clock.advance(5_000)
    }
  })

  it('is free at once where its holder is dead', () => {
    const { pid } = spawnSync(process.execPath, ['-e', ''])
    const { path, lease } = left('lease-1', JSON.stringify({ pid, host: hostname(), nonce: 'x' }))
    const future = new Date(Date.now() + YEAR)
    utimesSync(path, future, future)
    expect(lease.acquire()).toBe(2)
  })
})

describe('a clock that is set back', () => {
  it('makes no holder trust for longer than a second that it still is one', () => {
    const folder = temporary()
    const clock = manualClock(Date.now())
    const lease = openLease(folder, clock)
    expect(lease.acquire()).toBe(1)
    clock.jump(Date.now() - YEAR)
    writeFileSync(join(folder, 'lease-2'), elsewhere)
    clock.advance(1_000)
    expect(lease.acquire()).toBeUndefined()
  })

  it('takes no lease from another runtime of the same process', () => {
    const folder = temporary()
    const clock = manualClock(performance.timeOrigin - YEAR)
    const [one, two] = [openLease(folder, clock), openLease(folder, clock)]
    expect([one.acquire(), two.acquire()]).toEqual([1, undefined])
  })
})

describe('a lease file that a crash left empty', () => {
  it.each(['', '{"pid":12', 'null', '[]', '{}', 'x'.repeat(100_000)])(
    'or with nothing of a holder in it is free after a second: %#',
    (text) => {
      const { clock, lease } = left('lease-7', text)
      expect(lease.acquire()).toBeUndefined()
      clock.advance(1_500)
      expect(lease.acquire()).toBe(8)
    },
  )

  it('is never made by us: it is whole from its beginning, and released as a whole', () => {
    const folder = temporary()
    const lease = openLease(folder)
    lease.acquire()
    expect(readdirSync(folder)).toEqual(['lease-1'])
    expect(JSON.parse(readFileSync(join(folder, 'lease-1'), 'utf8'))).toMatchObject({ pid: process.pid })
    const { ino } = statSync(join(folder, 'lease-1'))
    lease.release()
    expect(readFileSync(join(folder, 'lease-1'), 'utf8')).toBe('released')
    // Another file in its place: nobody ever sees one that is cut.
    expect(statSync(join(folder, 'lease-1')).ino).not.toBe(ino)
  })
})

describe('a lease with a number that cannot be counted on from', () => {
  it.each([
    'lease-9007199254740993',
    'lease-9007199254740991',
    'lease-9007199254740990',
    'lease-1000000000001',
    `lease-${'9'.repeat(200)}`,
  ])('is passed over: %s', (name) => {
    const { lease } = left(name, elsewhere)
    expect([lease.acquire(), lease.acquire()]).toEqual([1, 1])
  })

  it.each(['lease-999999999999', 'lease-1000000000000'])(
    'is gone past, and begun anew behind it: %s',
    (name) => {
      const { folder, clock, lease } = left(name, 'released')
      const terms = Array.from({ length: 4 }, () => {
        const term = lease.acquire()
        lease.release()
        clock.advance(2_000)
        return term
      })
      expect(terms.every((term) => term !== undefined)).toBe(true)
      expect(new Set(terms).size).toBe(4)
      const [one, two] = [openLease(folder, clock), openLease(folder, clock)]
      expect([one.acquire(), two.acquire()]).toEqual([expect.any(Number), undefined])
    },
  )
})

it('has a term of its own for every taking, also in a folder that was deleted and made again', () => {
  const folder = temporary()
  const clock = manualClock(Date.now())
  const lease = openLease(folder, clock)
  const first = lease.acquire()
  expect(first).toBeDefined()
  rmSync(folder, { recursive: true })
  clock.advance(2_000)
  expect(lease.acquire()).toBeUndefined()
  mkdirSync(folder)
  expect(lease.acquire()).not.toBe(first)
})

describe('something else at the path of a lease', () => {
  const things: Record<string, (path: string) => void> = {
    'a folder': (path) => mkdirSync(path),
    'a pipe': (path) => void execFileSync('mkfifo', [path]),
    'a link to nowhere': (path) => void execFileSync('ln', ['-s', '/nowhere', path]),
    'a device': (path) => void execFileSync('ln', ['-s', '/dev/zero', path]),
  }
  const there = process.platform === 'win32' ? ['a folder'] : Object.keys(things)

  it.each(there)('neither hangs nor stops delivery: %s', (thing) => {
    const folder = temporary()
    things[thing]!(join(folder, 'lease-5'))
    const [one, two] = [openLease(folder), openLease(folder)]
    expect(one.holder()).toBeUndefined()
    expect([one.acquire(), two.acquire()]).toEqual([6, undefined])
    one.release()
    expect(two.acquire()).toBe(7)
  })

  it.each(there)('neither hangs nor is taken for a question, where one is asked: %s', (thing) => {
    const folder = temporary()
    const lease = openLease(folder)
    lease.acquire()
    things[thing]!(join(folder, 'lease-asked'))
    lease.ask()
    expect(lease.asked()).toBe(false)
  })
})

describe('the event log', () => {
  afterEach(() => void vi.useRealTimers())

  it('looks again whether it is at its path after 100 ms, whatever the clock says', () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] })
    const path = join(temporary(), 'events.ndjson')
    const log = openFileLog(path)
    log.append('one')
    rmSync(path)
    // Time passes; the time of day stands still.
    const day = Date.now()
    vi.advanceTimersByTime(100)
    vi.setSystemTime(day)
    log.append('two')
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n')
    log.close()
  })
})

describe('telemetry.json', () => {
  it('that is given up half way leaves the former one, and nothing beside it', async () => {
    const dirPath = newFolder()
    mkdirSync(join(dirPath, 'telemetry'), { recursive: true })
    const { snapshot, snapshotPath } = openCourseFolder(dirPath)
    snapshot.replaceSync(['{"first":1}'])
    const given = function* () {
      yield 'x'.repeat(100_000)
      throw new Error('no time')
    }
    expect(() => snapshot.replaceSync(given())).toThrow('no time')
    const begun = snapshot.replace()
    await begun.write('y'.repeat(100_000))
    // As a process that exits calls it: what comes later does not happen.
    const discarding = begun.discard()
    expect(readdirSync(dirPath).sort()).toEqual(['telemetry', 'telemetry.json'])
    await discarding
    expect(readFileSync(snapshotPath, 'utf8')).toBe('{"first":1}')
    expect(snapshot.read()).toEqual({ kind: 'ours' })
  })
})

describe('what is kept of a log in memory', () => {
  it('is bounded by the heap of the process', () => {
    const index = fileURLToPath(new URL('../dist/index.js', import.meta.url))
    const code = `import(${JSON.stringify(index)}).then(({ nodePorts }) => console.log(nodePorts.memoryBytes))`
    const of = (mb: number) =>
      Number(
        spawnSync(process.execPath, [`--max-old-space-size=${mb}`, '-e', code], { encoding: 'utf8' }).stdout,
      )
    const [small, large] = [of(256), of(1_024)]
    expect(small).toBeGreaterThan(256 * 2 ** 16)
    expect(large - small).toBe(768 * 2 ** 16)
    expect(nodePorts.memoryBytes).toBeGreaterThan(0)
  })
})
