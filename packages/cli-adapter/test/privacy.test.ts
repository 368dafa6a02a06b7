// What a course's folder and its receivers get to see of secrets: a real manager on a real folder, and a real
// receiver on this machine. By default, nothing (SPEC §8).

import { mkdirSync, mkdtempSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { main } from '../src/cli'
import { createTelemetryManager, createRedactor, type ManagerOptions } from '../src/index'
import { createManaged } from '../src/host/manager'
import type { CourseStatus } from '../src/reading/status'

const sample = readFileSync(fileURLToPath(new URL('fixtures/telemetry.sample.json', import.meta.url)), 'utf8')
const steps = ['00-hello', '01-add'].map((slug, position) => ({
  slug,
  position,
  files: [],
  is_testeable: false,
}))

beforeEach(() => {
  vi.stubEnv('XDG_CONFIG_HOME', mkdtempSync(join(tmpdir(), 'telemetry-config-')))
  onTestFinished(() => void vi.unstubAllEnvs())
})

// Put together here, so that no scanner takes them for somebody's.
const x = (count: number): string => 'x1Y2'.repeat(Math.ceil(count / 4)).slice(0, count)
const KEY = 'PRIVATE KEY'
const secrets: Readonly<Record<string, { text: string; secret?: string }>> = {
  user: {
    text: 'File "C:\\Users\\LEGION\\x.py" and c:\\users\\LEGION\\y and /home/LEGION/z',
    secret: 'LEGION',
  },
  home: { text: 'in /srv/people/marisol/x.py', secret: 'marisol' },
  email: { text: 'ana.lopez@escuela.edu.ve' },
  openai: { text: `sk-proj-${x(60)}` },
  github: { text: `ghp_${x(36)}` },
  slack: { text: `https://hooks.slack.com/services/T${x(8)}/B${x(8)}/${x(24)}`, secret: x(24) },
  jwt: { text: `eyJ${x(20)}.eyJ${x(40)}.${x(43)}` },
  bearer: { text: `Authorization: Bearer ${'q8W'.repeat(12)}`, secret: 'q8W'.repeat(12) },
  database: { text: 'postgres://ana:k9Qw3zT7@db.school.edu/x', secret: 'k9Qw3zT7' },
  assignment: { text: 'SCHOOL_KEY=m4Zp8vL2nR6c', secret: 'm4Zp8vL2nR6c' },
  pem: {
    text: `-----BEGIN ${KEY}-----\n${'Mz9Q'.repeat(16)}\n-----END ${KEY}-----`,
    secret: 'Mz9Q'.repeat(16),
  },
}
const planted = Object.values(secrets)
  .map(({ text }) => text)
  .join('\n')
const EMAIL = 'student.of.ours@escuela.edu.ve'
const TOKEN = 'b7f3c9d1e5a24f60'
const forbidden = [EMAIL, TOKEN, ...Object.values(secrets).map(({ text, secret = text }) => secret)]

/** A secret as it is, as JSON writes it, and inside base64, wherever in it. */
const forms = (secret: string): string[] => [
  secret,
  JSON.stringify(secret).slice(1, -1),
  ...[0, 1, 2].map((shift) =>
    Buffer.from(' '.repeat(shift) + secret)
      .toString('base64')
      .slice(shift === 0 ? 0 : shift + 1, -4),
  ),
]
const found = (text: string): string[] =>
  forbidden.filter((secret) => forms(secret).some((form) => text.includes(form)))

const filesIn = (dirPath: string): string[] =>
  (readdirSync(dirPath, { recursive: true }) as string[])
    .map((name) => join(dirPath, name))
    .filter((path) => statSync(path).isFile())

async function receiver() {
  const bodies: string[] = []
  const server = createServer((request, response) => {
    let body = request.url ?? ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      bodies.push(body)
      response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies }
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** A telemetry.json of an older installation. */
const oldFile = (telemetry_id: string): string =>
  JSON.stringify({
    telemetry_id,
    slug: 'intro',
    agent: 'os',
    tutorial_started_at: 1_700_000_000_000,
    fullname: planted,
    unknown: { deep: [{ texts: [planted] }] },
    steps: steps.map((step) => ({
      ...step,
      compilations: [
        { stdout: base64(`out\n${planted}`), source_code: base64(planted), exit_code: 0, starting_at: 1 },
      ],
      tests: [{ stderr: base64(`a${planted}`), exit_code: 1, note: planted }],
      ai_interactions: [{ source_code: base64(planted), student_message: planted, ai_response: planted }],
    })),
    workout_session: [{ started_at: 1_700_000_000_000 }],
  })

async function session(options: ManagerOptions = {}, before?: string, course: readonly unknown[] = steps) {
  const path = mkdtempSync(join(tmpdir(), 'telemetry-privacy-'))
  const dirPath = join(path, '.learn')
  mkdirSync(dirPath)
  writeFileSync(join(path, 'learn.json'), '{}')
  if (before !== undefined) writeFileSync(join(dirPath, 'telemetry.json'), before)
  const { url, bodies } = await receiver()
  const manager = createManaged(options)
  manager.urls = { batch: `${url}/batch`, stream: `${url}/stream` }
  void manager.start('os', course, dirPath, 'intro')
  manager.setStudent({ user_id: 7, email: EMAIL, token: TOKEN })
  return { path, dirPath, manager, bodies }
}

function work({ manager }: Awaited<ReturnType<typeof session>>): void {
  const attempt = {
    source_code: planted,
    stdout: planted,
    stderr: planted,
    extra: { deep: [planted] },
    exitCode: 0,
  }
  manager.registerStepEvent(0, 'open_step', { note: planted })
  manager.registerStepEvent(0, 'compile', attempt)
  manager.registerStepEvent(1, 'test', attempt)
  manager.registerStepEvent(1, 'ai_interaction', {
    student_message: planted,
    source_code: planted,
    ai_response: planted,
  })
  manager.registerStepEvent(99, planted, planted)
}

describe('secrets in what is recorded, imported and given', () => {
  it('are in no file of the course and in no request', async () => {
    vi.stubEnv('HOME', '/srv/people/marisol')
    expect(homedir()).toBe('/srv/people/marisol')
    const here = await session({}, oldFile('q1lllj6jq1lllj6j'))
    work(here)
    const { manager, dirPath, bodies } = here
    await manager.telemetry.idle()
    // Stock runs in between, and the web editor posts its copy.
    writeFileSync(
      join(dirPath, 'telemetry.json'),
      oldFile('q1lllj6jq1lllj6j').replace('"starting_at":1', '"starting_at":2'),
    )
    expect(manager.telemetry.import(JSON.parse(oldFile('q1lllj6jq1lllj6j')))).toMatchObject({ ok: true })
    manager.registerStepEvent(0, 'open_step', {})
    await manager.telemetry.idle()
    await manager.close()
    expect(bodies.length).toBeGreaterThan(4)
    expect(
      bodies.some((body) => body.startsWith('/stream')) && bodies.some((body) => body.startsWith('/batch')),
    ).toBe(true)
    expect(filesIn(dirPath).length).toBeGreaterThan(3)
    for (const path of filesIn(dirPath)) expect([path, found(readFileSync(path, 'utf8'))]).toEqual([path, []])
    for (const body of bodies) expect(found(body)).toEqual([])
  })

  it('are all found by this test where redaction is off', async () => {
    const here = await session({ redaction: false })
    work(here)
    await here.manager.close()
    const log = filesIn(here.dirPath).find((path) => path.endsWith('events.ndjson'))!
    const given = Object.values(secrets).map(({ text, secret = text }) => secret)
    expect(found(readFileSync(log, 'utf8'))).toEqual(given)
    expect(found(here.bodies.join('\n'))).toEqual(given)
  })

  it('are counted by kind in status and show', async () => {
    const here = await session({}, oldFile('q1lllj6jq1lllj6j'))
    here.manager.registerStepEvent(0, 'compile', { stdout: planted })
    await here.manager.close()
    const run = async (...args: string[]) => {
      let out = ''
      await main([...args, here.path], { out: (text) => (out += text), err: () => {} })
      return out
    }
    const { telemetries } = JSON.parse(await run('status', '--json')) as CourseStatus
    // One attempt of the session and, in each of two steps, four texts in base64 and three others; and one more.
    const texts = 1 + 2 * 7 + 1
    expect(telemetries[0]!.redacted).toEqual({
      user: 3 * texts,
      email: texts,
      key: 5 * texts,
      password: texts,
      secret: texts,
      'private-key': texts,
    })
    expect(await run('status')).toMatch(/\nredacted +16 x email, 80 x key, 16 x password, 16 x private-key, /)
    expect(await run('show')).toMatch(/\nredacted +16 x email, /)
  })
})

describe('the sample of a learner', () => {
  it('is imported once, without their name, whatever looks at it later', async () => {
    const course = (JSON.parse(sample) as { steps: { slug: string; position: number }[] }).steps
    const here = await session({}, sample, course)
    here.manager.registerStepEvent(0, 'open_step', {})
    await here.manager.close()
    const again = createTelemetryManager()
    void again.start('os', course, here.dirPath, 'intro')
    await again.close()
    const log = filesIn(here.dirPath).filter((path) => path.endsWith('events.ndjson'))
    expect(log).toHaveLength(1)
    expect(readFileSync(log[0]!, 'utf8').match(/"type":"import"/g)).toHaveLength(1)
    const telemetryJson = readFileSync(join(here.dirPath, 'telemetry.json'), 'utf8')
    expect(here.bodies.some((body) => body.startsWith('/batch'))).toBe(true)
    for (const text of [readFileSync(log[0]!, 'utf8'), telemetryJson, ...here.bodies]) {
      const decoded = [text, ...text.matchAll(/"([A-Za-z0-9+/]{8,}={0,2})"/g)].map((one) =>
        typeof one === 'string' ? one : Buffer.from(one[1]!, 'base64').toString(),
      )
      expect(decoded.filter((one) => /legion/i.test(one))).toEqual([])
      if (text === telemetryJson) expect(decoded.join()).toContain('C:\\Users\\[redacted:user]\\Projects')
    }
  })
})

describe('a telemetry.json that flush finds', () => {
  it('is taken in without a name', async () => {
    const here = await session()
    await here.manager.close()
    writeFileSync(join(here.dirPath, 'telemetry.json'), oldFile('q1lllj6jq1lllj6j'))
    await main(['flush', here.path], { out: () => {}, err: () => {} })
    const log = filesIn(here.dirPath).find((path) => path.endsWith('events.ndjson'))!
    const text = readFileSync(log, 'utf8')
    expect(text).toContain('"type":"import"')
    const decoded = [...text.matchAll(/"([A-Za-z0-9+/]{8,}={0,2})"/g)].map(([, base64 = '']) =>
      Buffer.from(base64, 'base64').toString(),
    )
    expect(decoded.join()).toContain('[redacted:user]')
    expect([text, ...decoded].flatMap((one) => /LEGION/.exec(one) ?? [])).toEqual([])
  })
})

describe('the redactor of this machine', () => {
  it('knows its home, and takes what a host adds', () => {
    vi.stubEnv('HOME', '/srv/people/marisol')
    const builtIn = createRedactor({ names: ['rosalinda'] })
    expect(builtIn('/srv/people/marisol/x of Rosalinda')).toBe(
      '/srv/people/[redacted:user]/x of [redacted:user]',
    )
  })

  it('is replaced by the host: its own redactor alone counts, and limits are passed on', async () => {
    const builtIn = createRedactor()
    const { manager, dirPath } = await session({
      redaction: (text) => builtIn(text).replaceAll('hunter2', '[redacted:pet]'),
      limits: { output: 100 },
    })
    manager.registerStepEvent(0, 'compile', {
      stdout: 'a\n'.repeat(100),
      stderr: 'hunter2 ana@escuela.edu.ve',
    })
    await manager.close()
    const log = filesIn(dirPath).find((path) => path.endsWith('events.ndjson'))!
    expect(readFileSync(log, 'utf8')).toMatch(
      /characters left out.*"stderr":"\[redacted:pet\] \[redacted:email\]"/,
    )
  })
})
