import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { encodeLine, history, type ImportedSnapshot, type TelemetryEvent } from '@learnpack/telemetry-core'
import { crc32, openCourseFolder } from '@learnpack/telemetry-transport-file'
import { beforeEach, describe, expect, it } from 'vitest'
import { main } from '../src/cli'

const sample = JSON.parse(
  readFileSync(new URL('../../core/test/fixtures/telemetry.sample.json', import.meta.url), 'utf8'),
) as ImportedSnapshot
const events = history(sample)
const asLine = (event: TelemetryEvent) => encodeLine(event, crc32)

let folder: string
let log: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'telemetry-cli-'))
  log = join(folder, 'events.ndjson')
  writeFileSync(log, events.map((event) => `${asLine(event)}\n`).join(''))
})

async function run(...args: string[]) {
  let out = ''
  let err = ''
  const code = await main(args, { out: (text) => (out += text), err: (text) => (err += text) })
  return { code, out, err }
}

const told = async (...args: string[]) => JSON.parse((await run('replay', log, ...args)).out) as typeof sample

describe('learnpack-telemetry replay', () => {
  it('prints what the log folds to, the same bytes at every run', async () => {
    const first = await run('replay', log)
    expect(first).toMatchObject({ code: 0, err: '' })
    expect(JSON.parse(first.out)).toEqual(sample)
    expect(await run('replay', log)).toEqual(first)
  })

  it('writes to a file', async () => {
    const out = join(folder, 'out.json')
    expect(await run('replay', log, '--out', out)).toEqual({ code: 0, out: '', err: '' })
    expect(`${readFileSync(out, 'utf8')}\n`).toBe((await run('replay', log)).out)
    expect(await run('replay', log, '--out', join(folder, 'no', 'such', 'folder'))).toMatchObject({
      code: 1,
      err: expect.stringMatching(
        /^learnpack-telemetry: --out: .+folder could not be written \(ENOENT/,
      ) as string,
    })
  })

  it('finds the log of a course folder, also given its .learn', async () => {
    const dirPath = join(folder, '.learn')
    const store = openCourseFolder(dirPath)
    store.writeIndex({ current: 'abc', owners: {} })
    events.forEach((event) => store.open('abc').log.append(asLine(event)))
    const { out } = await run('replay', log)
    expect(await run('replay', folder)).toEqual({ code: 0, out, err: '' })
    expect(await run('replay', dirPath)).toEqual({ code: 0, out, err: '' })
  })

  it('stops at a line, an event or a time', async () => {
    const second = events[2]!
    expect(second.type).toBe('open_step')
    const upToSecond = await told('--at', '3')
    expect(upToSecond.steps.filter(({ opened_at }) => opened_at !== undefined)).toHaveLength(2)
    expect(await told('--at', second.id)).toEqual(upToSecond)
    expect(await told('--at', new Date(second.at).toISOString())).toEqual(upToSecond)
    expect(await told('--at', new Date(second.at - 1).toISOString())).toEqual(await told('--at', '2'))
    expect(await told('--at', '2026-11')).toEqual(sample)
    const local = new Date(second.at).toISOString().replace('Z', '')
    expect(await told('--at', local)).toEqual(upToSecond)
  })

  it.each([
    ['0', /^learnpack-telemetry: --at: no event of .+ is on line 0 or before\n$/],
    ['1999-01-01', /is as early as 1999-01-01T00:00:00.000Z/],
    ['999', /events\.ndjson has 8 lines, there is no line 999/],
    ['1718211567826', /there is no line 1718211567826/],
    ['2024-02-30', /--at: "2024-02-30" is not a time/],
    ['2026-13-01', /--at: "2026-13-01" is not a time; write it like 2026-11-21T10:30:00Z/],
    ['nonsense', /is the one with id "nonsense"/],
  ])('says when there is no such moment: %s', async (at, message) => {
    expect(await run('replay', log, '--at', at)).toEqual({
      code: 1,
      out: '',
      err: expect.stringMatching(message) as string,
    })
  })

  it('names file and line of what it cannot read, and uses the rest', async () => {
    const lines = events.map(asLine)
    const odd = asLine({ v: 1, id: 'x', at: 5, session: 's', type: 'badge_earned' })
    lines.splice(1, 0, 'hello', odd)
    writeFileSync(log, lines.join('\n') + '\n')
    const { code, out, err } = await run('replay', log)
    expect(code).toBe(0)
    expect(JSON.parse(out)).toEqual(sample)
    expect(err).toBe(
      `${log} line 2: not JSON: "hello"\n${log} line 3: event of unknown type "badge_earned" (v 1): kept, not folded\n`,
    )
  })

  it('says what it leaves out at the end of a log that is cut', async () => {
    const [first, ...rest] = events.map(asLine)
    writeFileSync(log, `${[first, ...rest.slice(0, 2)].join('\n')}\n${rest[2]!.slice(0, 50)}`)
    expect(await run('replay', log)).toMatchObject({
      code: 0,
      err: `${log}: ends in 50 bytes without a line feed: a record not yet whole, left out\n`,
    })
  })

  it('prefers the .learn of a course to the folder itself, and reads a log that is named by a link', async () => {
    const { out } = await run('replay', log)
    for (const [dirPath, slug] of [
      [folder, 'outer'],
      [join(folder, '.learn'), sample.telemetry_id],
    ] as const) {
      const store = openCourseFolder(dirPath)
      store.writeIndex({ current: 'abc', owners: {} })
      for (const event of slug === 'outer' ? events.slice(0, 1) : events)
        store.open('abc').log.append(asLine(event))
      store.close()
    }
    expect((await run('replay', folder)).out).toBe(out)
    symlinkSync(log, join(folder, 'link'))
    expect((await run('replay', join(folder, 'link'))).out).toBe(out)
  })

  it('ends ignoreErrors when nobody reads on', () => {
    const bin = fileURLToPath(new URL('../bin/learnpack-telemetry.js', import.meta.url))
    const many = 'for i in 1 2 3 4 5 6 7 8; do "$0" "$1" replay "$2" 2>>"$3"; done | head -c 10'
    const errors = join(folder, 'errors')
    execFileSync('bash', ['-c', many, process.execPath, bin, log, errors])
    expect(readFileSync(errors, 'utf8')).toBe('')
  })

  it('says what is wrong with what it is given', async () => {
    expect(await run('replay', '/no/such')).toEqual({
      code: 1,
      out: '',
      err: 'learnpack-telemetry: /no/such: no such file or folder\n',
    })
    const empty = mkdtempSync(join(tmpdir(), 'telemetry-cli-'))
    expect(await run('replay', empty)).toMatchObject({
      code: 1,
      err: `learnpack-telemetry: ${empty}: no event log in it; give a course folder with recorded events\n`,
    })
    writeFileSync(log, 'hello\n')
    expect(await run('replay', log)).toMatchObject({
      code: 1,
      err: `learnpack-telemetry: ${log}: no event in it\n${log} line 1: not JSON: "hello"\n`,
    })
  })

  it('has a help, and an exit code of its own for a wrong call', async () => {
    expect(await run('--help')).toMatchObject({ code: 0, out: expect.stringContaining('replay') as string })
    expect(await run('replay', '--help')).toMatchObject({
      code: 0,
      out: expect.stringContaining('--at') as string,
    })
    expect(await run('replay', log, 'another')).toMatchObject({ code: 2 })
    expect(await run('replay', log, '--bogus')).toMatchObject({ code: 2 })
    expect(await run('bogus')).toMatchObject({ code: 2 })
  })

  it('is installed as a command of the repository', () => {
    const root = fileURLToPath(new URL('../../..', import.meta.url))
    const out = execFileSync('npx', ['--no', 'learnpack-telemetry', 'replay', log], {
      cwd: root,
      encoding: 'utf8',
    })
    expect(JSON.parse(out)).toEqual(sample)
  })
})
