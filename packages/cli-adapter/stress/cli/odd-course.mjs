// Course folders as nobody should have them: a recorded course in which what lies at our paths was replaced.

import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  closeSync,
  cpSync,
  existsSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'

const STEPS = ['00-hello', '01-add', '02-loop'].map((slug, position) => ({
  slug,
  position,
  is_testeable: position > 0,
  files: [{ path: `exercises/${slug}/app.js`, name: 'app.js', hidden: false }],
}))
/** A port on which nobody listens. */
const LEARN_JSON =
  '{"telemetry":{"batch":"http://127.0.0.1:9/batch?asset_id=1","stream":"http://127.0.0.1:9/stream"}}'

/** The courses that the others are made of, recorded by the real manager. Returns their folders. */
export async function makeTemplates(folder, createTelemetryManager) {
  const worked = join(folder, 'worked')
  mkdirSync(join(worked, 'exercises', '00-hello'), { recursive: true })
  writeFileSync(join(worked, 'exercises', '00-hello', 'README.md'), '')
  writeFileSync(join(worked, 'learn.json'), LEARN_JSON)
  let ids = 0
  const work = async (student) => {
    const manager = createTelemetryManager({
      // The same at every run, so that a case can be repeated.
      createTelemetryId: () => `telemetry${String(ids++).padStart(7, '0')}`,
      fetch: async () => new Response(null, { status: 503 }),
    })
    manager.urls = JSON.parse(LEARN_JSON).telemetry
    await manager.start('os', STEPS, join(worked, '.learn'), 'intro')
    manager.registerStepEvent(0, 'ai_interaction', { student_message: 'too early' })
    manager.registerStepEvent(99, 'compile', {})
    manager.setStudent({ user_id: student, token: 'secret' })
    for (const { position } of STEPS) {
      manager.registerStepEvent(position, 'open_step', {})
      manager.registerStepEvent(position, 'compile', {
        source_code: 'print("ñ")',
        stdout: 'ñ\n',
        exitCode: 1,
      })
      manager.registerStepEvent(position, 'test', {
        stdout: 'ok',
        exitCode: 0,
        starting_at: 1_700_000_000_000,
      })
      manager.registerStepEvent(position, 'ai_interaction', { student_message: 'why?', ai_response: 'so' })
    }
    await manager.close()
  }
  await work(42)
  await work('ben')
  const homes = telemetries(worked)
  for (const home of homes) {
    const events = readFileSync(join(home, 'events.ndjson'), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map(JSON.parse)
    const letter = {
      destination: 'http-stream http://127.0.0.1:9/stream',
      id: events[3].id,
      offset: 9,
      at: 1,
      reason: 'answered 400',
    }
    appendFileSync(join(home, 'dead-letters.ndjson'), `${JSON.stringify(letter)}\n`)
  }
  mkdirSync(join(worked, '.learn', '.session'))
  const session = { key: 'bc-payload', value: { user_id: 'ben', token: 'secret', email: 'b@x.example' } }
  writeFileSync(join(worked, '.learn', '.session', 'a1b2'), JSON.stringify(session))

  const stock = join(folder, 'stock')
  cpSync(worked, stock, { recursive: true })
  rmSync(join(stock, '.learn', 'telemetry'), { recursive: true })
  const fresh = join(folder, 'fresh')
  mkdirSync(join(fresh, '.learn'), { recursive: true })
  writeFileSync(join(fresh, 'learn.json'), '{}')
  const old = join(folder, 'old')
  cpSync(worked, old, { recursive: true })
  cpSync(join(old, '.learn'), join(old, '.breathecode'), { recursive: true })
  const empty = join(folder, 'empty')
  mkdirSync(empty)
  return [worked, worked, worked, worked, stock, old, fresh, empty]
}

function telemetries(course) {
  const folder = join(course, '.learn', 'telemetry')
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((home) => existsSync(join(home, 'events.ndjson')))
}

/** Every path of ours in a course, there or not, and of what else of it we read. */
export function oddPaths(course) {
  const dirPath = join(course, '.learn')
  const kept = join(dirPath, 'telemetry')
  const homes = [...telemetries(course), join(kept, 'another')]
  return [
    course,
    dirPath,
    kept,
    ...['learn.json', '.gitignore', 'exercises', '.git', '.breathecode'].map((name) => join(course, name)),
    ...[
      'telemetry.json',
      '.session',
      'config.json',
      'learn.json',
      '.gitignore',
      '.telemetry.json.99999999-0.tmp',
      'telemetry.json.aside-2026-01-01T00-00-00-000Z',
      '.session/a1b2',
      '.session/zz',
    ].map((name) => join(dirPath, name)),
    ...[
      'index.json',
      'written.json',
      '.gitignore',
      'lease-1',
      'lease-2',
      'lease-9007199254740993',
      'lease-asked',
      '.index.json.99999999-0.tmp',
    ].map((name) => join(kept, name)),
    ...homes.flatMap((home) => [
      home,
      ...(existsSync(home) ? readdirSync(home) : []).map((name) => join(home, name)),
      ...['events.ndjson', 'cursor-0123456789abcdef.json', 'dead-letters.ndjson', 'refusals.ndjson'].map(
        (name) => join(home, name),
      ),
    ]),
  ]
}

const ODD_VALUES = [
  null,
  true,
  0,
  -1,
  0.5,
  1e300,
  2 ** 53,
  8.64e15 + 1,
  '',
  'x',
  '\ud800',
  '\u0000',
  '__proto__',
  '=1+1',
  '../../x',
  '\u001B[2J',
  [],
  [null],
  {},
  { toString: 1 },
  { toJSON: 1 },
  'a'.repeat(70_000),
  [[[]]],
  '-',
  '🙂',
]
const ODD_TEXTS = [
  '',
  ' ',
  'null',
  '[]',
  '{}',
  '"x"',
  '1e999',
  '{"__proto__":{"a":1}}',
  '\uFEFF{}',
  '{"a":',
  '\u0000'.repeat(4096),
  'x\n'.repeat(5000),
  '\n'.repeat(20_000),
  '['.repeat(200_000),
  `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
  `{"telemetry":${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}}`,
]

/** What may lie at a path, by name. */
export const KINDS = {
  missing: () => {},
  pipe: (path) => execFileSync('mkfifo', [path]),
  socket: (path) => {
    // The longest name of a socket has 107 bytes.
    if (path.length < 107) createServer().listen(path).unref()
    else writeFileSync(path, '')
  },
  folder: (path) => mkdirSync(path),
  'full folder': (path) => mkdirSync(join(path, 'a', 'b'), { recursive: true }),
  'link to nothing': (path) => symlinkSync(join(dirname(path), 'nowhere'), path),
  'link to itself': (path) => symlinkSync(path, path),
  'link to its folder': (path) => symlinkSync('.', path),
  'link to /dev/zero': (path) => symlinkSync('/dev/zero', path),
  'link to /dev/stdin': (path) => symlinkSync('/dev/stdin', path),
  'link to /dev/full': (path) => symlinkSync('/dev/full', path),
  'link to /proc': (path) => symlinkSync('/proc/self/mem', path),
  gigabytes: (path, { chance }) => sparse(path, chance(0.03) ? 3 * 2 ** 30 : 2 ** 26),
  'many megabytes': (path) => sparse(path, 40 * 2 ** 20),
  'link to gigabytes': (path) => {
    const gigabytes = join(tmpdir(), 'gigabytes')
    if (!existsSync(gigabytes)) sparse(gigabytes, 3 * 2 ** 30)
    symlinkSync(gigabytes, path)
  },
  unreadable: (path) => {
    writeFileSync(path, '{}')
    chmodSync(path, 0)
  },
  text: (path, { pick }) => writeFileSync(path, pick(ODD_TEXTS)),
  bytes: (path, { below }) =>
    writeFileSync(path, Buffer.from(Array.from({ length: below(3000) }, () => below(256)))),
}

/** A way to change what is there and is JSON, or lines of it. */
const CHANGES = {
  'odd value': (text, random) => JSON.stringify(changed(JSON.parse(text), random)),
  'odd lines': (text, random) =>
    text
      .split('\n')
      .map((line) => (line !== '' && random.chance(0.3) ? lineOf(changed(JSON.parse(line), random)) : line))
      .join('\n'),
  'deep value': (text) => text.replace(/:("[^"]*"|\d+)/, `:${'['.repeat(20_000)}${']'.repeat(20_000)}`),
  'deep lines': (text) =>
    text
      .split('\n')
      .map((line) =>
        line === ''
          ? line
          : rechecked(line.replace(/"data":\{/, `"data":{"a":${'['.repeat(9_000)}${']'.repeat(9_000)},`)),
      )
      .join('\n'),
  'many lines': (text) => text.repeat(50),
  torn: (text, { below }) => text.slice(0, below(text.length + 1)),
  'bits flipped': (text, { below }) => {
    const bytes = Buffer.from(text)
    for (let times = below(5); times >= 0 && bytes.length > 0; times--)
      bytes[below(bytes.length)] ^= 1 << below(8)
    return bytes
  },
}

/** A line whose checksum is right, whatever it holds. */
function lineOf(event) {
  const { crc: _, ...rest } = typeof event === 'object' && event !== null ? event : { v: event }
  return rechecked(JSON.stringify({ ...rest, crc: '00000000' }))
}
const rechecked = (line) => {
  const checked = line.slice(0, -'"crc":"00000000"}'.length)
  return `${checked}"crc":"${crc32(checked).toString(16).padStart(8, '0')}"}`
}

function changed(value, random) {
  if (random.chance(0.2) || typeof value !== 'object' || value === null) return random.pick(ODD_VALUES)
  const copy = Array.isArray(value) ? [...value] : { ...value }
  const key = random.pick(Object.keys(copy))
  if (key === undefined || random.chance(0.1)) {
    Object.defineProperty(copy, random.pick(['__proto__', 'toString', 'event', 'steps', 'exit_code']), {
      value: random.pick(ODD_VALUES),
      enumerable: true,
      configurable: true,
      writable: true,
    })
  } else copy[key] = changed(copy[key], random)
  return copy
}

function sparse(path, bytes) {
  const fd = openSync(path, 'w')
  ftruncateSync(fd, bytes)
  if (bytes % 3 === 0) writeSync(fd, '{"v":1,\n')
  closeSync(fd)
}

/** Makes `course` a copy of `template` in which up to four things are odd. Returns what is. */
export function makeOdd(course, template, random) {
  cpSync(template, course, { recursive: true })
  const odd = []
  const paths = oddPaths(template).map((path) => join(course, path.slice(template.length)))
  for (let times = random.below(5); times > 0; times--) {
    const path = random.pick(paths.filter((one) => one !== join(course, '') || random.chance(0.1)))
    const kind = apply(path, random)
    if (kind !== undefined) odd.push({ kind, path })
  }
  return odd
}

function apply(path, random) {
  try {
    const found = lstatSync(path, { throwIfNoEntry: false })
    if (random.chance(0.4) && found?.isFile() && found.size < 1_000_000) {
      const kind = random.pick(Object.keys(CHANGES))
      writeFileSync(path, CHANGES[kind](readFileSync(path, 'utf8'), random))
      return kind
    }
    if (random.chance(0.05)) {
      const at = new Date(random.pick([0, 1e12, 8e12, 4102444800000]))
      utimesSync(path, at, at)
      return 'odd time'
    }
    if (random.chance(0.05)) {
      truncateSync(path, random.pick([0, 1, 40 * 2 ** 20]))
      return 'other length'
    }
    const kind = random.pick(Object.keys(KINDS))
    mkdirSync(dirname(path), { recursive: true })
    rmSync(path, { recursive: true, force: true })
    KINDS[kind](path, random)
    return kind
  } catch {
    // Something odd is in its way already.
    return undefined
  }
}
