import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import {
  createTelemetry,
  decodeLine,
  type CourseInput,
  type TelemetryOptions,
} from '@learnpack/telemetry-core'
import { describe, expect, it } from 'vitest'
import { crc32, openCourseFolder, openFileLog, randomIds, recordFolder, systemClock } from '../src/index'

const course: CourseInput = {
  slug: 'intro',
  agent: 'vscode',
  steps: [
    { slug: '00-hello', position: 0, files: [], is_testeable: false },
    { slug: '01-add', position: 1, files: [], is_testeable: true },
  ],
}

const temporary = () => mkdtempSync(join(tmpdir(), 'telemetry-file-'))
const newFolder = () => join(temporary(), '.learn')

function recording(dirPath: string, options: Partial<TelemetryOptions> = {}) {
  const folder = openCourseFolder(dirPath)
  const ports = { clock: systemClock, ids: randomIds, crc: crc32, random: Math.random }
  const telemetry = createTelemetry({ storage: folder, ...ports, ...options })
  return { folder, telemetry, logPath: () => folder.logPath(telemetry.status().telemetry_id!) }
}

describe('a course folder', () => {
  it('holds the log, telemetry.json, and nothing git would take', async () => {
    const dirPath = newFolder()
    const { telemetry, folder, logPath } = recording(dirPath)
    telemetry.start(course)
    telemetry.record(1, 'test', { stdout: '¡hola!', exitCode: 0 })
    const lines = readFileSync(logPath(), 'utf8').trimEnd().split('\n')
    expect(lines.map((line) => decodeLine(line, crc32))).toMatchObject([
      { ok: true, event: { type: 'session_start' } },
      { ok: true, event: { type: 'test', data: { stdout: '¡hola!', exit_code: 0 } } },
    ])
    await telemetry.close()
    folder.close()
    expect(JSON.parse(readFileSync(join(dirPath, 'telemetry.json'), 'utf8'))).toMatchObject({
      slug: 'intro',
      telemetry_id: expect.stringMatching(/^[a-z0-9]{16}$/) as string,
      steps: [
        {},
        { tests: [{ stdout: 'wqFob2xhIQ==', exit_code: 0 }], completed_at: expect.any(Number) as number },
      ],
    })
    execFileSync('git', ['init', '-q'], { cwd: dirPath })
    const status = execFileSync('git', ['status', '--porcelain', '-uall'], { cwd: dirPath, encoding: 'utf8' })
    expect(status.trim()).toBe('?? telemetry.json')
  })

  // Windows has no such modes.
  it.skipIf(process.platform === 'win32')('is for its owner only', async () => {
    const dirPath = newFolder()
    const { telemetry } = recording(dirPath)
    telemetry.start(course)
    await telemetry.close()
    for (const name of readdirSync(dirPath, { recursive: true, encoding: 'utf8' })) {
      const found = statSync(join(dirPath, name))
      expect([name, (found.mode & 0o777).toString(8)]).toEqual([name, found.isDirectory() ? '700' : '600'])
    }
  })

  it('is gone on with at the next start', async () => {
    const dirPath = newFolder()
    const first = recording(dirPath)
    first.telemetry.start(course)
    first.telemetry.record(0, 'open_step')
    const id = first.telemetry.status().telemetry_id
    await first.telemetry.close()
    const second = recording(dirPath)
    second.telemetry.start(course)
    second.telemetry.record(1, 'open_step')
    expect(second.telemetry.snapshot()).toMatchObject({ telemetry_id: id, workout_session: [{}, {}] })
    expect(second.telemetry.snapshot().steps[0]).toHaveProperty('completed_at')
    expect(readFileSync(second.logPath(), 'utf8')).not.toContain('"import"')
  })

  it('is found again from its logs when the index is lost', async () => {
    const dirPath = newFolder()
    const first = recording(dirPath)
    first.telemetry.start(course)
    first.telemetry.identify(7)
    await first.telemetry.close()
    writeFileSync(join(dirPath, 'telemetry', 'index.json'), '{"current":')
    const second = recording(dirPath)
    second.telemetry.start(course)
    expect(second.telemetry.status().telemetry_id).toBe(first.telemetry.status().telemetry_id)
    expect(second.telemetry.record(1, 'ai_interaction', {})).toMatchObject({ ok: true })
  })

  it('takes a telemetry.json from before as it is', () => {
    const dirPath = newFolder()
    mkdirSync(dirPath)
    const sample = readFileSync(
      new URL('../../core/test/fixtures/telemetry.sample.json', import.meta.url),
      'utf8',
    )
    writeFileSync(join(dirPath, 'telemetry.json'), sample)
    const { telemetry, logPath } = recording(dirPath)
    telemetry.start({ ...course, steps: JSON.parse(sample).steps })
    expect(
      readFileSync(logPath(), 'utf8')
        .split('\n')
        .map((line) => /"type":"(\w+)"/.exec(line)?.[1]),
    ).toEqual(['import', 'session_start', undefined])
    expect(telemetry.snapshot().steps).toEqual(JSON.parse(sample).steps)
  })

  it.each([
    ['', 'is not JSON'],
    ['{"telemetry_id": "abc", "steps": [{"sl', 'is not JSON'],
    ['null', 'is no telemetry: value: Invalid input: expected object, received null (found null)'],
    ['{"slug": 1}', 'is no telemetry: telemetry_id'],
  ])('keeps a telemetry.json it cannot read under another name: %j', async (text, reason) => {
    const dirPath = newFolder()
    mkdirSync(dirPath)
    writeFileSync(join(dirPath, 'telemetry.json'), text)
    const { telemetry } = recording(dirPath)
    const notices: string[] = []
    telemetry.on('noticed', (message) => notices.push(message))
    expect(telemetry.start(course)).toMatchObject({ ok: true })
    expect(notices).toHaveLength(1)
    expect(notices[0]).toContain(`telemetry.json ${reason}`)
    const aside = /kept as (.+)$/.exec(notices[0]!)![1]!
    expect(readFileSync(join(dirPath, aside), 'utf8')).toBe(text)
    await telemetry.close()
    expect(JSON.parse(readFileSync(join(dirPath, 'telemetry.json'), 'utf8'))).toMatchObject({ slug: 'intro' })
  })

  it('gives a telemetry_id that is no plain name a folder that is', () => {
    const dirPath = newFolder()
    mkdirSync(dirPath)
    writeFileSync(
      join(dirPath, 'telemetry.json'),
      JSON.stringify({ telemetry_id: '../../escaped', steps: [] }),
    )
    const { telemetry, logPath } = recording(dirPath)
    expect(telemetry.start(course)).toMatchObject({ ok: true })
    expect(telemetry.snapshot().telemetry_id).toBe('../../escaped')
    expect(existsSync(logPath())).toBe(true)
    expect(logPath().startsWith(join(dirPath, 'telemetry'))).toBe(true)
  })
})

