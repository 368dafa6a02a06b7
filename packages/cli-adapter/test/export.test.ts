// export, on real courses: what is in it, and that it stands for the same.

import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, win32 } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openCourseFolder } from '@learnpack/telemetry-transport-file'
import { strFromU8, unzipSync } from 'fflate'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { main } from '../src/cli'
import { createTelemetryManager } from '../src/index'
import type { Output } from '../src/shared/output'
import { isInside } from '../src/shared/paths'
import { digestOf } from './digest'

const temporary = () => mkdtempSync(join(tmpdir(), 'telemetry-export-'))

async function run(args: string[], output: Partial<Output> = {}) {
  let out = ''
  let err = ''
  const code = await main(args, { out: (text) => (out += text), err: (text) => (err += text), ...output })
  return { code, out, err }
}

const steps = [{ slug: '00-hello', position: 0, is_testeable: true }]

/** A course in which two students worked, with something of everything that is kept. */
async function course(): Promise<string> {
  const path = temporary()
  writeFileSync(join(path, 'learn.json'), '{}')
  const manager = createTelemetryManager()
  void manager.start('os', steps, join(path, '.learn'), 'intro')
  for (const user_id of [42, 7]) {
    manager.setStudent({ user_id })
    manager.registerStepEvent(0, 'open_step', {})
    manager.registerStepEvent(0, 'compile', { source_code: `print("ñ ${user_id}")`, exitCode: 0 })
    manager.registerStepEvent(9, 'compile', {})
  }
  await manager.close()
  const folder = openCourseFolder(join(path, '.learn'))
  const { current } = folder.readIndex()!
  const { cursors, deadLetters } = folder.open(current)
  cursors.write('http-batch https://x.example/', { offset: 0, delivered: 0, deadLettered: 0, attempts: 0 })
  deadLetters.append({ destination: 'x', id: 'a', offset: 0, at: 1, reason: 'answered 422' })
  folder.close()
  writeFileSync(join(path, '.learn', 'telemetry.json.aside-2026'), 'x')
  writeFileSync(join(path, '.learn', '.telemetry.json.999999999-0.tmp'), 'x')
  writeFileSync(join(path, '.learn', 'config.json'), '{}')
  return path
}

function filesIn(folder: string, inside = ''): Map<string, Buffer> {
  const entries = readdirSync(join(folder, inside), { withFileTypes: true })
  return new Map(
    entries.flatMap((entry): [string, Buffer][] => {
      const name = inside === '' ? entry.name : `${inside}/${entry.name}`
      return entry.isDirectory() ? [...filesIn(folder, name)] : [[name, readFileSync(join(folder, name))]]
    }),
  )
}

const exported = (path: string, name = 'out') => join(temporary(), name)

