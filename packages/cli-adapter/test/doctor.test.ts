// doctor, on real courses each broken in one way, and against real servers that answer badly. Whatever doctor can
// say has to be said here: the last test counts.

import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createServer as createTcpServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { encodeLine, type TelemetryEvent } from '@learnpack/telemetry-core'
import { manualClock } from '@learnpack/telemetry-core/memory'
import { crc32, openCourseFolder } from '@learnpack/telemetry-transport-file'
import { generate } from 'selfsigned'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { main } from '../src/cli'
import { choose } from '../src/consent/consent'
import { FINDINGS, examine, type Code, type Finding } from '../src/doctor/examine'
import { here, type Surroundings } from '../src/doctor/surroundings'
import { createTelemetryManager } from '../src/index'
import { digestOf } from './digest'

const seen = new Set<Code>()
const temporary = () => mkdtempSync(join(tmpdir(), 'telemetry-doctor-'))
beforeEach(() => {
  vi.stubEnv('XDG_CONFIG_HOME', temporary())
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY']) {
    vi.stubEnv(name, undefined)
    vi.stubEnv(name.toLowerCase(), undefined)
  }
  onTestFinished(() => void vi.unstubAllEnvs())
})

const both = { stream: 'https://school.example/s', batch: 'https://school.example/b?asset_id=7' }

/** A sound course of a student who is logged in, with whatever `work` adds to it. */
async function course(
  { telemetry = both as unknown, user_id = 42 as number | null } = {},
  work: (manager: ReturnType<typeof createTelemetryManager>) => void = () => {},
): Promise<string> {
  const path = temporary()
  writeFileSync(join(path, 'learn.json'), JSON.stringify({ slug: 'intro', telemetry }))
  for (const slug of ['00-hello', '01-add']) {
    mkdirSync(join(path, 'exercises', slug), { recursive: true })
    writeFileSync(join(path, 'exercises', slug, 'README.es.md'), '# hola')
  }
  const manager = createTelemetryManager()
  const steps = ['00-hello', '01-add'].map((slug, position) => ({ slug, position, is_testeable: true }))
  void manager.start('os', steps, join(path, '.learn'), 'intro')
  if (user_id !== null) manager.setStudent({ user_id })
  manager.registerStepEvent(0, 'open_step', {})
  manager.registerStepEvent(0, 'test', { stdout: 'ok', exitCode: 0 })
  work(manager)
  await manager.close()
  return path
}

const learn = (path: string): string => join(path, '.learn')
const kept = (path: string): string => join(path, '.learn', 'telemetry')
function logOf(path: string): string {
  const id = readdirSync(kept(path)).find((name) => existsSync(join(kept(path), name, 'events.ndjson')))
  return join(kept(path), id!, 'events.ndjson')
}
const learnJson = (text: unknown) => (path: string) =>
  writeFileSync(join(path, 'learn.json'), typeof text === 'string' ? text : JSON.stringify(text))
const telemetry = (value: unknown) => learnJson({ telemetry: value })
const exercise =
  (name: string, ...files: string[]) =>
  (path: string) => {
    mkdirSync(join(path, 'exercises', name))
    for (const file of files) writeFileSync(join(path, 'exercises', name, file), '')
  }
const append = (event: object) => (path: string) => {
  const whole = { v: 1, id: 'x1', at: 1_700_000_000_000, session: 's', ...event } as TelemetryEvent
  appendFileSync(logOf(path), `${encodeLine(whole, crc32)}\n`)
}
const cursor = (path: string, destination: string, state: object): void => {
  const folder = openCourseFolder(learn(path))
  folder.open(folder.list()[0]!).cursors.write(destination, {
    offset: statSync(logOf(path)).size,
    delivered: 0,
    deadLettered: 0,
    attempts: 0,
    ...state,
  })
  folder.close()
}
const toStream = `http-stream ${both.stream}`
const toBatch = `http-batch ${both.batch}`

