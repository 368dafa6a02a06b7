// The manager that replaces LearnPack's own, as built: recorded sessions of the stock implementation come out
// as they did, and whoever never closes it loses nothing.

import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Snapshot } from '@learnpack/telemetry-core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type * as built from '../src/index'
import type { ManagerOptions, Student, TelemetryManager } from '../src/index'

interface Vector {
  readonly name: string
  readonly notes: string
  readonly config: { slug: string; agent: string; steps: unknown[]; urls?: object }
  readonly previous?: object
  readonly previous_raw?: string
  readonly shared?: Record<string, object>
  readonly calls: { at: number; op: string; args: unknown[] }[]
  readonly telemetry: unknown
}

const vectors = JSON.parse(
  readFileSync(new URL('fixtures/stock-vectors.json', import.meta.url), 'utf8'),
) as Record<'same' | 'different', Vector[]>

const TELEMETRY_ID = 'q1lllj6jq1lllj6j'
const dist = new URL('../dist/', import.meta.url)
const ways: [string, () => Promise<typeof built>][] = [
  ['CommonJS', async () => createRequire(import.meta.url)(fileURLToPath(new URL('index.cjs', dist)))],
  ['ESM', () => import(new URL('index.js', dist).href)],
]

const newFolder = () => join(mkdtempSync(join(tmpdir(), 'telemetry-manager-')), '.learn')

const managers: TelemetryManager[] = []
beforeEach(() => {
  vi.stubEnv('XDG_CONFIG_HOME', mkdtempSync(join(tmpdir(), 'telemetry-config-')))
  vi.stubEnv('DO_NOT_TRACK', '')
})
afterEach(async () => {
  vi.unstubAllEnvs()
  for (const manager of managers.splice(0)) await manager.close()
})

const step = ({ steps }: Snapshot, slug: string) => steps.find((one) => one.slug === slug)!
const asideIn = (dirPath: string) => readdirSync(dirPath).filter((name) => name.includes('.aside-'))
const at = (second: number) => 1_700_000_000_000 + second * 1_000

/** SPEC §4, "where we differ from stock". */
const differences: Record<string, (file: Snapshot, dirPath: string) => void> = {
  'pass-twice-completed-moves': (file) => expect(step(file, '02-add')).toMatchObject({ completed_at: at(3) }),
  'shared-data-object': (file) => {
    const once = { source_code: 'eD0x', stdout: 'b25l', exit_code: 0 }
    expect(step(file, '02-add')).toMatchObject({ compilations: [once], tests: [once] })
  },
  'ai-interaction': (file) => expect(step(file, '01-hello').ai_interactions).toEqual([]),
  'two-opens-same-step-nontesteable': (file) =>
    expect(step(file, '01-hello')).not.toHaveProperty('completed_at'),
  'unknown-position': (file) =>
    expect(step(file, '01-hello')).toMatchObject({ opened_at: at(2), completed_at: at(3), compilations: [] }),
  'event-before-start': (file) => {
    expect(file.user_id).toBe(7)
    expect(step(file, '00-welcome')).toMatchObject({ opened_at: at(0), completed_at: at(2) })
  },
  'set-student': (file) => expect(file).toMatchObject({ user_id: '43', tutorial_started_at: at(3) }),
  'restart-without-last-interaction': (file) => expect(file.workout_session).toHaveLength(2),
  'restart-twice-no-events': (file) => {
    for (const { started_at, ended_at = started_at } of file.workout_session)
      expect(ended_at).toBeGreaterThanOrEqual(started_at)
  },
  // A file from elsewhere does not tell which step was open.
  'restart-prevstep-lost': (file) => expect(step(file, '00-welcome').completed_at).toBeGreaterThan(at(101)),
  'restart-new-course-shape': (file) => {
    expect(file).toMatchObject({ slug: 'other-course', agent: 'os' })
    expect(step(file, '04-new')).toMatchObject({ opened_at: at(101) })
  },
  'previous-empty-file': (_, dirPath) => expect(asideIn(dirPath)).toHaveLength(1),
  'previous-truncated': (_, dirPath) => expect(asideIn(dirPath)).toHaveLength(1),
}

