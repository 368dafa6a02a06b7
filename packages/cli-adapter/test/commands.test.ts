// show, measure, enable, disable and purge, each on a real course folder.

import { spawn, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { main } from '../src/cli'
import { choose, consent } from '../src/consent/consent'
import { findLog } from '../src/reading/find-log'
import { createTelemetryManager } from '../src/index'
import type { Measures, Snapshot } from '@learnpack/telemetry-core'
import type { Output } from '../src/shared/output'

const temporary = () => mkdtempSync(join(tmpdir(), 'telemetry-commands-'))
let config: string
beforeEach(() => {
  config = temporary()
  vi.stubEnv('XDG_CONFIG_HOME', config)
  onTestFinished(() => void vi.unstubAllEnvs())
})

async function run(args: string[], output: Partial<Output> = {}) {
  let out = ''
  let err = ''
  const code = await main(args, { out: (text) => (out += text), err: (text) => (err += text), ...output })
  return { code, out, err }
}

/** A course in which two steps were worked on. */
async function course({ learnJson = '{}' } = {}): Promise<string> {
  const path = temporary()
  writeFileSync(join(path, 'learn.json'), learnJson)
  mkdirSync(join(path, 'exercises', '00-hello'), { recursive: true })
  writeFileSync(join(path, 'exercises', '00-hello', 'README.md'), '')
  const manager = createTelemetryManager()
  const steps = ['00-hello', '01-add', '02-loop'].map((slug, position) => ({
    slug,
    position,
    is_testeable: position > 0,
  }))
  void manager.start('os', steps, join(path, '.learn'), 'intro')
  manager.setStudent({ user_id: 42 })
  manager.registerStepEvent(0, 'open_step', {})
  manager.registerStepEvent(1, 'open_step', {})
  manager.registerStepEvent(1, 'compile', {
    source_code: 'print("ñ")',
    stdout: 'ñ\nsecond',
    exitCode: 0,
    starting_at: 1_700_000_000_000,
  })
  manager.registerStepEvent(1, 'test', { stderr: 'not yet', exitCode: 1 })
  manager.registerStepEvent(1, 'ai_interaction', { student_message: 'why?', ai_response: 'because' })
  manager.registerStepEvent(1, 'quiz_submission', {
    status: 'ERROR',
    selections: [{ question: 'How many?', answer: 'seven', isCorrect: false, feedback: 'Count again' }],
    started_at: 1_700_000_000_000,
  })
  await manager.close()
  return path
}

const logOf = (path: string): string => {
  const folder = join(path, '.learn', 'telemetry')
  const id = readdirSync(folder).find((name) => existsSync(join(folder, name, 'events.ndjson')))
  return join(folder, id!, 'events.ndjson')
}

describe('show', () => {
  it('tells what is known, in plain words', async () => {
    const path = await course()
    const { code, out, err } = await run(['show', path])
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/^What LearnPack knows about your work in this course\n\ncourse {8}intro, in os\n/)
    expect(out).toContain('\nstudent       42, logged in\n')
    expect(out).toContain('\nsessions      1\n')
    expect(out).toMatch(/\n✓ 00-hello {2}done 2\d{3}-\d\d-\d\d \d\d:\d\d\n/)
    expect(out).toMatch(/\n● 01-add {2}tried /)
    expect(out).toContain(
      '\n    run passed, 2023-11-14 22:13: your code (10 characters), its output (8 characters)\n',
    )
    expect(out).toContain('\n    tests failed (1): its errors (7 characters)\n')
    expect(out).toContain('\n    quiz failed, 2023-11-14 22:13: the question (9 characters), you answered (5')
    expect(out).toContain('\n○ 02-loop  not opened\n')
    expect(out).toMatch(/\nbegun {9}2\d{3}-\d\d-\d\d \d\d:\d\d UTC\n/)
    expect(out).toMatch(/\n\n--full shows every text; export [^\n]*\n$/)
  })

  it('shows every text with --full, and only one step with --step', async () => {
    const path = await course()
    const { out } = await run(['show', path, '--full', '--step', '01-add'])
    for (const text of [
      'print("ñ")',
      '        ñ\n        second',
      'not yet',
      'why?',
      'because',
      'seven',
      'Count again',
    ])
      expect(out).toContain(text)
    expect(out).not.toContain('00-hello')
    const { steps } = JSON.parse((await run(['show', path, '--json', '--step', '01-add'])).out) as Snapshot
    expect(steps).toMatchObject([{ slug: '01-add', compilations: [{ stdout: 'ñ\nsecond' }] }])
    expect(await run(['show', path, '--step', 'nowhere'])).toMatchObject({
      code: 1,
      err: 'learnpack-telemetry: --step: the course has no step "nowhere"\n',
    })
  })

  it('carries nothing that steers a terminal', async () => {
    const path = await course()
    const manager = createTelemetryManager()
    const steps = [{ slug: 'a\u001B[2J', position: 0 }]
    void manager.start('o\u009Bs', steps, join(path, '.learn'), 'in\u0007tro\nstudent 43')
    const stdout = '\u001B[31mred\u001B[39m\r\nnext\rover\u001B]0;title\u0007\u202Etxt'
    manager.registerStepEvent(0, 'compile', { stdout, exitCode: '\u001B[2J' })
    await manager.close()
    const { out } = await run(['show', path, '--full'])
    expect(out).not.toMatch(/[^\P{Cc}\n]|\p{Bidi_Control}/u)
    expect(out).toContain('\n        red\n        next\\u000dover\\u001b]0;title\\u0007\\u202etxt\n')
    expect(out).toContain('course        in\\u0007tro\\nstudent 43, in o\\u009bs\n')
    const json = await run(['show', path, '--json'])
    expect(json.out).not.toMatch(/[^\P{Cc}\n]/u)
    expect((JSON.parse(json.out) as Snapshot).steps[0]!.compilations[0]!['stdout']).toBe(stdout)
    for (const command of ['show', 'status', 'measure', 'doctor']) {
      expect((await run([command, path])).out, command).not.toMatch(/[^\P{Cc}\n]/u)
    }
  })

  it('--json is telemetry.json with its texts decoded', async () => {
    const path = await course()
    expect(JSON.parse((await run(['show', path, '--json'])).out)).toMatchObject({
      user_id: 42,
      steps: [
        {},
        {
          compilations: [{ source_code: 'print("ñ")', stdout: 'ñ\nsecond' }],
          tests: [{ stderr: 'not yet' }],
        },
        {},
      ],
    })
  })

  it('has colours only for a terminal', async () => {
    const path = await course()
    const escape = '\u001B['
    expect((await run(['show', path])).out).not.toContain(escape)
    expect((await run(['show', path], { colors: true })).out).toContain(escape)
    const bin = fileURLToPath(new URL('../bin/learnpack-telemetry.js', import.meta.url))
    const piped = (env: object) =>
      spawnSync(process.execPath, [bin, 'show', path], {
        encoding: 'utf8',
        env: { PATH: process.env['PATH'], ...env },
      }).stdout
    expect(piped({})).not.toContain(escape)
    expect(piped({ CI: 'true' })).not.toContain(escape)
    expect(piped({ FORCE_COLOR: '1' })).toContain(escape)
    expect(piped({ FORCE_COLOR: '1', NO_COLOR: '1' })).not.toContain(escape)
  })
})

