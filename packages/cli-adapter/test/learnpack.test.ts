// The real thing: npm's learnpack serves a course, its own plugin runner runs the code, a real socket.io client
// presses the buttons, a real receiver is sent what happened.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeLine, type Snapshot, type TelemetryEvent } from '@learnpack/telemetry-core'
import { crc32 } from '@learnpack/telemetry-transport-file'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  closeAll,
  filesBelow,
  hostEnvironment,
  runLearnPack,
  secondMajor,
  hostSession,
  language,
  newCourse,
  ours,
  receiver,
  startLearnPack,
  until,
} from './learnpack-host'

let env: NodeJS.ProcessEnv
beforeAll(() => void (env = hostEnvironment()))
afterAll(closeAll)

const snapshotOf = (course: { path: string }): Snapshot =>
  JSON.parse(readFileSync(join(course.path, '.learn', 'telemetry.json'), 'utf8')) as Snapshot

function logOf(course: { path: string }): TelemetryEvent[] {
  const { telemetry_id } = snapshotOf(course)
  const log = readFileSync(join(course.path, '.learn', 'telemetry', telemetry_id, 'events.ndjson'), 'utf8')
  return log
    .trimEnd()
    .split('\n')
    .map((line) => {
      const decoded = decodeLine(line, crc32)
      if (!decoded.ok) throw new Error(decoded.reason)
      return decoded.event
    })
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const number = expect.any(Number) as number

describe('learnpack start', () => {
  it('records, keeps and sends a learner’s path', async () => {
    const { got, telemetry } = await receiver()
    const course = await newCourse(telemetry)
    const app = join(course.path, 'exercises/02-add/app.js')
    const wrong = readFileSync(app, 'utf8')
    const right = wrong.replace('a - b', 'a + b')

    // Logged out: recorded, and nothing sent; a question to the tutor is not recorded at all.
    const first = await startLearnPack(course, { env })
    for (const slug of ['00-welcome', '01-hello'])
      expect((await first.get(`/exercise/${slug}`)).status).toBe(200)
    await first.press('build', { exerciseSlug: '01-hello' }, 'compiler-success')
    expect((await first.get('/exercise/02-add')).status).toBe(200)
    await first.press('test', { exerciseSlug: '02-add' }, 'testing-error')
    writeFileSync(app, right)
    await first.press('test', { exerciseSlug: '02-add' }, 'testing-success')
    const question = (student_message: string) => ({
      stepPosition: 2,
      event: 'ai_interaction',
      eventData: {
        student_message,
        source_code: right,
        ai_response: 'Because.',
        starting_at: 1,
        ending_at: 2,
      },
    })
    await first.press('ai_interaction', question('logged out'), 'internal-error')
    expect(got).toEqual([])

    // Logged in: what was recorded before goes out, stamped with the student.
    const session = await hostSession(course.path)
    await session.login(42)
    await first.press('ai_interaction', question('Why?'), 'internal-error')
    const streamed = () => got.filter(({ path }) => path === '/stream')
    await until(() => streamed().length === 7)
    expect(await first.end('SIGINT')).toMatchObject({ code: 0 })

    const types = logOf(course).map(({ type }) => type)
    expect(types).toEqual([
      'session_start',
      'open_step',
      'open_step',
      'compile',
      'open_step',
      'test',
      'test',
      'student_identified',
      'ai_interaction',
      'session_end',
    ])
    const after = snapshotOf(course)
    const attempt = { starting_at: number, ended_at: number, cpuUsage: number, memoryUsage: number }
    const file = (slug: string, name: string, hidden: boolean) => ({
      path: `exercises/${slug}/${name}`,
      name,
      hidden,
    })
    expect(after).toEqual({
      telemetry_id: expect.stringMatching(/^[a-z0-9]{16}$/) as string,
      user_id: 42,
      slug: 'small-course',
      agent: 'vscode',
      tutorial_started_at: number,
      last_interaction_at: number,
      workout_session: [{ started_at: after.tutorial_started_at, ended_at: after.last_interaction_at }],
      steps: [
        {
          slug: '00-welcome',
          position: 0,
          files: [file('00-welcome', 'README.md', true)],
          ai_interactions: [],
          compilations: [],
          tests: [],
          is_testeable: false,
          opened_at: number,
          completed_at: after.steps[1]!.opened_at,
        },
        {
          slug: '01-hello',
          position: 1,
          files: [file('01-hello', 'README.md', true), file('01-hello', 'app.js', false)],
          ai_interactions: [],
          compilations: [
            {
              ...attempt,
              source_code: base64(readFileSync(join(course.path, 'exercises/01-hello/app.js'), 'utf8')),
              stdout: base64('hello ñ\n'),
              stderr: '',
              exit_code: 0,
              signal: null,
            },
          ],
          tests: [],
          is_testeable: false,
          opened_at: number,
          completed_at: after.steps[2]!.opened_at,
        },
        {
          slug: '02-add',
          position: 2,
          files: [
            file('02-add', 'README.md', true),
            file('02-add', 'app.js', false),
            file('02-add', 'test.js', true),
          ],
          ai_interactions: [
            {
              student_message: 'Why?',
              source_code: base64(right),
              ai_response: 'Because.',
              starting_at: 1,
              ending_at: 2,
            },
          ],
          compilations: [],
          tests: [
            expect.objectContaining({ ...attempt, stdout: '', stderr: base64('1 + 2 is 3\n'), exit_code: 1 }),
            expect.objectContaining({ ...attempt, stdout: base64('well done\n'), stderr: '', exit_code: 0 }),
          ],
          is_testeable: true,
          opened_at: number,
          completed_at: number,
        },
      ],
    })
    expect(streamed().map(({ body }) => [body['event'], body['step_position'], body['slug']])).toEqual([
      ['open_step', 0, '00-welcome'],
      ['open_step', 1, '01-hello'],
      ['compile', 1, '01-hello'],
      ['open_step', 2, '02-add'],
      ['test', 2, '02-add'],
      ['test', 2, '02-add'],
      ['ai_interaction', 2, '02-add'],
    ])
    const events = logOf(course).filter(({ step }) => step !== undefined)
    expect(streamed().map(({ headers }) => headers['webhook-id'])).toEqual(events.map(({ id }) => id))
    for (const { body } of got) expect(body).toMatchObject({ user_id: 42, telemetry_id: after.telemetry_id })
    expect(streamed()[2]!.body['data']).toEqual(after.steps[1]!.compilations[0])
    expect(streamed()[6]!.body['data']).toEqual(after.steps[2]!.ai_interactions[0])
    const batches = () => got.filter(({ path }) => path === '/batch?asset_id=7')
    expect(batches().length).toBeGreaterThanOrEqual(1)
    expect(batches()[0]!.body).not.toHaveProperty('event')

    // A second start: another session, the student still logged in.
    const delivered = got.length
    const second = await startLearnPack(course, { env })
    await second.get('/exercise/00-welcome')
    await until(() => streamed().length === 8 && got.length >= delivered + 2)
    await session.logout()
    await second.get('/exercise/01-hello')
    expect(await second.end('SIGTERM')).toMatchObject({ code: 0 })
    expect(
      logOf(course)
        .slice(types.length)
        .map(({ type }) => type),
    ).toEqual(['session_start', 'open_step', 'student_cleared', 'open_step', 'session_end'])
    const last = snapshotOf(course)
    expect(last.workout_session).toEqual([
      after.workout_session[0],
      { started_at: number, ended_at: last.last_interaction_at },
    ])
    expect(batches().at(-1)!.body).toMatchObject({ workout_session: [{}, {}] })
    expect(streamed()).toHaveLength(8)

    for (const [path, text] of filesBelow(join(course.path, '.learn'))) {
      if (path.startsWith('telemetry'))
        expect([path, text]).not.toEqual([path, expect.stringMatching(/secret-token|ana@/)])
    }
    expect(JSON.stringify(got)).not.toMatch(/secret-token|ana@/)
  })

  it('sends to what learn.json names now, not to what it named once', async () => {
    const { got, telemetry } = await receiver()
    const course = await newCourse(telemetry)
    const session = await hostSession(course.path)
    // What is left at the end would come later, by another process.
    const first = await startLearnPack(course, { env: { ...env, LEARNPACK_TELEMETRY_DETACHED: '0' } })
    // Not before: a session file that is as old as the course counts for nobody.
    await session.login(42)
    await first.get('/exercise/00-welcome')
    await until(() => got.length > 0)
    await first.end('SIGINT')
    const before = got.length
    const learnJson = join(course.path, 'learn.json')
    const { telemetry: _, ...without } = JSON.parse(readFileSync(learnJson, 'utf8')) as Record<
      string,
      unknown
    >
    writeFileSync(learnJson, JSON.stringify(without))
    const second = await startLearnPack(course, { env })
    await second.get('/exercise/00-welcome')
    await second.end('SIGINT')
    expect(got).toHaveLength(before)
    const status = runLearnPack(['telemetry:status', '.', '--json'], { env, cwd: course.path })
    const { telemetries } = JSON.parse(status.stdout) as {
      telemetries: { destinations: { configured: boolean }[] }[]
    }
    // Of batch and stream, the second may not have been tried before the end.
    expect(new Set(telemetries[0]!.destinations.map(({ configured }) => configured))).toEqual(
      new Set([false]),
    )
  })

  it('says, answers and ends as it does without us', async () => {
    const seen = async (plugins: NodeJS.ProcessEnv) => {
      const course = await newCourse()
      const host = await startLearnPack(course, { env: plugins })
      const answers = [
        await host.get('/exercise/00-welcome'),
        await host.get('/config'),
        await host.get('/none'),
      ]
      const { code, signal, output } = await host.end('SIGINT')
      const masked = JSON.stringify({ code, signal, output, answers, messages: host.messages })
      return masked.replaceAll(String(course.port), 'PORT').replace(/session\\*":\d+/g, 'session')
    }
    expect(await seen(env)).toBe(await seen(hostEnvironment([language])))
  })

  it('knows who has just logged in when a button is pressed', async () => {
    const course = await newCourse()
    const host = await startLearnPack(course, { env })
    await (await hostSession(course.path)).login(42)
    await host.press('build', { exerciseSlug: '01-hello' }, 'compiler-success')
    await host.end('SIGINT')
    expect(logOf(course).map(({ type }) => type)).toEqual([
      'session_start',
      'student_identified',
      'compile',
      'session_end',
    ])
  })

  it('ends its session at SIGHUP', async () => {
    const course = await newCourse()
    const host = await startLearnPack(course, { env })
    await host.get('/exercise/00-welcome')
    await host.end('SIGHUP')
    expect(logOf(course).map(({ type }) => type)).toEqual(['session_start', 'open_step', 'session_end'])
  })
})

describe('a page of another origin', () => {
  it('opens no step, whatever LearnPack answers it', async () => {
    const course = await newCourse()
    const host = await startLearnPack(course, { env })
    const foreign = await host.get('/exercise/00-welcome', { 'sec-fetch-site': 'cross-site' })
    expect(foreign.status).toBe(200)
    await host.get('/exercise/01-hello', { 'sec-fetch-site': 'same-origin' })
    await host.end('SIGINT')
    const opened = logOf(course).flatMap(({ type, step }) => (type === 'open_step' ? [step] : []))
    expect(opened).toMatchObject([{ slug: '01-hello' }])
  })
})

describe('LearnPack 2, which records by itself', () => {
  it('is left alone: nothing of ours is written, and status says so', async () => {
    const root = secondMajor()
    const there = { env: hostEnvironment(undefined, root), root }
    const course = await newCourse((await receiver()).telemetry)
    const host = await startLearnPack(course, there)
    await host.get('/exercise/01-hello')
    await host.press('build', { exerciseSlug: '01-hello' }, 'compiler-success')
    await host.end('SIGINT')
    expect(readFileSync(join(course.path, 'own-telemetry.txt'), 'utf8')).toBe('compile ')
    expect(existsSync(join(course.path, '.learn', 'telemetry'))).toBe(false)
    expect(existsSync(join(course.path, '.learn', 'telemetry.json'))).toBe(false)
    writeFileSync(join(course.path, '.learn', 'telemetry.json'), '{}')
    const status = runLearnPack(['telemetry:status'], { ...there, cwd: course.path })
    expect(status.stderr).toContain('LearnPack 2.1.34 records telemetry by itself: this plugin steps aside')
    expect(status.stderr).toContain('LearnPack itself records here')
    expect(runLearnPack(['clean'], { ...there, cwd: course.path }).status).toBe(0)
    expect(existsSync(join(course.path, '.learn', 'telemetry.json'))).toBe(true)
  })
})

describe('other commands of the host', () => {
  it('telemetry:... are the commands of learnpack-telemetry', async () => {
    const course = await newCourse()
    const host = await startLearnPack(course, { env })
    await host.get('/exercise/00-welcome')
    await host.end('SIGINT')
    const run = (...args: string[]) => runLearnPack(args, { env, cwd: course.path })
    const plain = (...args: string[]) =>
      spawnSync(process.execPath, [join(ours, 'bin/learnpack-telemetry.js'), ...args], {
        env,
        cwd: course.path,
        encoding: 'utf8',
      }).stdout
    for (const words of [['status'], ['show'], ['dead-letters', 'list'], ['doctor'], ['replay']]) {
      const { stdout, stderr } = run(`telemetry:${words.join(':')}`)
      expect([stdout, stderr]).toEqual([plain(...words), ''])
      expect(stdout.length).toBeGreaterThan(10)
    }
    expect(JSON.parse(run('telemetry:status', '.', '--json').stdout)).toEqual(
      JSON.parse(plain('status', '--json')),
    )
    expect(run('telemetry:show', '--step', 'nowhere').status).toBe(1)
    expect(run('telemetry:debug', '.', '--json')).toMatchObject({
      status: 0,
      stdout: '[]\n',
      stderr: expect.stringContaining('nothing would be sent: ') as string,
    })
    expect(run('telemetry:export', '.', '--to', 'mine.zip')).toMatchObject({ status: 0, stderr: '' })
    expect(readFileSync(join(course.path, 'mine.zip')).subarray(0, 2).toString()).toBe('PK')
    expect(run('telemetry:doctor', '--help').stdout).toContain('--probe')
    expect(run('telemetry:status', '--help').stdout).toContain('--json')
    expect(run('help').stdout).toContain('telemetry  see and control what LearnPack records of your work')
  })

  it('clean leaves nothing behind', async () => {
    const course = await newCourse()
    const host = await startLearnPack(course, { env })
    await host.get('/exercise/00-welcome')
    await host.end('SIGINT')
    expect(filesBelow(join(course.path, '.learn')).size).toBeGreaterThan(3)
    expect(runLearnPack(['clean'], { env, cwd: course.path })).toMatchObject({ status: 0, stderr: '' })
    expect([...filesBelow(join(course.path, '.learn')).keys()]).toEqual([])
  })

  it('keeps what it writes out of git', async () => {
    const course = await newCourse()
    const host = await startLearnPack(course, { env })
    await host.end('SIGINT')
    expect(readFileSync(join(course.path, '.learn/telemetry/.gitignore'), 'utf8')).toBe('*\n')
    for (const args of [
      ['init', '-q'],
      ['add', '-A'],
    ])
      spawnSync('git', args, { cwd: course.path })
    const { stdout } = spawnSync('git', ['ls-files'], { cwd: course.path, encoding: 'utf8' })
    expect(stdout).toContain('learn.json')
    expect(stdout).not.toContain('.learn/telemetry/')
  })
})

/** Presses every button, and returns all that can be seen from outside. */
async function transcript(prepare: (path: string) => void, telemetry?: object, more: NodeJS.ProcessEnv = {}) {
  const course = await newCourse(telemetry)
  prepare(course.path)
  const host = await startLearnPack(course, { env: { ...env, ...more } })
  // Not before: a session file that is as old as the course counts for nobody.
  await (await hostSession(course.path)).login(42)
  const answers = [await host.get('/exercise/00-welcome'), await host.get('/exercise/01-hello')]
  await host.press('build', { exerciseSlug: '01-hello' }, 'compiler-success')
  answers.push(await host.get('/exercise/02-add'))
  await host.press('test', { exerciseSlug: '02-add' }, 'testing-error')
  await host.press('ai_interaction', { stepPosition: 2, eventData: {} }, 'internal-error')
  answers.push(await host.get('/exercise/nowhere'))
  const { code, signal, output } = await host.end('SIGINT')
  const seen = output.replaceAll(String(course.port), 'PORT').replaceAll(course.path, 'COURSE')
  return { course, seen: { code, signal, output: seen, answers, messages: host.messages } }
}

describe('whatever goes wrong with us, learnpack start does not notice', () => {
  let healthy: Awaited<ReturnType<typeof transcript>>
  beforeAll(async () => {
    healthy = await transcript(() => {}, (await receiver()).telemetry)
    expect(logOf(healthy.course)).toHaveLength(9)
  })
  const learn = (path: string, ...names: string[]): string => {
    const to = join(path, '.learn', ...names)
    mkdirSync(join(to, '..'), { recursive: true })
    return to
  }

  it.each<[string, (path: string) => void]>([
    ['a file where our folder should be', (path) => writeFileSync(learn(path, 'telemetry'), '')],
    [
      'corrupt state',
      (path) => {
        writeFileSync(learn(path, 'telemetry.json'), '{"telemetry_id":')
        writeFileSync(learn(path, 'telemetry', 'index.json'), 'null')
        writeFileSync(learn(path, 'telemetry', 'written.json'), '[]')
        writeFileSync(learn(path, 'telemetry', 'x', 'events.ndjson'), Buffer.alloc(5_000, 0xff))
      },
    ],
    ['a folder where telemetry.json should be', (path) => mkdirSync(learn(path, 'telemetry.json'))],
  ])('%s', async (_, prepare) => {
    expect((await transcript(prepare)).seen).toEqual(healthy.seen)
  })

  it('a receiver that hangs, and one that is not there', async () => {
    const hanging = await receiver(() => {})
    expect((await transcript(() => {}, hanging.telemetry)).seen).toEqual(healthy.seen)
    const nowhere = { batch: 'http://127.0.0.1:1/b', stream: 'http://127.0.0.1:1/s' }
    expect((await transcript(() => {}, nowhere)).seen).toEqual(healthy.seen)
  })

  it.each([
    ['no object', 7],
    ['no URLs', { stream: 'nowhere', batch: {} }],
  ])('a telemetry key that is %s', async (_, telemetry) => {
    expect((await transcript(() => {}, telemetry as object)).seen).toEqual(healthy.seen)
  })

  it('switched off: no file, no request', async () => {
    const { got, telemetry } = await receiver()
    const { seen, course } = await transcript(() => {}, telemetry, { DO_NOT_TRACK: '1' })
    expect(seen).toEqual(healthy.seen)
    expect(got).toEqual([])
    expect(existsSync(join(course.path, '.learn', 'telemetry'))).toBe(false)
    expect(existsSync(join(course.path, '.learn', 'telemetry.json'))).toBe(false)
  })
})