describe('export', () => {
  it('writes everything of every student to a folder, for its owner only, and changes nothing', async () => {
    const path = await course()
    const to = exported(path)
    const before = digestOf(path)
    const said = await run(['export', path, '--to', to, '--json'])
    expect(said).toMatchObject({ code: 0, err: '' })
    expect(digestOf(path)).toEqual(before)
    const ids = openCourseFolder(join(path, '.learn')).list()
    expect(ids).toHaveLength(2)
    const { current } = JSON.parse(readFileSync(join(to, 'telemetry', 'index.json'), 'utf8')) as {
      current: string
    }
    const files = filesIn(to)
    expect([...files.keys()].map((name) => name.replace(/cursor-[0-9a-f]+/, 'cursor-x')).sort()).toEqual(
      [
        'README.txt',
        'everything.txt',
        'telemetry.json',
        'telemetry.json.aside-2026',
        'telemetry/index.json',
        ...ids.map((id) => `telemetry/${id}/events.ndjson`),
        ...['cursor-x.json', 'dead-letters.ndjson', 'refusals.ndjson'].map(
          (name) => `telemetry/${current}/${name}`,
        ),
      ].sort(),
    )
    for (const [name, bytes] of files) {
      if (name.endsWith('.txt')) continue
      expect([name, bytes.equals(readFileSync(join(path, '.learn', name)))]).toEqual([name, true])
    }
    for (const [name, mode] of [
      ...[...files.keys()].map((file) => [file, 0o600] as const),
      ['.', 0o700],
      ['telemetry', 0o700],
      [`telemetry/${current}`, 0o700],
    ] as const) {
      expect([name, statSync(join(to, name)).mode & 0o777]).toEqual([name, mode])
    }
    const { files: told } = JSON.parse(said.out) as { files: { path: string; bytes: number }[] }
    expect(new Map(told.map((file) => [file.path, file.bytes]))).toEqual(
      new Map([...files].map(([name, bytes]) => [name, bytes.length])),
    )
    const everything = files.get('everything.txt')!.toString()
    for (const text of ['print("ñ 42")', 'print("ñ 7")', 'student       42', 'student       7, logged in'])
      expect(everything).toContain(text)
    expect(files.get('README.txt')!.toString()).toMatch(/^Everything LearnPack recorded[^]*student {7}42/)
  })

  it('gives back the same telemetry.json, by the log in it', async () => {
    const path = await course()
    const to = exported(path)
    await run(['export', path, '--to', to])
    const json = readFileSync(join(path, '.learn', 'telemetry.json'), 'utf8')
    const { current } = openCourseFolder(join(path, '.learn')).readIndex()!
    for (const what of [to, join(to, 'telemetry', current, 'events.ndjson')])
      expect(await run(['replay', what])).toMatchObject({ code: 0, out: `${json}\n`, err: '' })
  })

  it('is the same as a zip file', async () => {
    const path = await course()
    const [folder, zip] = [exported(path), exported(path, 'out.ZIP')]
    await run(['export', path, '--to', folder])
    expect(await run(['export', path, '--to', zip])).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /^wrote \S+out\.ZIP: 10 files, \d+\.\d kB; README\.txt says what is in them\n$/,
      ) as string,
    })
    const files = unzipSync(readFileSync(zip))
    expect(new Map(Object.entries(files).map(([name, bytes]) => [name, strFromU8(bytes)]))).toEqual(
      new Map([...filesIn(folder)].map(([name, bytes]) => [name, bytes.toString()])),
    )
    expect(statSync(zip).mode & 0o777).toBe(0o600)
  })

  it('works while the course is recorded and while recording is off, and takes whole lines', async () => {
    const path = await course()
    const manager = createTelemetryManager()
    void manager.start('os', steps, join(path, '.learn'), 'intro')
    onTestFinished(() => manager.close())
    manager.registerStepEvent(0, 'compile', { stdout: 'under way', exitCode: 0 })
    const { current } = openCourseFolder(join(path, '.learn')).readIndex()!
    const log = join(path, '.learn', 'telemetry', current, 'events.ndjson')
    const whole = readFileSync(log, 'utf8')
    appendFileSync(log, '{"v":1,"id":"half')
    vi.stubEnv('DO_NOT_TRACK', '1')
    onTestFinished(() => void vi.unstubAllEnvs())
    const to = exported(path)
    expect(await run(['export', path, '--to', to])).toMatchObject({ code: 0 })
    expect(readFileSync(join(to, 'telemetry', current, 'events.ndjson'), 'utf8')).toBe(whole)
    expect([...filesIn(to).keys()].filter((name) => /lease|\.tmp|written/.test(name))).toEqual([])
    expect(readFileSync(join(to, 'everything.txt'), 'utf8')).toContain('under way')
  })

  it('takes what LearnPack itself recorded', async () => {
    const path = temporary()
    mkdirSync(join(path, '.learn'))
    const sample = fileURLToPath(new URL('fixtures/telemetry.sample.json', import.meta.url))
    writeFileSync(join(path, '.learn', 'telemetry.json'), readFileSync(sample))
    const to = exported(path)
    expect(await run(['export', path, '--to', to])).toMatchObject({ code: 0 })
    expect([...filesIn(to).keys()].sort()).toEqual(['README.txt', 'everything.txt', 'telemetry.json'])
    expect(readFileSync(join(to, 'everything.txt'), 'utf8')).toContain('Enter your API key: ')
    rmSync(join(path, '.learn', 'telemetry.json'))
    writeFileSync(join(path, '.learn', 'telemetry.json'), 'no JSON')
    expect(await run(['export', path, '--to', exported(path)])).toMatchObject({ code: 0 })
  })

  it('shows what is under way to who watches', async () => {
    const path = await course()
    const progress: string[] = []
    await run(['export', path, '--to', exported(path, 'a.zip')], { progress: (text) => progress.push(text) })
    expect(progress).toEqual(expect.arrayContaining(['writing telemetry.json']) as string[])
    expect(progress.at(-1)).toBe('')
  })
})

