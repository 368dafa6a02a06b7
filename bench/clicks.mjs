// What a click costs a learner: registerStepEvent of the adapter with its defaults (consent, the session file, limits, redaction),
// beside the floor, which is base64, JSON and one write. Both do the same records in turn, so that a noisy machine is noisy for
// both. Prints one JSON object.
//
// clicks.mjs <bytes of an event> <events of history>

import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const [bytes, history] = process.argv.slice(2).map(Number)
const ROUNDS = 400
const WARM_UP = 200

const folder = mkdtempSync(join(tmpdir(), 'telemetry-bench-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
process.env.XDG_CONFIG_HOME = join(folder, 'config')
process.env.LEARNPACK_TELEMETRY_DETACHED = '0'
const { createTelemetryManager } = await import('@learnpack/telemetry-cli-adapter')

// As `learnpack login` leaves it.
const dirPath = join(folder, '.learn')
mkdirSync(join(dirPath, '.session'), { recursive: true })
const payload = { key: 'bc-payload', value: { token: 'a-token', user_id: 42, email: 'a@b.c' } }
writeFileSync(join(dirPath, '.session', 'payload'), JSON.stringify(payload))

const steps = Array.from({ length: 10 }, (_, position) => ({
  slug: `step-${position}`,
  position,
  files: [],
  is_testeable: true,
}))
const line = 'def add(a, b): return a + b  # 1234\n'
const text = (length, more) => more + line.repeat(Math.ceil(length / line.length)).slice(0, length)
/** @param secret whether there is a key in it */
const attempt = (n, secret) => ({
  source_code: text(bytes * 0.4, secret ? `API_KEY = "sk-proj-${'aB3dE5gH7j'.repeat(4)}${n}"\n` : ''),
  stdout: text(bytes * 0.5, ''),
  stderr: '',
  exitCode: n % 3,
  starting_at: 1_700_000_000_000 + n,
  ended_at: 1_700_000_000_500 + n,
})

const started = (options) => {
  const manager = createTelemetryManager(options)
  void manager.start('os', steps, join(folder, options.redaction === false ? 'plain' : '', '.learn'), 'bench')
  return manager
}
mkdirSync(join(folder, 'plain', '.learn'), { recursive: true })
const manager = started({})
const plain = started({ redaction: false })
manager.setStudent(payload.value)
for (let n = 0; n < history; n++) manager.registerStepEvent(n % 10, 'compile', attempt(n, false))

const floorFd = openSync(join(folder, 'floor'), constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND)
const encoded = ['source_code', 'stdout', 'stderr']
function floor(n, data) {
  const copy = { ...data }
  for (const field of encoded) copy[field] = Buffer.from(copy[field]).toString('base64')
  writeSync(floorFd, `${JSON.stringify({ v: 1, id: `${n}`, at: n, type: 'compile', data: copy })}\n`)
}
const ways = {
  floor: (n) => [floor, n, attempt(n, false)],
  clean: (n) => [click(manager), n, attempt(n, false)],
  secret: (n) => [click(manager), n, attempt(n, true)],
  without_redaction: (n) => [click(plain), n, attempt(n, false)],
}
function click(to) {
  return (n, data) => to.registerStepEvent(n % 10, 'compile', data)
}
const times = Object.fromEntries(Object.keys(ways).map((name) => [name, []]))
const names = Object.keys(ways)
for (let n = 0; n < ROUNDS + WARM_UP; n++) {
  for (let way = 0; way < names.length; way++) {
    const name = names[(way + n) % names.length]
    const [run, ...args] = ways[name](n)
    const from = performance.now()
    run(...args)
    if (n >= WARM_UP) times[name].push(performance.now() - from)
  }
  // A learner does not click this fast: what is put off has its turn between two clicks.
  await new Promise((resolve) => setImmediate(resolve))
}
await manager.close()
await plain.close()
closeSync(floorFd)

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1]
const us = (name) => Math.round(median(times[name]) * 10_000) / 10
const toFloor = (name) => Math.round((median(times[name]) / median(times.floor)) * 100) / 100
console.log(
  JSON.stringify({
    bytes,
    history,
    median_us: Object.fromEntries(names.map((name) => [name, us(name)])),
    to_floor: Object.fromEntries(names.slice(1).map((name) => [name, toFloor(name)])),
  }),
)
