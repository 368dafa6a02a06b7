// Beside a host that records by itself: what it writes becomes events of a log of ours, and its file stays its own.

import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Parcel } from '@learnpack/telemetry-core'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { ofOneStudent, withoutName, type LearnPack5Session } from '../../core/test/learnpack5'
import { main } from '../src/cli'
import { choose } from '../src/consent/consent'
import { watchCourse, type WatchOptions } from '../src/host/watch-course'

const [first] = ofOneStudent as [LearnPack5Session]

const bin = fileURLToPath(new URL('../bin/learnpack-telemetry.js', import.meta.url))
const plugin = fileURLToPath(new URL('../dist/plugin.cjs', import.meta.url))

beforeEach(() => {
  vi.stubEnv('XDG_CONFIG_HOME', mkdtempSync(join(tmpdir(), 'telemetry-config-')))
  return () => vi.unstubAllEnvs()
})

/** A course whose host writes telemetry.json whole, as LearnPack does. */
function newCourse() {
  const course = mkdtempSync(join(tmpdir(), 'telemetry-watch-'))
  const dirPath = join(course, '.learn')
  mkdirSync(dirPath)
  const path = join(dirPath, 'telemetry.json')
  return {
    course,
    dirPath,
    path,
    write: (content: unknown) =>
      writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content)),
    content: () => readFileSync(path, 'utf8'),
    events: () =>
      readdirSync(join(dirPath, 'telemetry'), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('events.ndjson'))
        .flatMap((name) =>
          readFileSync(join(dirPath, 'telemetry', name), 'utf8')
            .trim()
            .split('\n'),
        )
        .map((line) => JSON.parse(line) as { type: string; step?: { slug: string } }),
    asides: () => readdirSync(dirPath).filter((name) => name.includes('.aside-')),
  }
}

function watch(options: WatchOptions) {
  const watched = watchCourse({ redaction: false, ...options })
  onTestFinished(() => watched.close())
  return watched
}

describe('a telemetry.json of LearnPack 5', () => {
  it.each(ofOneStudent)('$name: is known after every write, and never written', async ({ posts }) => {
    const { dirPath, write, content } = newCourse()
    const watched = watch({ dirPath })
    for (const { body } of posts) {
      write(body)
      await watched.settled()
      expect(watched.snapshot()).toEqual(withoutName(body))
      expect(content()).toBe(JSON.stringify(body))
    }
  })

  it('is gone on with after a restart: nothing is recorded twice', async () => {
    const { dirPath, write, events } = newCourse()
    for (const { body } of first.posts) {
      write(body)
      const watched = watch({ dirPath })
      await watched.close()
    }
    const before = events()
    const watched = watch({ dirPath })
    await watched.close()
    expect(events()).toEqual(before)
    expect(before.filter(({ type }) => type === 'import')).toHaveLength(1)
    expect(watched.snapshot()).toEqual(withoutName(first.posts.at(-1)!.body))
  })

  it('is delivered where the host asks for it, while a student is logged in', async () => {
    const { dirPath, write } = newCourse()
    const sent: Parcel[] = []
    const transport = {
      name: 'mine',
      wants: 'events' as const,
      deliver: async (parcel: object) => (sent.push(parcel as Parcel), { kind: 'delivered' as const }),
    }
    const watched = watch({ dirPath, transports: [transport] })
    for (const { body } of first.posts) {
      write(body)
      await watched.settled()
    }
    expect(sent.length).toBeGreaterThan(0)
    expect(new Set(sent.map(({ body }) => (JSON.parse(body) as { user_id: unknown }).user_id))).toEqual(
      new Set([first.posts[0]!.body['user_id']]),
    )
  })
})

it('a watched course of which recording is switched off: nothing more is sent', async () => {
  const { dirPath, write } = newCourse()
  let sent = 0
  const deliver = async () => {
    sent++
    choose(false, dirPath)
    return { kind: 'delivered' as const }
  }
  const watched = watch({ dirPath, transports: [{ name: 'mine', wants: 'events', deliver }] })
  for (const { body } of [first.posts[0]!, first.posts.at(-1)!]) {
    write(body)
    await watched.settled()
  }
  expect(sent).toBe(1)
})

describe('a telemetry.json of LearnPack 2', () => {
  const file = (compilations: object[]) => ({
    telemetry_id: 'abcdefgh12345678',
    slug: 'intro',
    agent: 'vscode',
    tutorial_started_at: 1_700_000_000_000,
    last_interaction_at: 1_700_000_000_000 + compilations.length,
    steps: [{ slug: '00-a', position: 0, files: [], compilations, tests: [], ai_interactions: [] }],
    workout_session: [{ started_at: 1_700_000_000_000 }],
  })
  const ran = (n: number) => ({ stdout: btoa(String(n)), exit_code: 0, starting_at: n, ended_at: n })

  it('becomes its attempts, one event each', async () => {
    const { dirPath, write, events } = newCourse()
    const watched = watch({ dirPath })
    for (let count = 0; count < 4; count++) {
      write(file(Array.from({ length: count }, (_, n) => ran(n))))
      await watched.settled()
    }
    expect(watched.snapshot()?.steps[0]?.compilations).toHaveLength(3)
    expect(events().filter(({ type }) => type === 'compile')).toHaveLength(3)
  })
})