/** What else is wrong where something is: no more than that. */
const FOLLOWS: Partial<Record<Code, Code[]>> = {
  'record/large': ['snapshot/differs'],
  'delivery/unknown': ['config/not-json'],
  'receiver/slug': ['snapshot/differs'],
}

const receivers = (text: string) => () => {
  const folder = join(process.env['XDG_CONFIG_HOME']!, 'learnpack-telemetry')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'receivers.json'), text)
}

interface Case {
  readonly says: RegExp
  readonly spoil?: (path: string) => unknown
  readonly make?: () => Promise<string>
  readonly around?: Partial<Surroundings>
  readonly env?: Record<string, string>
}

/** By what doctor finds; each is what it finds beside what is sound. */
const CASES: Partial<Record<Code, Case | Case[]>> = {
  'recording/off': [
    { says: /switched off: chosen for this course/, spoil: (path) => choose(false, path) },
    { says: /switched off: DO_NOT_TRACK=1/, env: { DO_NOT_TRACK: '1' } },
    {
      says: /switched off: .*consent\.json cannot be read/,
      spoil: () => {
        choose(false)
        writeFileSync(join(process.env['XDG_CONFIG_HOME']!, 'learnpack-telemetry', 'consent.json'), '{')
      },
    },
  ],
  'recording/old-node': [
    { says: /^18\.19\.0 is older than/, around: { nodeVersion: '18.19.0' } },
    { says: /^20\.18\.0 is older than/, around: { nodeVersion: '20.18.0' } },
  ],

  'config/missing': { says: /no learn\.json in it/, spoil: (path) => rmSync(join(path, 'learn.json')) },
  'config/unreadable': {
    says: /cannot be read \(.*learn\.json is a folder, not a file\)$/,
    spoil: (path) => {
      rmSync(join(path, 'learn.json'))
      mkdirSync(join(path, 'learn.json'))
    },
  },
  'config/not-json': [
    { says: /is not JSON: .*line 3 column 1/, spoil: learnJson('{\n  "a": 1,\n}') },
    { says: /is not JSON: .*end of JSON.* \(line 2 column 7\)/, spoil: learnJson('{\n  "a":') },
  ],
  'config/not-object': { says: /is not an object/, spoil: learnJson('[]') },
  'config/telemetry-not-object': {
    says: /telemetry: expected an object .*"https:\/\/x\.example"/,
    spoil: telemetry('https://x.example'),
  },
  'config/no-destination': [
    { says: /names no destination/, spoil: learnJson({ slug: 'intro' }) },
    { says: /names no destination/, spoil: telemetry({}) },
  ],
  'config/one-url': [
    {
      says: /telemetry\.batch is missing; telemetry\.stream alone works/,
      spoil: telemetry({ stream: both.stream }),
    },
    { says: /telemetry\.stream is missing/, spoil: telemetry({ batch: both.batch }) },
  ],
  'config/no-url': [
    { says: /telemetry\.batch: .*"nowhere"/, spoil: telemetry({ ...both, batch: 'nowhere' }) },
    { says: /telemetry\.stream: .*found 7/, spoil: telemetry({ ...both, stream: 7 }) },
    { says: /"ftp:\/\/x\.example\/a"/, spoil: telemetry({ ...both, stream: 'ftp://x.example/a' }) },
  ],
  'config/no-scheme': [
    { says: /"school\.example\/batch"/, spoil: telemetry({ ...both, batch: 'school.example/batch' }) },
    {
      says: /"school\.example:8080"/,
      spoil: telemetry({ ...both, batch: 'school.example:8080' }),
    },
    { says: /"localhost:3000\/batch"/, spoil: telemetry({ ...both, batch: 'localhost:3000/batch' }) },
  ],
  'config/credentials': [
    {
      says: /"https:\/\/\*\*\*@school\.example\/b"/,
      spoil: telemetry({ ...both, batch: 'https://me:s3cret@school.example/b' }),
    },
    {
      says: /"\*\*\*@school\.example\/b"/,
      spoil: telemetry({ ...both, batch: 'me:s3cret@school.example/b' }),
    },
  ],
  'config/streaming-differs': {
    says: /telemetry\.streaming: .* differs from telemetry\.stream/,
    spoil: telemetry({ ...both, streaming: 'https://other.example/s' }),
  },
  'config/misspelt': [
    { says: /"telemetri" is not read; did you mean "telemetry"/, spoil: learnJson({ telemetri: both }) },
    { says: /"steam" is not read; did you mean "stream"/, spoil: telemetry({ ...both, steam: 'x' }) },
    { says: /"batchUrl" is not read; did you mean "batch"/, spoil: telemetry({ ...both, batchUrl: 'x' }) },
  ],
  'config/misplaced': {
    says: /"batch" is not read here, only inside "telemetry"/,
    spoil: learnJson({ batch: both.batch }),
  },
  'config/unused-key': { says: /"colour" means nothing here/, spoil: telemetry({ ...both, colour: 1 }) },
  'config/http': [
    { says: /not encrypted/, spoil: telemetry({ ...both, stream: 'http://school.example/s' }) },
    { says: /not encrypted/, spoil: telemetry({ ...both, stream: 'http://127.0.0.1.evil.example/s' }) },
  ],
  'config/receivers': [
    { says: /receivers\.json cannot be read \(it is not JSON\)/, spoil: receivers('{"secret": whsec_x') },
    {
      says: /receivers\.json: "token" of "https:\/\/a\.example" is neither true nor false/,
      spoil: receivers('{"https://a.example":{"token":"yes"}}'),
    },
    {
      says: /"secret" of "https:\/\/a\.example" is not whsec_ and the base64 of 24 to 64 bytes/,
      spoil: receivers('{"https://a.example":{"secret":"hunter2"}}'),
    },
    { says: /"a\.example\/x" is not an origin/, spoil: receivers('{"a.example/x":{"token":true}}') },
  ],
  'config/asset-id': {
    says: /asset_id "seven" is not an integer/,
    spoil: telemetry({ ...both, batch: 'https://s.example/?asset_id=seven' }),
  },
  'config/no-asset-id': {
    says: /has no asset_id/,
    spoil: telemetry({ ...both, batch: 'https://breathecode.4geeks.com/v1/telemetry' }),
  },

  'exercises/missing': {
    says: /exercises: no such folder/,
    spoil: (path) => rmSync(join(path, 'exercises'), { recursive: true }),
  },
  'exercises/unreadable': {
    says: /cannot be read \(ENOTDIR/,
    spoil: (path) => {
      rmSync(join(path, 'exercises'), { recursive: true })
      writeFileSync(join(path, 'exercises'), '')
    },
  },
  'exercises/empty': {
    says: /has no exercises/,
    spoil: (path) => {
      rmSync(join(path, 'exercises'), { recursive: true })
      mkdirSync(join(path, 'exercises', 'node_modules'), { recursive: true })
      writeFileSync(join(path, 'exercises', 'README.md'), '')
    },
  },
  'exercises/name': { says: /not a name that LearnPack accepts/, spoil: exercise('02 añadir', 'README.md') },
  'exercises/no-number': { says: /does not begin with a number/, spoil: exercise('loop', 'README.md') },
  'exercises/same-number': {
    says: /01-add and 1-more have the same number, 1$/,
    spoil: exercise('1-more', 'readme.md'),
  },
  'exercises/no-readme': [
    { says: /has no README\.md/, spoil: exercise('02-loop', 'app.py') },
    {
      says: /has no README\.md/,
      spoil: (path) => symlinkSync(join(path, 'gone'), join(path, 'exercises', '02-link')),
    },
  ],

  'folder/link': {
    says: /is a symbolic link/,
    spoil: (path) => {
      renameSync(kept(path), join(path, 'elsewhere'))
      symlinkSync(join(path, 'elsewhere'), kept(path))
    },
  },
  'folder/no-folder': {
    says: /\.learn is not a folder/,
    spoil: (path) => {
      rmSync(learn(path), { recursive: true })
      writeFileSync(learn(path), '')
    },
  },
  'folder/open-to-others': [
    { says: /telemetry can be read by others/, spoil: (path) => chmodSync(kept(path), 0o755) },
    { says: /events\.ndjson can be read by others/, spoil: (path) => chmodSync(logOf(path), 0o644) },
  ],
  'folder/not-ignored': {
    says: /is not ignored by git/,
    spoil: (path) => {
      mkdirSync(join(path, '.git'))
      writeFileSync(join(kept(path), '.gitignore'), '# *\n')
    },
  },
  'folder/disk-nearly-full': { says: /^only 12 MB are left/, around: { freeBytes: () => 12_345_678 } },
  'folder/in-use': {
    says: new RegExp(`^process ${process.pid} on \\S+ records here`),
    spoil: (path) => {
      const host = openCourseFolder(learn(path))
      host.lease.acquire()
      onTestFinished(() => host.close())
    },
  },

  'record/none': {
    says: /nothing is recorded yet/,
    spoil: (path) => rmSync(learn(path), { recursive: true }),
  },
  'record/by-stock': {
    says: /LearnPack itself recorded it/,
    spoil: (path) => rmSync(kept(path), { recursive: true }),
  },
  'record/several': {
    says: /^2 telemetries lie here/,
    make: () => course({}, (manager) => manager.setStudent({ user_id: 7 })),
  },
  'record/set-aside': {
    says: /aside-2026 was telemetry\.json, but not valid/,
    spoil: (path) => writeFileSync(join(learn(path), 'telemetry.json.aside-2026'), 'x'),
  },
  'record/index-lost': [
    { says: /is missing or cannot be read/, spoil: (path) => rmSync(join(kept(path), 'index.json')) },
    {
      says: /is missing or cannot be read/,
      spoil: (path) => writeFileSync(join(kept(path), 'index.json'), '{"curr'),
    },
  ],
  'record/log-lost': {
    says: /events\.ndjson is gone/,
    spoil: (path) => rmSync(dirname(logOf(path)), { recursive: true }),
  },
  'record/unreadable': [
    {
      says: /cannot be read: /,
      spoil: (path) => {
        const log = logOf(path)
        rmSync(log)
        mkdirSync(log, { mode: 0o700 })
      },
    },
    {
      says: /cannot be read: .*symbolic link/,
      spoil: (path) => {
        const home = dirname(logOf(path))
        renameSync(home, join(path, 'moved'))
        symlinkSync(join(path, 'moved'), home)
      },
    },
    {
      says: /cannot be read: /,
      spoil: (path) => {
        rmSync(kept(path), { recursive: true })
        writeFileSync(join(learn(path), 'telemetry.json'), '{"steps":')
      },
    },
  ],
  'record/damaged': {
    says: /^line \d+: not JSON: "hello"/,
    spoil: (path) => appendFileSync(logOf(path), 'hello\n'),
  },
  'record/unfinished': {
    says: /^ends in 9 bytes/,
    spoil: (path) => appendFileSync(logOf(path), '{"v":1,"i'),
  },
  'record/duplicates': {
    says: /^1 lines repeat/,
    spoil: (path) =>
      appendFileSync(logOf(path), readFileSync(logOf(path), 'utf8').split('\n').slice(0, 1).join('') + '\n'),
  },
  'record/unknown-type': {
    says: /^line \d+: event of unknown type "quiz"/,
    spoil: append({ type: 'quiz' }),
  },
  'record/refused': {
    says: /^1 calls were not recorded: /,
    make: () => course({}, (manager) => manager.registerStepEvent(9, 'compile', {})),
  },
  'record/before-login': {
    says: /^1 calls were not recorded: ai_interaction is recorded only while a student is logged in$/,
    make: () =>
      course({ user_id: null }, (manager) =>
        manager.registerStepEvent(0, 'ai_interaction', { student_message: '?' }),
      ),
  },
  'record/large': {
    says: /^has 20 MB: above 24 MB the commands refuse to read it$/,
    spoil: (path) => {
      const data = { stdout: 'x'.repeat(1_000_000), exit_code: 0 }
      const step = { slug: '00-hello', position: 0 }
      for (let n = 0; n < 20; n++) append({ id: `big-${n}`, type: 'compile', step, data })(path)
    },
  },

  'snapshot/missing': { says: /is missing/, spoil: (path) => rmSync(join(learn(path), 'telemetry.json')) },
  'snapshot/differs': {
    says: /differs from the log/,
    spoil: (path) => writeFileSync(join(learn(path), 'telemetry.json'), '{}'),
  },
  'snapshot/no-file': {
    says: /is not a file/,
    spoil: (path) => {
      rmSync(join(learn(path), 'telemetry.json'))
      mkdirSync(join(learn(path), 'telemetry.json'))
    },
  },

  'delivery/nobody': { says: /nobody has logged in yet/, make: () => course({ user_id: null }) },
  'delivery/logged-out': {
    says: /^42 is not logged in: nothing is sent/,
    spoil: append({ type: 'student_cleared', data: {} }),
  },
  'delivery/foreign-login': {
    says: /^nothing is sent: the login in this event log was made on another machine; log in with LearnPack here$/,
    spoil(path) {
      const folder = openCourseFolder(learn(path))
      folder.writeIndex({ ...folder.readIndex()!, machine: 'another' })
    },
  },
  'delivery/waiting': { says: /^2 waiting since 20\S+Z$/ },
  'delivery/elsewhere': {
    says: /^7 delivered; learn\.json does not name it/,
    spoil: (path) => cursor(path, 'http-stream https://old.example/s', { offset: 0, delivered: 7 }),
  },
  'delivery/unknown': {
    says: /^7 delivered; nothing is sent while learn\.json cannot be used$/,
    spoil: (path) => {
      cursor(path, 'http-stream https://old.example/s', { offset: 0, delivered: 7 })
      writeFileSync(join(path, 'learn.json'), '{')
    },
  },
  'delivery/paused': {
    says: /^paused: answered 401$/,
    spoil(path) {
      const paused = { reason: 'answered 401', offset: statSync(logOf(path)).size }
      cursor(path, toStream, { offset: 0, paused })
    },
  },
  'delivery/backs-off': {
    says: /^not reached \(answered 503\), next attempt at 20\S+Z$/,
    spoil: (path) =>
      cursor(path, toStream, {
        offset: 0,
        attempts: 1,
        retryAt: Date.now() + 3_600_000,
        retryAsked: 3_600_000,
        lastError: 'answered 503',
      }),
  },
  'delivery/rejected': {
    says: /^refused the last batch: answered 422$/,
    spoil: (path) => cursor(path, toBatch, { lastError: 'answered 422' }),
  },
  'delivery/dead-letters': {
    says: /^1 dead letters since 2023-11-14T22:13:20\.000Z: answered 422$/,
    spoil: (path) => {
      const folder = openCourseFolder(learn(path))
      const at = 1_700_000_000_000
      const letter = { destination: toStream, id: 'a', offset: 0, at, reason: 'answered 422' }
      folder.open(folder.list()[0]!).deadLetters.append(letter)
      folder.close()
    },
  },

  'receiver/slug': {
    says: /^the course has no slug/,
    spoil: append({ type: 'session_start', data: { telemetry_id: 'a', slug: '', agent: 'os', steps: [] } }),
  },
  'receiver/unread': {
    says: /^step 01-add is completed but was never opened: it counts as unread$/,
    make: () => course({}, (manager) => manager.registerStepEvent(1, 'test', { exitCode: 0 })),
  },

  'network/proxied': [
    {
      says: /^goes through the proxy http:\/\/proxy\.example:8080 \(HTTPS_PROXY\)$/,
      env: { HTTPS_PROXY: 'http://me:s3cret@proxy.example:8080' },
    },
    {
      says: /^goes through the proxy socks5:\/\/proxy\.example:1080 \(http_proxy\)$/,
      env: { http_proxy: 'socks5://proxy.example:1080' },
    },
  ],
  'network/direct': {
    says: /^does not use the proxy of HTTPS_PROXY$/,
    env: { HTTPS_PROXY: 'http://proxy.example:8080', NO_PROXY: 'other.example,.school.example' },
  },
  'network/proxy-malformed': [
    {
      says: /^cannot be sent: HTTPS_PROXY is not the URL of a proxy$/,
      env: { HTTPS_PROXY: 'me:s3cret@proxy' },
    },
    { says: /^cannot be sent: HTTPS_PROXY is not the URL of a proxy$/, env: { HTTPS_PROXY: 'no url' } },
  ],
}

async function examined(path: string, probe = false, around: Partial<Surroundings> = {}): Promise<Finding[]> {
  const before = digestOf(path)
  const found = await examine(path, { probe }, { ...here, ...around })
  expect(digestOf(path)).toEqual(before)
  for (const { code, level, advice } of found) {
    seen.add(code)
    if (level !== 'ok') expect(advice).toMatch(/.{5,}/)
  }
  expect(JSON.stringify(found)).not.toContain('s3cret')
  return found
}

describe('a sound course', () => {
  it('has nothing wrong with it', async () => {
    const path = await course()
    cursor(path, toStream, {})
    cursor(path, toBatch, {})
    expect((await examined(path)).map(({ code }) => code)).toEqual([
      'recording/on',
      'config/both',
      'exercises/sound',
      'folder/sound',
      'record/sound',
      'snapshot/sound',
      'receiver/sound',
    ])
    expect(await run(path)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/\n\nnothing is wrong\n$/) as string,
    })
  })

  it('may be inside a git repository that ignores it, in either way', async () => {
    const path = await course()
    mkdirSync(join(path, '.git'))
    expect((await examined(path)).map(({ code }) => code)).toContain('folder/sound')
    rmSync(join(kept(path), '.gitignore'))
    for (const rule of ['.learn', '/.learn/', '.learn/telemetry/', '**/.learn/**']) {
      writeFileSync(join(path, '.gitignore'), `node_modules\n${rule}\n`)
      expect([rule, (await examined(path)).map(({ code }) => code)]).toEqual([
        rule,
        expect.arrayContaining(['folder/sound']) as string[],
      ])
    }
  })

  it.each([
    { stream: 'http://127.0.0.1:1/s', batch: 'http://localhost:1/b' },
    { stream: 'http://127.1.2.3:1/s', batch: 'http://[::1]:1/b' },
  ])('may be named by its .learn, and have receivers on this machine: $stream, $batch', async (telemetry) => {
    const path = await course({ telemetry })
    for (const name of [path, learn(path)])
      expect((await examined(name)).filter(({ level }) => level !== 'ok')).toEqual([])
  })
})

