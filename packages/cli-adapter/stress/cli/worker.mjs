// Runs cases in its process, each told before it begins and after it has ended: whoever watches sees one that hangs.

import { mkdirSync, mkdtempSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { createTelemetryManager } from '../../dist/index.js'
import { main } from '../../dist/cli.js'
import { makeOdd, makeTemplates } from './odd-course.mjs'
import { randomOf } from './random.mjs'

/** Calls on one folder. */
export const CALLS = 8
/** Where the watcher listens. Written at once: what is sent behind a call that hangs would never arrive. */
const tell = (message) => writeSync(3, `${JSON.stringify(message)}\n`)

const home = mkdtempSync(join(tmpdir(), 'telemetry-stress-'))
process.on('exit', () => rmSync(home, { recursive: true, force: true }))
process.env.XDG_CONFIG_HOME = join(home, 'config')
const templates = await makeTemplates(join(home, 'templates'), createTelemetryManager)

let trouble = ''
for (const kind of ['uncaughtException', 'unhandledRejection'])
  process.on(kind, (error) => (trouble += `${kind}: ${error?.stack ?? error}\n`))

/** `watch` is not among them: it ends when it is told to. */
const COMMANDS = [
  'show',
  'status',
  'replay',
  'measure',
  'flush',
  'allow',
  'disallow',
  'allowed',
  'debug',
  'dead-letters list',
  'dead-letters resend',
  'enable',
  'disable',
  'export',
  'purge',
  'doctor',
  'dead-letters',
  'help',
  'nonsense',
]
const FLAGS = {
  show: ['--full', '--json', '--step'],
  status: ['--json'],
  replay: ['--at', '--out'],
  measure: ['--json', '--csv'],
  flush: ['--json', '--debug'],
  allow: ['--json'],
  disallow: ['--json'],
  allowed: ['--json'],
  debug: ['--decode', '--json'],
  'dead-letters list': ['--json'],
  'dead-letters resend': ['--json', '--debug'],
  enable: ['--json'],
  disable: ['--json'],
  export: ['--json', '--to'],
  purge: ['--yes', '--json'],
  doctor: ['--json', '--probe'],
}
const WORDS = [
  'https://school.example/x',
  'http://127.0.0.1:1',
  'https://me:secret@school.example',
  '',
  '-',
  '--',
  'x',
  '0',
  '1',
  '3',
  '-1',
  '2023-11-14',
  '9999999999999',
  '01-add',
  '__proto__',
  '--help',
  '--nonsense',
  '../x',
  '\ud800',
  '🙂',
  '2026-02-30',
  'a'.repeat(5000),
  '/dev/null',
  '/dev/zero',
  '/',
]

function callOn(course, random) {
  if (random.chance(0.08)) return ['(host)']
  const command = random.pick(COMMANDS)
  const args = [...command.split(' ')]
  const path = random.pick([
    course,
    course,
    course,
    course,
    join(course, '.learn'),
    join(course, '.learn', 'telemetry.json'),
    join(course, '.learn', 'telemetry'),
    join(course, 'learn.json'),
    `${course}/`,
    random.pick(WORDS),
  ])
  if (random.chance(0.9)) args.push(path)
  for (const flag of FLAGS[command] ?? []) {
    if (!random.chance(flag === '--to' ? 0.95 : 0.4)) continue
    args.push(flag)
    if (flag === '--to') args.push(join(home, `out${random.pick(['', '.zip'])}`))
    if (flag === '--out') args.push(random.pick([join(home, 'out.json'), course, '/dev/full', '']))
    if (flag === '--at' || flag === '--step') args.push(random.pick(WORDS))
  }
  if (random.chance(0.1)) args.push(random.pick(WORDS))
  return args
}

async function host(course) {
  // No process is left behind.
  const manager = createTelemetryManager({ detached: false })
  manager.urls = { batch: 'http://127.0.0.1:9/batch', stream: 'http://127.0.0.1:9/stream' }
  await manager.start('os', [{ slug: '00-hello', position: 0 }], join(course, '.learn'), 'intro')
  manager.setStudent({ user_id: 'ben', token: 'secret' })
  manager.registerStepEvent(0, 'compile', { stdout: 'x' })
  void manager.current
  await manager.retrieve()
  await manager.submit()
  manager.save()
  await manager.close()
  return 0
}

async function run(seed) {
  const random = randomOf(seed)
  tell({ folder: seed })
  const course = join(home, `course-${seed}`)
  const template = random.pick(templates)
  const odd = makeOdd(course, template, random)
  const kinds = odd.map(({ kind, path }) => `${kind}: ${path.slice(course.length + 1)}`)
  for (let call = 0; call < CALLS; call++) {
    const args = callOn(course, random)
    tell({ begin: true, seed, call, args, kinds: [basename(template), ...kinds] })
    let text = ''
    const add = (more) => {
      if (text.length < 1_000_000) text += more
    }
    const ask = random.pick([undefined, async () => true, async () => false])
    trouble = ''
    let code
    try {
      process.chdir(random.pick([home, course]))
    } catch {
      process.chdir(home)
    }
    try {
      code =
        args[0] === '(host)'
          ? await host(course)
          : await main(args, {
              out: add,
              err: add,
              progress: () => tell({ progress: true }),
              ...(ask && { ask }),
            })
    } catch (error) {
      trouble += `rejected: ${error?.stack ?? error}`
    }
    const stack = trouble || (/\n\s+at .+:\d+:\d+/.test(text) || code === 70 ? text.slice(0, 3_000) : '')
    tell({ end: true, seed, call, code, stack, rss: process.resourceUsage().maxRSS })
    for (const name of ['out', 'out.zip', 'out.json'])
      rmSync(join(home, name), { recursive: true, force: true })
  }
  process.chdir(home)
  rmSync(course, { recursive: true, force: true })
  rmSync(process.env.XDG_CONFIG_HOME, { recursive: true, force: true })
}

mkdirSync(home, { recursive: true })
tell({ ready: true })
for await (const line of createInterface({ input: process.stdin })) {
  try {
    await run(Number(line))
  } catch (error) {
    console.error(`folder ${line}: ${error?.stack ?? error}`)
    process.exit(1)
  }
  tell({ idle: true })
}
process.exit(0)