describe('a torn or empty telemetry.json', () => {
  const whole = first.posts.at(-1)!.body
  const torn = JSON.stringify(whole).slice(0, 400)

  it.each([torn, ''])('under way is left alone until the host has written it: %#', async (text) => {
    const { dirPath, write, content, events } = newCourse()
    const watched = watch({ dirPath })
    write(first.posts[0]!.body)
    await watched.settled()
    const before = events()
    write(text)
    await watched.settled()
    await watched.settled()
    expect([content(), events()]).toEqual([text, before])
    write(whole)
    await watched.settled()
    expect(watched.snapshot()).toEqual(withoutName(whole))
  })

  it.each([torn, ''])('at the start is put right before the host reads it: %#', async (text) => {
    const { dirPath, write, content, asides } = newCourse()
    const before = watch({ dirPath })
    write(whole)
    await before.close()
    write(text)
    const watched = watch({ dirPath })
    expect(JSON.parse(content())).toEqual(withoutName(whole))
    expect(asides()).toHaveLength(1)
    await watched.close()
  })

  it('that stays so is put right: its host has died', async () => {
    const { dirPath, write, content } = newCourse()
    const watched = watch({ dirPath })
    write(whole)
    await watched.settled()
    write(torn)
    await watched.settled()
    expect(content()).toBe(torn)
    const now = performance.now.bind(performance)
    vi.spyOn(performance, 'now').mockImplementation(() => now() + 10_000)
    onTestFinished(() => void vi.restoreAllMocks())
    await watched.settled()
    expect(JSON.parse(content())).toEqual(withoutName(whole))
  })

  it('of a course that nobody watched stays unchanged', async () => {
    const { dirPath, write, content } = newCourse()
    write(torn)
    await watch({ dirPath }).close()
    expect(content()).toBe(torn)
  })
})

it('where recording is switched off nothing is read and nothing is written', async () => {
  vi.stubEnv('DO_NOT_TRACK', '1')
  const { dirPath, write } = newCourse()
  write(first.posts[0]!.body)
  // As if it had come with the course, which is noted where recording is on.
  mkdirSync(join(dirPath, '.session'))
  const login = { key: 'bc-payload', value: { user_id: 1, token: 'shipped' } }
  writeFileSync(join(dirPath, '.session', 'payload'), JSON.stringify(login))
  const watched = watch({ dirPath })
  await watched.settled()
  expect(watched.snapshot()).toBeNull()
  expect(readdirSync(dirPath).sort()).toEqual(['.session', 'telemetry.json'])
})

describe('learnpack-telemetry watch', () => {
  it('prints a line an event, and ends at Ctrl-C', async () => {
    const { course, dirPath, write } = newCourse()
    const child = spawn(process.execPath, [bin, 'watch', course, '--json'], { stdio: 'pipe' })
    onTestFinished(() => void child.kill('SIGKILL'))
    let out = ''
    child.stdout.on('data', (text) => (out += String(text)))
    write(first.posts[0]!.body)
    await vi.waitFor(() => expect(out).toContain('"type":"import"'), { timeout: 20_000 })
    write(first.posts.at(-1)!.body)
    await vi.waitFor(() => expect(out).toContain('"type":"test","step":"02-recap"'), { timeout: 20_000 })
    child.kill('SIGINT')
    const code = await new Promise((resolve) => child.once('close', resolve))
    expect(code).toBe(0)
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string })
    expect(lines[0]?.type).toBe('import')
    expect(readdirSync(join(dirPath, 'telemetry'))).toContain('index.json')
  })

  it('says what it cannot watch', async () => {
    let err = ''
    const output = { out() {}, err: (text: string) => void (err += text) }
    expect(await main(['watch', join(tmpdir(), 'is-not-there')], output)).toBe(1)
    expect(err).toMatch(/is-not-there: no such folder\n$/)
  })
})

it('the plugin gives a host that records by itself a whole file back before it starts', async () => {
  const { course, dirPath, write, content } = newCourse()
  const before = watch({ dirPath })
  write(first.posts.at(-1)!.body)
  await before.close()
  write('{"torn')
  const program = `require(${JSON.stringify(plugin)}).beforeStart({ version: '2.1.34', runHook() {} })`
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', program], {
    cwd: course,
    encoding: 'utf8',
  })
  expect([status, stdout, stderr]).toEqual([0, '', ''])
  expect(JSON.parse(content())).toEqual(withoutName(first.posts.at(-1)!.body))
})