describe('a broken course', () => {
  const all = Object.entries(CASES).flatMap(([code, cases]) =>
    [cases].flat().map((one, n) => [`${code} ${n}`, code, one] as const),
  )
  it.each(all)('%s', async (_, code, { says, spoil, make, around = {}, env = {} }) => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
    const path = await (make ?? course)()
    spoil?.(path)
    const found = await examined(path, false, around)
    const [one] = found.filter((finding) => finding.code === code && says.test(finding.message))
    expect(one, JSON.stringify(found, undefined, 1)).toBeDefined()
    // One fault, one kind of finding: whatever else is bad follows from it.
    const others = new Set(found.filter(({ level }) => level !== 'ok').map((finding) => finding.code))
    others.delete(code as Code)
    expect([...others]).toEqual(FOLLOWS[code as Code] ?? [])
    const worst = found.map(({ level }) => ({ ok: 0, warning: 1, error: 2 })[level])
    expect(await run(path, '--json')).toMatchObject({
      code: around.nodeVersion || around.freeBytes ? 0 : Math.max(...worst),
    })
  })

  it('folder/not-writable', async () => {
    const path = await course()
    chmodSync(path, 0o755)
    chmodSync(learn(path), 0o755)
    // Root may write everywhere, so somebody else looks.
    const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
    if (process.getuid?.() !== 0) chmodSync(learn(path), 0o555)
    const bin = fileURLToPath(new URL('../bin/learnpack-telemetry.js', import.meta.url))
    const look = (): void => {
      const { stdout, status } = spawnSync(process.execPath, [bin, 'doctor', path, '--json'], {
        encoding: 'utf8',
        env: { PATH: process.env['PATH'], HOME: '/nonexistent' },
        ...nobody,
      })
      const found = JSON.parse(stdout) as Finding[]
      const [one] = found.filter(({ code }) => code === 'folder/not-writable')
      expect([status, one?.message]).toEqual([2, `${learn(path)} cannot be written: nothing can be recorded`])
      for (const { code } of found) seen.add(code)
    }
    look()
    // Nor may it be looked into.
    chmodSync(learn(path), 0o000)
    look()
    chmodSync(learn(path), 0o755)
  })

  it('may be no course, or not there at all', async () => {
    const path = temporary()
    expect((await examined(path)).map(({ code }) => code)).toContain('config/missing')
    expect((await run(join(path, 'nowhere'))).out).toContain('no learn.json in it')
    writeFileSync(join(path, 'file'), '')
    expect((await run(join(path, 'file'))).out).toContain('no learn.json in it')
  })
})

