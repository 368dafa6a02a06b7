// What files of a course may hold: shapes that are checked where they are read, so that no command ends in a bug.

import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { openCourseFolder } from '@learnpack/telemetry-transport-file'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { main } from '../src/cli'
import { createTelemetryManager } from '../src/index'

function temporary(): string {
  const path = mkdtempSync(join(tmpdir(), 'telemetry-values-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

beforeEach(() => {
  vi.stubEnv('XDG_CONFIG_HOME', temporary())
  onTestFinished(() => void vi.unstubAllEnvs())
})

async function run(...args: string[]) {
  let out = ''
  let err = ''
  const code = await main(args, { out: (text) => (out += text), err: (text) => (err += text) })
  return { code, out, err }
}

/** A course in which a student worked. `home` is the folder of their telemetry. */
async function recorded() {
  const path = temporary()
  writeFileSync(
    join(path, 'learn.json'),
    '{"telemetry":{"batch":"http://127.0.0.1:9/b","stream":"http://127.0.0.1:9/s"}}',
  )
  const manager = createTelemetryManager()
  void manager.start('os', [{ slug: 'a', position: 0, is_testeable: true }], join(path, '.learn'), 'intro')
  manager.setStudent({ user_id: 42, token: 'x' })
  manager.registerStepEvent(0, 'compile', { stdout: 'hello', exitCode: 0 })
  await manager.close()
  const kept = join(path, '.learn', 'telemetry')
  const home = readdirSync(kept).find((name) => existsSync(join(kept, name, 'events.ndjson')))!
  return { path, home: join(kept, home), id: home }
}

/** A line of a log with a right checksum, of JSON without its closing brace. */
function checked(json: string): string {
  const text = `${json},`
  return `${text}"crc":"${crc32(text).toString(16).padStart(8, '0')}"}\n`
}

const line = (event: object): string => checked(JSON.stringify(event).slice(0, -1))

/** A line of a compilation whose data is that JSON. */
const compiled = (data: string): string => {
  const step = { slug: 'a', position: 0 }
  const event = { v: 1, id: `id-${data.length}`, at: 1_700_000_000_000, session: 's', type: 'compile', step }
  return checked(`${JSON.stringify(event).slice(0, -1)},"data":${data}`)
}

const commands = (path: string): string[][] => [
  ['status', path],
  ['show', path, '--full'],
  ['show', path, '--json'],
  ['export', path, '--to', join(temporary(), 'all')],
  ['doctor', path],
  ['debug', path, '--decode'],
  ['measure', path],
  ['replay', path],
  ['dead-letters', 'list', path],
]

/** Every command but those that fail by their nature: none ends in a bug of ours. */
async function expectNoBug(path: string): Promise<void> {
  for (const args of commands(path)) {
    const { code, err } = await run(...args)
    expect({ args: args[0], bug: code === 70 && err }).toEqual({ args: args[0], bug: false })
  }
}

const ODD = [
  'null',
  '1',
  '"x"',
  '[]',
  '{}',
  '[null]',
  '{"destination":1}',
  '{"at":"x","count":{},"reason":null}',
]

describe('odd values in', () => {
  it.each(['dead-letters.ndjson', 'refusals.ndjson'])(
    '%s are no records, and no command fails for them',
    async (name) => {
      const { path, home } = await recorded()
      const whole = { destination: 'd', id: 'x', offset: 0, at: 1, reason: 'answered 400', count: 1 }
      const odd = { ...whole, at: 9e15 }
      appendFileSync(join(home, name), [...ODD, JSON.stringify(odd), JSON.stringify(whole), ''].join('\n'))
      await expectNoBug(path)
      const listed = await run('dead-letters', 'list', path, '--json')
      const status = await run('status', path)
      if (name.startsWith('dead')) expect(JSON.parse(listed.out)).toEqual([whole])
      else expect(status.out).toContain('not recorded    1 x answered 400 (last 1970')
    },
  )

  it.each([
    'null',
    '{"destination":"d","offset":-1}',
    '{"destination":"d","offset":1e300}',
    '{"offset":"1"}',
  ])('a cursor, %s: as if it were not there', async (text) => {
    const { path, home } = await recorded()
    for (const name of readdirSync(home).filter((one) => one.startsWith('cursor-'))) rmSync(join(home, name))
    writeFileSync(join(home, 'cursor-00.json'), text)
    await expectNoBug(path)
    expect((await run('status', path)).out).toContain(
      'http-stream http://127.0.0.1:9/s: 0 delivered, 1 waiting',
    )
    expect((await run('status', path)).out).not.toContain('destination     d:')
  })

  it.each([
    '{"current":"x","owners":{"x":{}}}',
    '{"current":"x","owners":[]}',
    '{"current":{},"owners":{}}',
    '[]',
  ])('the index, %s: the logs tell', async (text) => {
    const { path, id } = await recorded()
    const folder = openCourseFolder(join(path, '.learn'))
    writeFileSync(folder.indexPath, text)
    expect(folder.readIndex()).toBeUndefined()
    await expectNoBug(path)
    expect((await run('status', path)).out).toContain(`${id}, the current one, of student 42`)
  })

  it('an attempt, which cannot be made text: they are shown as JSON', async () => {
    const { path, home } = await recorded()
    appendFileSync(
      join(home, 'events.ndjson'),
      compiled('{"exit_code":{"toString":1},"stdout":7,"__proto__":{"toString":2}}'),
    )
    await expectNoBug(path)
    expect((await run('show', path)).out).toContain('run failed ({"toString":1})')
  })

  it('an attempt, nested deeper than can be written again: the line counts as damaged', async () => {
    const { path, home } = await recorded()
    appendFileSync(join(home, 'events.ndjson'), compiled(`{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`))
    await expectNoBug(path)
    expect((await run('status', path)).out).toMatch(/\ndamaged {9}line \d+: nested more than 200 levels deep/)
    expect((await run('show', path)).code).toBe(0)
  })

  it('an import of a version that nobody knows', async () => {
    const { path, home } = await recorded()
    const event = { v: 7, id: 'i', at: 9e15, session: 's', type: 'import', data: {} }
    appendFileSync(join(home, 'events.ndjson'), line(event))
    await expectNoBug(path)
  })

  it('telemetry.json, nested deeper than can be written again', async () => {
    const { path } = await recorded()
    rmSync(join(path, '.learn', 'telemetry'), { recursive: true })
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
    writeFileSync(join(path, '.learn', 'telemetry.json'), `{"telemetry_id":"x","steps":[],"a":${deep}}`)
    await expectNoBug(path)
  })
})

describe('a log that is too large to be folded', () => {
  it('is refused by what has to hold it, and told of and exported by the others', async () => {
    const { path, home } = await recorded()
    const log = join(home, 'events.ndjson')
    const text = 'x'.repeat(100_000)
    const many = Array.from({ length: 250 }, (_, n) =>
      compiled(JSON.stringify({ stdout: text, n: 'n'.repeat(n) })),
    )
    appendFileSync(log, many.join(''))
    for (const name of ['show', 'measure', 'replay', 'debug']) {
      const { code, err } = await run(name, path)
      expect({ name, code, err }).toEqual({
        name,
        code: 1,
        err: `learnpack-telemetry: ${log} has 25 MB, more than 24 MB: too large to be read as a whole. export copies it all the same; status, doctor and purge work\n`,
      })
    }
    expect((await run('status', path)).out).toMatch(
      /\nevent log {7}25\d+\.\d kB, not read: .* has 25 MB, more than 24 MB/,
    )
    expect((await run('doctor', path)).out).toContain('has 25 MB, more than 24 MB')
    for (const to of [join(temporary(), 'all'), join(temporary(), 'all.zip')]) {
      const { code, err } = await run('export', path, '--to', to)
      expect({ code, err }).toEqual({
        code: 0,
        err: expect.stringMatching(
          /^left out: from everything\.txt: .*events\.ndjson has 25 MB[^\n]*\n$/,
        ) as string,
      })
      if (!to.endsWith('.zip')) {
        const copy = readFileSync(join(to, 'telemetry', home.split('/').at(-1)!, 'events.ndjson'))
        expect(copy.equals(readFileSync(log))).toBe(true)
      }
    }
    expect((await run('purge', path, '--yes')).code).toBe(0)
    expect(existsSync(log)).toBe(false)
  })
})