/** Makes a vector's calls. Requests never leave: the fetch given fails. */
async function replay(load: () => Promise<typeof built>, vector: Vector) {
  const { createTelemetryManager } = await load()
  const dirPath = newFolder()
  mkdirSync(dirPath)
  const previous = vector.previous_raw ?? (vector.previous && JSON.stringify(vector.previous))
  if (previous !== undefined) writeFileSync(join(dirPath, 'telemetry.json'), previous)
  let now = 0
  const manager = createTelemetryManager({
    now: () => now,
    createTelemetryId: () => TELEMETRY_ID,
    redaction: false,
    fetch: () => Promise.reject(new Error('offline')),
  })
  managers.push(manager)
  const { urls, agent, steps, slug } = vector.config
  manager.urls = urls ?? {}
  for (const { at, op, args } of vector.calls) {
    now = at
    if (op === 'start') void manager.start(agent, steps, dirPath, slug)
    else if (op === 'setStudent') manager.setStudent(args[0] as Student)
    else if (op === 'terminate') await manager.submit()
    else {
      const [position, event, data] = args as [number, string, { $ref?: string }]
      manager.registerStepEvent(position, event, data.$ref ? vector.shared![data.$ref] : data)
    }
  }
  manager.save()
  const file = () => JSON.parse(readFileSync(join(dirPath, 'telemetry.json'), 'utf8')) as object
  return { manager, dirPath, file }
}

describe.each(ways)('by %s', (_, load) => {
  it.each(vectors.same)('$name: $notes', async (vector) => {
    const { file, manager } = await replay(load, vector)
    expect(file()).toEqual(vector.telemetry)
    expect(JSON.parse(JSON.stringify(manager.current))).toEqual(vector.telemetry)
    expect(await manager.retrieve()).toEqual(vector.telemetry)
  })

  it.each(vectors.different)('$name: ours, on purpose', async (vector) => {
    const { file, manager, dirPath } = await replay(load, vector)
    expect(file()).toEqual(JSON.parse(JSON.stringify(manager.current)))
    const expected = differences[vector.name]
    if (expected === undefined) throw new Error(`what is expected of ${vector.name}?`)
    expected(file() as Snapshot, dirPath)
  })
})