async function serve(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

const answering = (listener: RequestListener): Promise<number> => serve(createServer(listener))

describe('--probe', () => {
  const probed = async (batch: string, around: Partial<Surroundings> = {}) => {
    const path = await course({ telemetry: { batch } })
    const found = await examined(path, true, around)
    return found.find(({ code, subject }) => code.startsWith('network/') && subject === 'telemetry.batch')
  }

  it.each<[number, Code, RegExp]>([
    [200, 'network/answered', /^answered 200 in \d+ ms$/],
    [204, 'network/answered', /^answered 204/],
    [405, 'network/answered', /^answered 405/],
    [
      301,
      'network/redirected',
      /^answered 301 in \d+ ms and points to https:\/\/evil\.example\/: redirects are not followed$/,
    ],
    [401, 'network/unwelcome', /^answered 401/],
    [404, 'network/not-found', /^answered 404/],
    [422, 'network/refuses', /^answered 422/],
    [500, 'network/failing', /^answered 500/],
  ])('a receiver that answers %i', async (status, code, says) => {
    const asked: unknown[] = []
    const port = await answering((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => {
        asked.push([request.method, request.url, body, request.headers['webhook-id']])
        response.writeHead(status, status === 301 ? { location: 'https://evil.example/' } : {}).end()
      })
    })
    expect(await probed(`http://127.0.0.1:${port}/b?asset_id=7`)).toMatchObject({
      code,
      message: expect.stringMatching(says) as string,
    })
    expect(asked).toEqual([['OPTIONS', '/b?asset_id=7', '', undefined]])
  })

  it('a receiver that hangs is given up', async () => {
    const clock = { ...manualClock(1_700_000_000_000), hold: here.clock.hold }
    const port = await answering(() => clock.advance(5_000))
    expect(await probed(`http://127.0.0.1:${port}/b`, { clock })).toMatchObject({
      code: 'network/silent',
      message: `http://127.0.0.1:${port}/b gave no answer within 5000 ms`,
    })
  })

  it('a port where nobody listens', async () => {
    const server = createTcpServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    expect(await probed(`http://127.0.0.1:${port}/b`)).toMatchObject({
      code: 'network/no-connection',
      message: expect.stringMatching(
        new RegExp(`^127\\.0\\.0\\.1:${port} cannot be reached: .*ECONNREFUSED`),
      ) as string,
    })
  })

  it('a name that nobody has', async () => {
    expect(await probed('https://nowhere.invalid/b')).toMatchObject({
      code: 'network/no-name',
      message: expect.stringMatching(/^nowhere\.invalid is not known \(.*E(NOTFOUND|AI_AGAIN)/) as string,
    })
  })

  it('a certificate that nobody signed', async () => {
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }])
    const port = await serve(createTlsServer({ key, cert }, (_, response) => response.end()))
    expect(await probed(`https://localhost:${port}/b`)).toMatchObject({
      code: 'network/certificate',
      message: expect.stringMatching(/cannot prove who it is: self-signed certificate, DEPTH_ZERO/) as string,
    })
  })

  it('goes through the proxy', async () => {
    const asked: (string | undefined)[] = []
    const server = createServer()
    server.on('connect', ({ url }, socket) => {
      asked.push(url)
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
    })
    vi.stubEnv('HTTPS_PROXY', `http://127.0.0.1:${await serve(server)}`)
    const path = await course({ telemetry: { batch: 'https://nowhere.invalid/b' } })
    const found = await examined(path, true)
    expect(found.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['network/proxied', 'network/no-connection']) as Code[],
    )
    expect(asked).toEqual(['nowhere.invalid:443'])
  })

  it('is the only way to a connection, also where recording is switched off', async () => {
    let connections = 0
    const port = await answering((_, response) => void response.end())
    const server = createTcpServer(() => connections++)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/b`
    const path = await course({ telemetry: { batch: url }, user_id: null })
    vi.stubEnv('DO_NOT_TRACK', '1')
    vi.stubEnv('HTTP_PROXY', url)
    expect((await examined(path)).map(({ code }) => code)).toContain('network/proxied')
    expect(connections).toBe(0)
    vi.stubEnv('HTTP_PROXY', undefined)
    telemetry({ batch: `http://127.0.0.1:${port}/b` })(path)
    expect((await examined(path, true)).map(({ code }) => code)).toContain('network/answered')
  })
})