describe('telemetry.json on disk', () => {
  const opened = () => {
    const dirPath = newFolder()
    const folder = openCourseFolder(dirPath)
    folder.writeIndex({ current: 'abc', owners: {} })
    const path = folder.snapshotPath
    return { dirPath, folder, path, store: folder.snapshot }
  }
  const write = async (store: ReturnType<typeof opened>['store'], text: string) => {
    const file = store.replace()
    await file.write(text)
    return file
  }

  it('is ours when we wrote it, also in another process, and the one before as well', async () => {
    const { folder, dirPath, path, store } = opened()
    store.replaceSync(['one'])
    await (await write(store, 'two')).commit()
    expect(openCourseFolder(dirPath).snapshot.read()).toEqual({ kind: 'ours' })
    // A crash between the digest and the rename leaves the one before.
    writeFileSync(path, 'one')
    expect(openCourseFolder(dirPath).snapshot.read()).toEqual({ kind: 'ours' })
    writeFileSync(path, 'three')
    expect(folder.snapshot.read()).toMatchObject({ kind: 'foreign', text: 'three' })
  })

  it('that could not be put in its place is not known as ours', async () => {
    const { dirPath, path, store } = opened()
    mkdirSync(join(path, 'in the way'), { recursive: true })
    await expect((await write(store, 'new')).commit()).rejects.toThrow('EISDIR')
    rmSync(path, { recursive: true })
    writeFileSync(path, 'new')
    expect(openCourseFolder(dirPath).snapshot.read()).toMatchObject({ kind: 'foreign' })
  })

  it('is never written over what somebody else wrote meanwhile', async () => {
    const { path, store } = opened()
    store.replaceSync(['ours'])
    const file = await write(store, 'newer')
    writeFileSync(path, 'theirs')
    await expect(file.commit()).rejects.toThrow('somebody else wrote it meanwhile')
    await file.discard()
    expect(() =>
      store.replaceSync(
        (function* () {
          yield 'newest'
          writeFileSync(path, 'theirs again')
        })(),
      ),
    ).toThrow('somebody else wrote it meanwhile')
    expect(readFileSync(path, 'utf8')).toBe('theirs again')
    expect(readdirSync(dirname(path)).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  it('that was taken in is ours, and nothing that was written after it was read', () => {
    const { path, store } = opened()
    writeFileSync(path, 'theirs')
    const found = store.read()
    writeFileSync(path, 'their next')
    if (found.kind === 'foreign') found.adopted()
    expect(store.read()).toMatchObject({ kind: 'foreign', text: 'their next' })
    writeFileSync(path, 'theirs')
    expect(store.read()).toEqual({ kind: 'ours' })
  })

  it('shows the old file or the new one, never a piece of it', async () => {
    const { path, store } = opened()
    store.replaceSync(['x'.repeat(100_000)])
    const file = await write(store, 'y'.repeat(100_000))
    expect(readFileSync(path, 'utf8')).toBe('x'.repeat(100_000))
    await file.commit()
    expect(readFileSync(path, 'utf8')).toBe('y'.repeat(100_000))
  })
})

describe('ids', () => {
  it('are UUIDv7 of their time, and never the same', () => {
    const at = 1_700_000_000_123
    const ids = Array.from({ length: 10_000 }, () => randomIds.event(at))
    expect(new Set(ids).size).toBe(ids.length)
    for (const id of ids.slice(0, 600)) {
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      expect(parseInt(id.replace('-', '').slice(0, 12), 16)).toBe(at)
    }
    expect(randomIds.telemetry()).toMatch(/^[a-z0-9]{16}$/)
  })
})

describe('what is kept beside the log', () => {
  it('is read back: cursors, dead letters, refusals; a torn record costs only itself', () => {
    const dirPath = newFolder()
    const store = openCourseFolder(dirPath).open('abc')
    store.log.append('x')
    const state = { offset: 5, id: 'x', delivered: 1, deadLettered: 0, attempts: 2, retryAt: 9 }
    store.cursors.write('http-stream https://a.example/', state)
    store.cursors.write('other', { ...state, offset: 7 })
    const letter = { destination: 'other', id: 'x', offset: 0, at: 1, reason: 'r' }
    store.deadLetters.append(letter)
    const path = join(dirPath, 'telemetry', 'abc', 'dead-letters.ndjson')
    writeFileSync(path, '{"destination":', { flag: 'a' })
    store.deadLetters.append({ ...letter, id: 'y' })
    store.refusals.append({ at: 1, reason: 'r', count: 3 })

    const again = openCourseFolder(dirPath).open('abc')
    expect(again.cursors.read('http-stream https://a.example/')).toEqual(state)
    expect(
      again.cursors
        .list()
        .map(({ destination }) => destination)
        .sort(),
    ).toEqual(['http-stream https://a.example/', 'other'])
    expect(again.deadLetters.list().map(({ id }) => id)).toEqual(['x', 'y'])
    expect(again.refusals.list()).toEqual([{ at: 1, reason: 'r', count: 3 }])
  })

  it('the first index of a folder is made by one', () => {
    const dirPath = newFolder()
    const [one, two] = [openCourseFolder(dirPath), openCourseFolder(dirPath)]
    expect(one.claimIndex({ current: 'a', owners: {} })).toEqual({ current: 'a', owners: {} })
    expect(two.claimIndex({ current: 'b', owners: {} })).toEqual({ current: 'a', owners: {} })
    expect(readdirSync(join(dirPath, 'telemetry')).sort()).toEqual(['.gitignore', 'index.json'])
  })

  it('leftovers of processes that were killed are removed, by whoever takes the lease', () => {
    const dirPath = newFolder()
    const folder = openCourseFolder(dirPath)
    folder.writeIndex({ current: 'abc', owners: {} })
    const [dead, mine] = [`.telemetry.json.999999999-0.tmp`, `.telemetry.json.${process.pid}-77.tmp`]
    for (const name of [dead, mine]) writeFileSync(join(dirPath, name), 'x')
    const there = (): boolean[] => [dead, mine].map((name) => existsSync(join(dirPath, name)))
    openCourseFolder(dirPath).open('abc')
    expect(there()).toEqual([true, true])
    const delivering = openCourseFolder(dirPath)
    delivering.lease.acquire()
    expect(there()).toEqual([false, true])
    delivering.lease.release()
  })
})

describe('a file log', () => {
  it('reads whole lines only, in slices, also lines longer than a slice and cut characters', () => {
    const log = openFileLog(join(temporary(), 'log', 'events.ndjson'))
    expect(log.read(0, 10)).toEqual({ from: 0, lines: [], next: 0, atEnd: true })
    const texts = ['a', 'ñ'.repeat(50), '', '🎉 end']
    for (const text of texts) log.append(text)
    for (const maxBytes of [1, 2, 7, 1_000]) {
      const seen: string[] = []
      let next = 0
      let atEnd = false
      while (!atEnd) {
        const slice = log.read(next, maxBytes)
        seen.push(...slice.lines.map(({ text }) => text))
        ;({ next, atEnd } = slice)
      }
      expect(seen).toEqual(texts)
      expect(next).toBe(log.size())
    }
  })

  it('leaves a torn tail for later, and seals it before the next line', () => {
    const path = join(temporary(), 'events.ndjson')
    writeFileSync(path, 'whole\ntor')
    const log = openFileLog(path)
    expect(log.read(0, 100)).toMatchObject({ lines: [{ text: 'whole' }], next: 6 })
    log.append('next')
    expect(readFileSync(path, 'utf8')).toBe('whole\ntor\nnext\n')
  })

  it('follows the path when its file is deleted or replaced, and loses nothing it took', () => {
    const path = join(temporary(), 'events.ndjson')
    const log = openFileLog(path)
    log.append('one')
    expect(log.read(0, 100)).toMatchObject({ from: 0, next: 4 })
    execFileSync('rm', [path])
    log.append('two')
    log.append('three')
    expect(log.read(4, 100)).toMatchObject({
      from: 0,
      lines: [{ text: 'two' }, { text: 'three' }],
    })
    writeFileSync(`${path}.new`, 'other\n')
    execFileSync('mv', [`${path}.new`, path])
    expect(log.read(10, 100)).toMatchObject({ from: 0, lines: [{ text: 'other' }] })
    log.append('four')
    expect(readFileSync(path, 'utf8')).toBe('other\nfour\n')
  })

  it('keeps what it took while the path is taken by something else', () => {
    const path = join(temporary(), 'events.ndjson')
    const log = openFileLog(path)
    log.append('one')
    log.read(0, 100)
    rmSync(path)
    log.append('two')
    mkdirSync(path)
    expect(() => log.read(4, 100)).toThrow('is a folder, not a file')
    expect(() => log.append('refused')).toThrow('is a folder, not a file')
    rmdirSync(path)
    log.append('three')
    expect(readFileSync(path, 'utf8')).toBe('two\nthree\n')
  })

  it('does not bring back a file that was deleted', () => {
    const path = join(temporary(), 'deleted', 'events.ndjson')
    const log = openFileLog(path)
    log.append('one')
    log.read(0, 100)
    rmSync(dirname(path), { recursive: true })
    expect(log.read(4, 100)).toMatchObject({ from: 0, lines: [] })
    expect(existsSync(dirname(path))).toBe(false)
  })
})

describe('the folder of a record', () => {
  it('is none because something else lies there by its name', () => {
    const course = mkdtempSync(join(tmpdir(), 'record-folder-'))
    mkdirSync(join(course, '.learn'))
    writeFileSync(join(course, '.learn', 'telemetry.json'), '{}')
    writeFileSync(join(course, 'telemetry'), 'of the course')
    expect(recordFolder(course)).toBe(join(course, '.learn'))
  })
})