describe('export refuses', () => {
  it.each(['there', 'there.zip'])('to write over what is there: %s', async (name) => {
    const path = await course()
    const to = exported(path, name)
    if (name.endsWith('.zip')) writeFileSync(to, 'mine')
    else mkdirSync(to)
    const before = digestOf(to)
    expect(await run(['export', path, '--to', to])).toEqual({
      code: 1,
      out: '',
      err: `learnpack-telemetry: --to: ${to} is there already; nothing was written\n`,
    })
    expect(digestOf(to)).toEqual(before)
  })

  it('to write where it reads, by whatever name, or where there is no folder', async () => {
    const path = await course()
    const link = join(temporary(), 'link')
    symlinkSync(join(path, '.learn'), link)
    const before = digestOf(path)
    for (const to of [join(path, '.learn', 'a'), join(path, '.learn', 'telemetry', 'a.zip'), join(link, 'a')])
      expect(await run(['export', path, '--to', to])).toMatchObject({
        code: 1,
        err: expect.stringContaining('is inside the folder that is exported') as string,
      })
    const nowhere = join(path, 'nowhere', 'a')
    expect((await run(['export', path, '--to', nowhere])).err).toContain('nowhere: no such folder')
    expect(digestOf(path)).toEqual(before)
    expect((await run(['export', path, '--to', join(path, 'a')])).code).toBe(0)
  })

  it('to export nothing, or to nowhere', async () => {
    const path = temporary()
    expect(await run(['export', path, '--to', exported(path)])).toMatchObject({
      code: 1,
      err: `learnpack-telemetry: ${path}: nothing is recorded there\n`,
    })
    expect(await run(['export', path])).toMatchObject({ code: 2 })
    expect(existsSync(join(path, '.learn'))).toBe(false)
  })

  it('to follow a link out of the course, and takes the rest', async () => {
    const path = await course()
    const elsewhere = temporary()
    writeFileSync(join(elsewhere, 'events.ndjson'), 'secret of another')
    const link = join(path, '.learn', 'telemetry', 'zzz')
    symlinkSync(elsewhere, link)
    symlinkSync(join(elsewhere, 'events.ndjson'), join(path, '.learn', 'telemetry.json.aside-2027'))
    const to = exported(path)
    expect(await run(['export', path, '--to', to])).toMatchObject({
      code: 0,
      err: `left out: ${link} is a symbolic link: nothing is written behind it\n`,
    })
    expect(filesIn(to).size).toBe(10)
    for (const bytes of filesIn(to).values()) expect(bytes.toString()).not.toContain('secret of another')
  })
})

describe('what is inside a folder', () => {
  it.each([
    ['C:\\c\\.learn', 'C:\\c\\.learn', true],
    ['C:\\c\\.learn', 'C:\\c\\.learn\\telemetry', true],
    ['C:\\c\\.learn', 'C:\\c\\.learn\\..x', true],
    ['C:\\c\\.learn', 'C:\\c', false],
    ['C:\\c\\.learn', 'D:\\backup', false],
  ])('%s, %s: %s', (folder, path, inside) => expect(isInside(folder, path, win32)).toBe(inside))
})