describe('measure', () => {
  const sample = fileURLToPath(new URL('fixtures/telemetry.sample.json', import.meta.url))

  it('is the same of a course, its log and its telemetry.json', async () => {
    const path = await course()
    const measured = async (of: string) => JSON.parse((await run(['measure', of, '--json'])).out) as Measures
    const measures = await measured(path)
    expect(measures).toMatchObject({
      algo_version: '1.0',
      steps: [
        { slug: '00-hello', status: 'completed' },
        { slug: '01-add', status: 'attempted', comp_struggles: 0, test_struggles: 1 },
        { slug: '02-loop', status: 'unread' },
      ],
      course: { total_steps: 3, completion_rate: 33.33, num_sessions: 1, total_interactions: 2 },
    })
    expect(await measured(logOf(path))).toEqual(measures)
    expect(await measured(join(path, '.learn', 'telemetry.json'))).toEqual(measures)
    rmSync(join(path, '.learn', 'telemetry'), { recursive: true })
    expect(await measured(path)).toEqual(measures)
  })

  it('prints a table, or CSV', async () => {
    const { out, code } = await run(['measure', sample])
    expect(code).toBe(0)
    const [titles, , second, ...others] = out.split('\n')
    expect(titles).toMatch(
      /^step +status +time, s +failed runs +failed tests +failed quizzes +AI questions +engagement +frustration$/,
    )
    expect(second).toMatch(/^01\.1-obtain-api-key +completed +26\.92 +1 +0 +0 +0 +0\.75 +5$/)
    expect(others.join('\n')).toMatch(/\ncourse\nsteps +3\ncompleted, % +33\.33\n/)
    const csv = (await run(['measure', sample, '--csv'])).out.trimEnd().split('\r\n')
    expect(csv).toHaveLength(1 + 3 + 1)
    expect(csv[0]).toMatch(/^scope,slug,status,time_spent,/)
    expect(csv[2]).toMatch(/^step,01\.1-obtain-api-key,completed,26\.92,1,0,0,0,0\.75,5,,/)
    expect(csv[4]).toMatch(/^course,,,,,,/)
    expect(new Set(csv.map((line) => line.split(',').length)).size).toBe(1)
  })

  it('says what it cannot measure', async () => {
    const path = temporary()
    writeFileSync(join(path, 'telemetry.json'), '{"steps":7}')
    expect(await run(['measure', join(path, 'telemetry.json')])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/telemetry\.json: is no telemetry: /) as string,
    })
    expect(await run(['measure', temporary()])).toMatchObject({ code: 1 })
    expect(await run(['measure', join(path, 'nowhere')])).toMatchObject({ code: 1 })
    expect(await run(['measure', sample, '--json', '--csv'])).toMatchObject({ code: 2 })
  })

  it('as CSV gives a spreadsheet no formula', async () => {
    const path = join(temporary(), 'telemetry.json')
    const slugs = ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '＝1', 'a=1', '0-a']
    writeFileSync(path, JSON.stringify({ telemetry_id: 'x', steps: slugs.map((slug) => ({ slug })) }))
    const { out } = await run(['measure', path, '--csv'])
    const shown = out.split('\r\n').flatMap((row) => /^step,("[^"]*"|[^,]*)/.exec(row)?.[1] ?? [])
    expect(shown).toEqual(["'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\t=1", '"\'\r=1"', "'＝1", 'a=1', '0-a'])
  })
})