describe('a manager', () => {
  const { config } = vectors.same[0]!
  async function manager(options: ManagerOptions = {}) {
    const { createTelemetryManager } = await ways[0]![1]()
    const one = createTelemetryManager(options)
    managers.push(one)
    return one
  }

  it('has the members of stock, sync and async as there', async () => {
    const one = await manager()
    expect([one.current, one.urls, one.configPath, one.prevStep]).toEqual([null, {}, '', undefined])
    expect(await one.retrieve()).toBeNull()
    const dirPath = newFolder()
    const started = one.start(config.agent, config.steps, dirPath, config.slug)
    expect(one.current).toMatchObject({ slug: config.slug, agent: config.agent })
    await started
    expect(one.configPath).toBe(dirPath)
    expect(one.registerStepEvent(2, 'open_step', {})).toBeUndefined()
    expect(one.prevStep).toBe(2)
    expect(one.setStudent({ user_id: 7, email: 'a@b.c', token: 'secret-token' })).toBeUndefined()
    expect(one.finishWorkoutSession()).toBeUndefined()
    expect(one.current?.workout_session).toHaveLength(2)
    expect(one.submit()).toBeInstanceOf(Promise)
    expect(one.streamEvent(0, 'compile', {})).toBeInstanceOf(Promise)
    expect(one.save()).toBeUndefined()
    const log = vi.spyOn(console, 'log').mockImplementation(() => {})
    one.salute('hello')
    expect(log.mock.calls).toEqual([['hello']])
    log.mockRestore()
    void one.start(config.agent, config.steps, dirPath, config.slug)
    expect(one.current?.workout_session).toHaveLength(2)
    for (const name of readdirSync(join(dirPath, 'telemetry'), { recursive: true }) as string[]) {
      if (/\.(json|ndjson)$/.test(name))
        expect(readFileSync(join(dirPath, 'telemetry', name), 'utf8')).not.toMatch(/secret-token|a@b\.c/)
    }
  })

  it('closes: the session has ended, telemetry.json is there, later calls do nothing', async () => {
    const one = await manager()
    const dirPath = newFolder()
    void one.start(config.agent, config.steps, dirPath, config.slug)
    await one.close()
    one.registerStepEvent(0, 'open_step', {})
    expect(JSON.parse(readFileSync(join(dirPath, 'telemetry.json'), 'utf8'))).toMatchObject({
      workout_session: [{ ended_at: expect.any(Number) as number }],
    })
    await one.close()
  })

  it('sends the token to allowed origins only, and never keeps it', async () => {
    const asked: [string, string | null][] = []
    const one = await manager({
      allowedOrigins: ['https://school.example'],
      fetch: async (url, init) => {
        asked.push([String(url), new Headers(init?.headers).get('authorization')])
        return new Response()
      },
    })
    one.urls = { batch: 'https://school.example/b', streaming: 'https://elsewhere.example/s' }
    void one.start(config.agent, config.steps, newFolder(), config.slug)
    one.setStudent({ user_id: 7, token: 'secret-token' })
    one.registerStepEvent(0, 'open_step', {})
    await one.close()
    expect(new Map(asked)).toEqual(
      new Map([
        ['https://school.example/b', 'Token secret-token'],
        ['https://elsewhere.example/s', null],
      ]),
    )
  })

  it('redacts every text before it is written', async () => {
    const one = await manager({ redaction: (text) => text.replaceAll('hunter2', '[redacted]') })
    const dirPath = newFolder()
    void one.start(config.agent, config.steps, dirPath, config.slug)
    one.registerStepEvent(1, 'compile', { stdout: 'pw hunter2', nested: { deep: ['hunter2'] }, exitCode: 0 })
    one.save()
    const written = readFileSync(join(dirPath, 'telemetry.json'), 'utf8')
    expect(JSON.parse(written)).toMatchObject({
      steps: [
        {},
        { compilations: [{ stdout: btoa('pw [redacted]'), nested: { deep: ['[redacted]'] } }] },
        {},
        {},
      ],
    })
    expect(
      readFileSync(join(dirPath, 'telemetry', one.current!.telemetry_id!, 'events.ndjson'), 'utf8'),
    ).not.toContain('hunter2')
  })

  it.each(['DO_NOT_TRACK', 'LEARNPACK_TELEMETRY_DISABLED'])(
    '%s=1: records nothing, writes nothing',
    async (name) => {
      vi.stubEnv(name, '1')
      const one = await manager()
      const dirPath = newFolder()
      one.registerStepEvent(0, 'open_step', {})
      void one.start(config.agent, config.steps, dirPath, config.slug)
      one.registerStepEvent(0, 'open_step', {})
      one.setStudent({ user_id: 7 })
      one.save()
      await one.close()
      expect(one.current).toBeNull()
      expect(existsSync(dirPath)).toBe(false)
    },
  )

  it.each([
    ['a path that is none', [undefined, undefined, undefined, undefined]],
    ['steps that are none', ['os', 'steps', newFolder(), 'x']],
    ['nothing at all', []],
  ])('survives a start with %s', async (_, args) => {
    const one = await manager()
    await (one.start as (...args: unknown[]) => Promise<void>)(...args)
    one.registerStepEvent(0, 'open_step', {})
    one.setStudent(undefined as unknown as Student)
    one.save()
    await one.submit()
    expect(one.current).toBeNull()
  })

  it('starts once its folder can be written, with what was recorded until then', async () => {
    const one = await manager()
    const dirPath = newFolder()
    mkdirSync(dirPath)
    writeFileSync(join(dirPath, 'telemetry'), 'in the way')
    void one.start(config.agent, config.steps, dirPath, config.slug)
    one.registerStepEvent(0, 'open_step', {})
    expect(one.current).toBeNull()
    rmSync(join(dirPath, 'telemetry'))
    one.registerStepEvent(1, 'open_step', {})
    expect(one.current?.steps.map(({ opened_at }) => opened_at !== undefined)).toEqual([
      true,
      true,
      false,
      false,
    ])
  })
})

describe('a host that never closes it', () => {
  const script = fileURLToPath(new URL('children/manager-host.cjs', import.meta.url))
  it.each([
    ['exit', 3],
    ['natural', 0],
    ['SIGINT', 130],
  ])('loses nothing: %s', async (way, code) => {
    const dirPath = newFolder()
    const child = spawn(process.execPath, [script, dirPath, way], { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      if (way === 'SIGINT') child.kill('SIGINT')
    })
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
    const ended = await new Promise((resolve) => child.once('close', resolve))
    expect([ended, output]).toEqual([code, 'recorded\n'])
    expect(JSON.parse(readFileSync(join(dirPath, 'telemetry.json'), 'utf8'))).toMatchObject({
      steps: [{ compilations: [{ stdout: btoa('last words') }] }],
      workout_session: [{ ended_at: expect.any(Number) as number }],
    })
  })
})
