// The file system of the simulated machines, beside the real one: the same calls have the same results.

import fc from 'fast-check'
import * as real from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { contentOf, FileSystem } from '../src/machine/file-system'
import { nodeFs } from '../src/machine/node-fs'
import { random } from '../src/random'
import { clearDisk } from '../src/weather'

const { O_WRONLY, O_RDONLY, O_CREAT, O_EXCL, O_APPEND, O_TRUNC } = real.constants

function simulated() {
  const disk = new FileSystem()
  const weather = clearDisk()
  const chance = random(1)
  const { fs } = nodeFs(disk, weather, {
    calls() {},
    soon: (run) => run(),
    now: () => 1_000,
    chance: () => chance,
    cwd: '/',
    input: '',
    struck() {},
  })
  return { disk, weather, fs: fs as unknown as typeof real }
}

/** What a program sees of a call: what it returns, or how it fails. */
type Call = (fs: typeof real, at: (name: string) => string, fds: number[]) => unknown

const names = fc.constantFrom('a', 'b', 'folder', 'folder/a', 'folder/deep/b', 'gone/a')
const text = fc.string({ maxLength: 20 })
const flags = fc.constantFrom(
  O_RDONLY,
  O_WRONLY | O_CREAT,
  O_WRONLY | O_CREAT | O_EXCL,
  O_WRONLY | O_CREAT | O_APPEND,
  O_WRONLY | O_CREAT | O_TRUNC,
)
const fdOf = (fds: number[], n: number): number => fds[n % Math.max(1, fds.length)] ?? 9_999
const shown = (stats: real.Stats | undefined) =>
  stats && [stats.isFile(), stats.isDirectory(), stats.isFile() && stats.size]

const calls: fc.Arbitrary<Call> = fc.oneof(
  fc.tuple(names, text).map(
    ([name, data]): Call =>
      (fs, at) =>
        fs.writeFileSync(at(name), data),
  ),
  fc.tuple(names, text).map(
    ([name, data]): Call =>
      (fs, at) =>
        fs.writeFileSync(at(name), data, { flag: 'wx' }),
  ),
  names.map(
    (name): Call =>
      (fs, at) =>
        fs.readFileSync(at(name), 'utf8'),
  ),
  names.map(
    (name): Call =>
      (fs, at) =>
        fs.mkdirSync(at(name)),
  ),
  names.map(
    (name): Call =>
      (fs, at) =>
        void fs.mkdirSync(at(name), { recursive: true }),
  ),
  names.map(
    (name): Call =>
      (fs, at) =>
        fs.unlinkSync(at(name)),
  ),
  names.map(
    (name): Call =>
      (fs, at) =>
        fs.rmSync(at(name), { recursive: true, force: true }),
  ),
  names.map(
    (name): Call =>
      (fs, at) =>
        [...fs.readdirSync(at(name))].sort(),
  ),
  names.map(
    (name): Call =>
      (fs, at) =>
        fs.existsSync(at(name)),
  ),
  names.map(
    (name): Call =>
      (fs, at) =>
        shown(fs.statSync(at(name), { throwIfNoEntry: false })),
  ),
  names.map(
    (name): Call =>
      (fs, at) =>
        shown(fs.lstatSync(at(name))),
  ),
  fc.tuple(names, names).map(
    ([from, to]): Call =>
      (fs, at) =>
        fs.renameSync(at(from), at(to)),
  ),
  fc.tuple(names, names).map(
    ([from, to]): Call =>
      (fs, at) =>
        fs.linkSync(at(from), at(to)),
  ),
  fc.tuple(names, flags).map(
    ([name, flag]): Call =>
      (fs, at, fds) =>
        void fds.push(fs.openSync(at(name), flag, 0o600)),
  ),
  fc.tuple(fc.nat(), text).map(
    ([n, data]): Call =>
      (fs, _, fds) =>
        fs.writeSync(fdOf(fds, n), data),
  ),
  fc.nat().map(
    (n): Call =>
      (fs, _, fds) =>
        shown(fs.fstatSync(fdOf(fds, n))),
  ),
  fc.tuple(fc.nat(), fc.nat(10)).map(([n, from]): Call => (fs, _, fds) => {
    const bytes = Buffer.alloc(8)
    return bytes.toString('utf8', 0, fs.readSync(fdOf(fds, n), bytes, 0, 8, from))
  }),
  fc.nat().map((n): Call => (fs, _, fds) => {
    const [fd] = fds.splice(n % Math.max(1, fds.length), 1)
    fs.closeSync(fd ?? 9_999)
  }),
)

const outcome = (call: () => unknown): unknown => {
  try {
    return call()
  } catch (error) {
    return (error as NodeJS.ErrnoException).code
  }
}

it('has the results that the real one has', () => {
  fc.assert(
    fc.property(fc.array(calls, { maxLength: 40 }), (made) => {
      const folder = real.mkdtempSync(join(tmpdir(), 'telemetry-fs-'))
      const { fs, disk } = simulated()
      disk.createFolder('/root', 0)
      const [ours, theirs]: [number[], number[]] = [[], []]
      try {
        for (const call of made) {
          const expected = outcome(() => call(real, (name) => join(folder, name), theirs))
          expect(outcome(() => call(fs, (name) => `/root/${name}`, ours))).toEqual(expected)
        }
      } finally {
        for (const fd of theirs) real.closeSync(fd)
        real.rmSync(folder, { recursive: true })
      }
    }),
    { numRuns: 200 },
  )
})

describe('a power cut', () => {
  const text = (disk: FileSystem) => contentOf(disk.file('/a', 'read')).toString('utf8')

  it('takes what was not synced, or some of it, and leaves the rest', () => {
    const { fs, disk } = simulated()
    const fd = fs.openSync('/a', O_WRONLY | O_CREAT | O_APPEND)
    fs.writeSync(fd, 'synced ')
    fs.fsyncSync(fd)
    fs.writeSync(fd, 'and not')
    disk.cutPower(() => 3)
    expect(text(disk)).toBe('synced and')
    fs.writeFileSync('/b', 'new')
    fs.renameSync('/b', '/a')
    disk.cutPower(() => 0)
    expect(text(disk)).toBe('')
  })
})

describe('bad weather', () => {
  it.each([
    [{ full: true }, 'ENOSPC'],
    [{ refused: 1 }, 'EIO'],
    [{ torn: 1 }, 'ENOSPC'],
  ])('%j: a file is not written', (bad, code) => {
    const { fs, weather } = simulated()
    Object.assign(weather, bad)
    expect(outcome(() => fs.writeFileSync('/a', 'text'))).toBe(code)
  })

  it('what cannot be read is not told, and is there', () => {
    const { fs, weather } = simulated()
    fs.writeFileSync('/a', 'text')
    weather.unreadable = 1
    expect([outcome(() => fs.readFileSync('/a', 'utf8')), fs.existsSync('/a')]).toEqual(['EIO', false])
    weather.unreadable = 0
    expect(fs.readFileSync('/a', 'utf8')).toBe('text')
  })
})