async function run(...args: string[]) {
  let out = ''
  const code = await main(['doctor', ...args], { out: (text) => (out += text), err: (text) => (out += text) })
  return { code, out }
}

describe('its words', () => {
  it('are grouped, end with a summary, and carry nothing that steers a terminal', async () => {
    const path = await course()
    telemetry({ 'x\u001B[31m\nforged': 1, batch: '\u009Bnowhere' })(path)
    exercise('03-\u001B]0;owned\u0007', 'README.md')(path)
    const { out, code } = await run(path)
    expect(code).toBe(2)
    expect(out).toMatch(/^Recording\n✓ recording: on, by default\n\nlearn\.json\n✗ /)
    expect(out).toMatch(/\n {4}→ use letters without accents/)
    expect(out).toMatch(/\n\n1 error, 1 warning\n$/)
    expect(out).not.toMatch(/[^\P{Cc}\n]/u)
    expect(out).not.toMatch(/^forged/m)
    const json = (await run(path, '--json')).out
    expect(json).not.toMatch(/[^\P{Cc}\n]/u)
    expect(JSON.parse(json)).toEqual(await examined(path))
  })

  it('all of them were said above', () => {
    expect([...seen].sort()).toEqual((Object.keys(FINDINGS) as Code[]).sort())
  })
})