describe('measure', () => {
  it('takes a log by a link, as replay does', async () => {
    const path = await course()
    const link = join(temporary(), 'link.ndjson')
    symlinkSync(findLog(path), link)
    const { code, out } = await run(['measure', link, '--json'])
    expect([code, out]).toEqual([0, (await run(['measure', path, '--json'])).out])
  })

  it('measures no telemetry.json in place of a log that cannot be read', async () => {
    const path = await course()
    const folder = join(path, '.learn', 'telemetry')
    rmSync(folder, { recursive: true })
    writeFileSync(folder, 'in the way')
    expect(await run(['measure', path])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^learnpack-telemetry: ENOTDIR: /) as string,
    })
  })
})

describe('enable and disable', () => {
  const recordsIn = (path: string): boolean => {
    const manager = createTelemetryManager()
    void manager.start('os', [{ slug: 'a', position: 0 }], join(path, '.learn'), 'intro')
    const recorded = manager.current !== null
    void manager.close()
    return recorded
  }

  it('are for every course, or for one, which then decides', async () => {
    const [one, two] = [temporary(), temporary()]
    expect([recordsIn(temporary()), recordsIn(temporary())]).toEqual([true, true])
    expect(await run(['disable'])).toEqual({ code: 0, err: '', out: 'recording is off everywhere\n' })
    expect([recordsIn(one), recordsIn(two)]).toEqual([false, false])
    expect(readdirSync(one)).toEqual([])
    expect((await run(['enable', one])).out).toBe(`recording is on in ${one}\n`)
    expect([recordsIn(one), recordsIn(two)]).toEqual([true, false])
    await run(['enable'])
    await run(['disable', one, '--json'])
    expect([recordsIn(one), recordsIn(two)]).toEqual([false, true])
    expect(readFileSync(join(config, 'learnpack-telemetry', 'consent.json'), 'utf8')).toContain(one)
  })

  it('off everywhere means also where it was switched on by itself; on says what stays off', async () => {
    const [one, two] = [temporary(), temporary()]
    await run(['enable', one])
    expect((await run(['disable'])).out).toBe('recording is off everywhere\n')
    expect([recordsIn(one), recordsIn(two)]).toEqual([false, false])
    await run(['disable', two])
    expect((await run(['enable'])).out).toBe(
      `recording is on everywhere but in ${realpathSync(two)}, switched off by itself\n`,
    )
    expect([recordsIn(one), recordsIn(two)]).toEqual([true, false])
    mkdirSync(join(one, 'inside'))
    await run(['enable', join(one, 'inside')])
    await run(['disable', one])
    expect(recordsIn(join(one, 'inside'))).toBe(false)
  })

  it('take no file', async () => {
    const file = join(temporary(), 'learn.json')
    writeFileSync(file, '{}')
    const err = `learnpack-telemetry: ${file}: is not a folder; name the course folder\n`
    for (const command of ['disable', 'enable', 'purge', 'status', 'flush', 'debug', 'watch'])
      expect(await run([command, file])).toEqual({ code: 1, out: '', err })
    expect(existsSync(join(config, 'learnpack-telemetry', 'consent.json'))).toBe(false)
  })

  it('of 12 processes at once are all kept', { timeout: 60_000 }, async () => {
    const folders = Array.from({ length: 12 }, temporary)
    const bin = fileURLToPath(new URL('../bin/learnpack-telemetry.js', import.meta.url))
    const codes = await Promise.all(
      folders.map(
        (folder) =>
          new Promise((resolve) =>
            spawn(process.execPath, [bin, 'disable', folder], { stdio: 'ignore' }).once('close', resolve),
          ),
      ),
    )
    expect(codes).toEqual(folders.map(() => 0))
    expect(folders.filter((folder) => consent(folder).enabled)).toEqual([])
  })

  it('fail where nothing was changed, and only there: at every call to the disk that may fail', async () => {
    const bin = fileURLToPath(new URL('../bin/learnpack-telemetry.js', import.meta.url))
    const preload = new URL('../stress/faults/preload.mjs', import.meta.url).href
    const codes: number[] = []
    for (let n = 1, calls = Infinity; n <= calls; n++) {
      const [folder, trace] = [temporary(), join(temporary(), 'trace')]
      const faults = { roots: [config], trace, kind: 'eio', n }
      const { status } = spawnSync(process.execPath, ['--import', preload, bin, 'disable', folder], {
        env: { ...process.env, FAULTS: JSON.stringify(faults) },
      })
      const made = readFileSync(trace, 'utf8').trimEnd().split('\n').length
      if (made < n) calls = made
      expect([n, status === 0]).toEqual([n, !consent(folder).enabled])
      codes.push(status ?? -1)
    }
    expect(codes.filter((code) => code === 1).length).toBeGreaterThan(3)
    expect(codes.filter((code) => code === 0).length).toBeGreaterThan(3)
  }, 60_000)

  it('take a course by any of its names, and no folder that is not there', async () => {
    const path = temporary()
    mkdirSync(join(path, '.learn'))
    const link = join(temporary(), 'link')
    symlinkSync(path, link)
    for (const name of [join(path, '.learn'), link, `${path}/`]) {
      expect(await run(['disable', name])).toMatchObject({ code: 0 })
      expect([name, recordsIn(path), recordsIn(link)]).toEqual([name, false, false])
      await run(['enable', path])
    }
    expect(await run(['disable', join(path, 'nowhere')])).toMatchObject({
      code: 1,
      err: `learnpack-telemetry: ${join(path, 'nowhere')}: no such folder\n`,
    })
    const recorded = await course()
    await run(['disable', recorded])
    expect(await run(['flush', join(recorded, '.learn')])).toMatchObject({
      code: 1,
      err: expect.stringContaining('switched off') as string,
    })
  })

  it('count for every folder below, there or not, unless a nearer one was chosen for', () => {
    const path = temporary()
    const data = join(path, 'data')
    choose(false, path)
    const link = join(temporary(), 'link')
    symlinkSync(path, link)
    expect(consent(join(link, '.learn')).enabled).toBe(false)
    expect(consent(data)).toMatchObject({ enabled: false, because: `chosen for ${realpathSync(path)}` })
    expect([recordsIn(data), existsSync(data)]).toEqual([false, false])
    mkdirSync(data)
    choose(true, data)
    expect([consent(data).enabled, consent(path).enabled]).toEqual([true, false])
  })

  it.each([{ all: 'false' }, { all: 0 }, { all: null }])(
    'take a choice that is neither for no: %j',
    (choice) => {
      choose(true)
      writeFileSync(join(config, 'learnpack-telemetry', 'consent.json'), JSON.stringify(choice))
      expect(consent(temporary()).enabled).toBe(false)
    },
  )

  it('say when the environment decides otherwise', async () => {
    vi.stubEnv('DO_NOT_TRACK', 'true')
    expect((await run(['enable'])).out).toBe(
      'recording is on everywhere, but DO_NOT_TRACK=true decides otherwise here\n',
    )
    const path = temporary()
    expect(recordsIn(path)).toBe(false)
    expect(consent(path).enabled).toBe(false)
  })

  it('never take a choice that cannot be read for none', async () => {
    choose(false)
    writeFileSync(join(config, 'learnpack-telemetry', 'consent.json'), '{"all":')
    expect(recordsIn(temporary())).toBe(false)
    expect(await run(['disable'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('could not be kept') as string,
    })
  })

  it('switched off, nothing is sent either', async () => {
    const path = await course()
    await run(['disable', path])
    expect(await run(['flush', path])).toMatchObject({
      code: 1,
      err: 'learnpack-telemetry: nothing is sent: recording is switched off (chosen for this course)\n',
    })
    expect((await run(['status', path])).out).toMatch(/^recording {7}off, chosen for this course\n/)
  })
})

describe('purge', () => {
  it('leaves nothing behind, and asks before', async () => {
    const path = await course()
    writeFileSync(join(path, '.learn', 'telemetry.json.aside-2026'), 'x')
    writeFileSync(join(path, '.learn', 'config.json'), '{}')
    expect(await run(['purge', path])).toMatchObject({
      code: 1,
      err: expect.stringContaining('needs --yes') as string,
    })
    const asked: string[] = []
    const ask = (answer: boolean) => async (question: string) => (asked.push(question), answer)
    expect(await run(['purge', path], { ask: ask(false) })).toMatchObject({ code: 1 })
    expect(readdirSync(join(path, '.learn'))).toHaveLength(4)
    expect(await run(['purge', path], { ask: ask(true) })).toMatchObject({ code: 0 })
    expect(readdirSync(join(path, '.learn'))).toEqual(['config.json'])
    expect(asked).toEqual(['Delete these for good?', 'Delete these for good?'])
    expect(await run(['purge', path])).toMatchObject({ code: 0, out: 'nothing is recorded there\n' })
  })

  it('--yes does not ask; --json says what is gone', async () => {
    const path = await course()
    const { deleted } = JSON.parse((await run(['purge', path, '--yes', '--json'])).out) as {
      deleted: string[]
    }
    expect(deleted.sort()).toEqual([
      join(path, '.learn', 'telemetry'),
      join(path, '.learn', 'telemetry.json'),
    ])
    expect(readdirSync(join(path, '.learn'))).toEqual([])
  })

  it('deletes nothing that is not ours, and says where there is nothing', async () => {
    const path = temporary()
    for (const name of ['telemetry/x', 'telemetry/x/events.ndjson', '.learn', '.learn/telemetry.json.bak']) {
      if (name.includes('.nd') || name.endsWith('.bak')) writeFileSync(join(path, name), 'mine')
      else mkdirSync(join(path, name), { recursive: true })
    }
    expect(await run(['purge', path, '--yes'])).toMatchObject({ code: 0, out: 'nothing is recorded there\n' })
    expect(existsSync(join(path, 'telemetry/x/events.ndjson'))).toBe(true)
    expect(await run(['purge', join(path, 'nowhere'), '--yes'])).toMatchObject({ code: 1 })
    writeFileSync(join(path, 'file'), '')
    expect(await run(['purge', join(path, 'file', '.learn'), '--yes'])).toMatchObject({ code: 1 })
  })

  it('finds the folder of older courses, as do the other commands', async () => {
    const path = await course()
    renameSync(join(path, '.learn'), join(path, '.breathecode'))
    expect((await run(['status', path])).code).toBe(0)
    expect((await run(['doctor', path])).code).toBe(0)
    await run(['purge', path, '--yes'])
    expect(readdirSync(join(path, '.breathecode'))).toEqual([])
  })

  it('of two folders takes the one with a log, whatever the command', async () => {
    const path = await course()
    mkdirSync(join(path, '.breathecode', 'telemetry'), { recursive: true })
    writeFileSync(join(path, '.breathecode', 'telemetry.json'), '{}')
    const findings = JSON.parse((await run(['doctor', path, '--json'])).out) as { code: string }[]
    expect(findings.map(({ code }) => code)).toContain('record/sound')
    for (const command of [['status'], ['show'], ['measure'], ['replay'], ['debug']])
      expect(await run([...command, path])).toMatchObject({ code: 0 })
    const to = join(temporary(), 'copy')
    expect(await run(['export', path, '--to', to])).toMatchObject({ code: 0 })
    expect(readdirSync(to)).toContain('telemetry')
    expect(existsSync(join(to, 'telemetry', 'index.json'))).toBe(true)
  })

  it('says what it may not read, without a stack trace', async () => {
    const path = temporary()
    mkdirSync(join(path, '.learn', 'telemetry.json'), { recursive: true })
    expect(await run(['measure', path])).toMatchObject({
      code: 1,
      err: expect.stringMatching(
        /^learnpack-telemetry: .*telemetry\.json is a folder, not a file\n$/,
      ) as string,
    })
  })

  it('and export know a folder of another name once it is named', async () => {
    const path = temporary()
    const data = join(path, 'data')
    mkdirSync(join(data, 'of the course'), { recursive: true })
    const manager = createTelemetryManager()
    void manager.start('os', [{ slug: 'a', position: 0 }], data, 'intro')
    await manager.close()
    expect((await run(['status', data])).code).toBe(0)
    const to = join(temporary(), 'copy')
    expect(await run(['export', data, '--to', to])).toMatchObject({ code: 0 })
    expect(existsSync(join(to, 'telemetry', 'index.json'))).toBe(true)
    // Its index is what a crash may take; the log still tells.
    rmSync(join(data, 'telemetry', 'index.json'))
    const { deleted } = JSON.parse((await run(['purge', data, '--yes', '--json'])).out) as {
      deleted: string[]
    }
    expect(deleted.sort()).toEqual([join(data, 'telemetry'), join(data, 'telemetry.json')])
    expect(readdirSync(data)).toEqual(['of the course'])
  })

  it('deletes a telemetry.json without a log, too', async () => {
    const path = temporary()
    mkdirSync(join(path, '.learn'))
    writeFileSync(join(path, '.learn', 'telemetry.json'), '{}')
    await run(['purge', path, '--yes'])
    expect(readdirSync(join(path, '.learn'))).toEqual([])
  })
})
