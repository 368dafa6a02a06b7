// What one call of record() costs with a given history, beside its floor and its peers, all of them doing
// the same records in turn, so that a noisy machine is noisy for all. Prints one JSON object.
//
// recording.mjs <bytes of an event> <events of history>

import {
  appendFileSync,
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTelemetry, encodeLine } from '@learnpack/telemetry-core'
import { crc32, openCourseFolder, randomIds, systemClock } from '@learnpack/telemetry-transport-file'
import SonicBoom from 'sonic-boom'

const [bytes, history] = process.argv.slice(2).map(Number)
// What is measured becomes history, too: few rounds on a short one.
const ROUNDS = Math.max(200, Math.min(10_000, history / 2))
const WARM_UP = 1_500

const folder = mkdtempSync(join(tmpdir(), 'telemetry-bench-'))
process.on('exit', () => rmSync(folder, { recursive: true }))
const course = {
  slug: 'bench',
  agent: 'os',
  steps: Array.from({ length: 10 }, (_, position) => ({
    slug: `step-${position}`,
    position,
    files: [],
    is_testeable: true,
  })),
}
const text = (length) =>
  'print("hello, world")  # 1234567890\n'.repeat(Math.ceil(length / 36)).slice(0, length)
const attempt = (n) => ({
  source_code: text(bytes * 0.3),
  stdout: text(bytes * 0.5),
  stderr: text(bytes * 0.1),
  exit_code: n % 3,
  starting_at: 1_700_000_000_000 + n,
  ended_at: 1_700_000_000_500 + n,
})

// A folder with that history, made by another start of the same telemetry.
const dirPath = join(folder, '.learn')
const ports = { clock: systemClock, ids: randomIds, crc: crc32, random: Math.random }
const before = openCourseFolder(dirPath)
const first = createTelemetry({ storage: before, ...ports })
first.start(course)
const { telemetry_id } = first.status()
const { log } = before.open(telemetry_id)
const logPath = before.logPath(telemetry_id)
const session = JSON.parse(readFileSync(logPath, 'utf8').split('\n')[0]).id
for (let n = 0; n < history; n++) {
  const at = 1_700_000_000_000 + n
  const step = { slug: `step-${n % 10}`, position: n % 10 }
  log.append(
    encodeLine(
      { v: 1, id: randomIds.event(at), at, session, type: 'compile', step, data: attempt(n) },
      crc32,
    ),
  )
}
await first.close()
before.close()

const turn = () => new Promise((resolve) => setImmediate(resolve))

// The garbage of making that history is not ours.
global.gc?.()
const storage = openCourseFolder(dirPath)
const telemetry = createTelemetry({ storage, ...ports })
// Log and telemetry.json together, from this start to the end.
const logSize = () => statSync(logPath).size
const logBefore = logSize()
let snapshotBytes = 0
telemetry.on('snapshot', () => (snapshotBytes += statSync(storage.snapshotPath).size))
const startedAt = performance.now()
telemetry.start(course)
const startMs = performance.now() - startedAt

// The past is folded behind, in slices: this is how long it takes, and the longest time it held the event loop.
let longestTurn = 0
let lastTurn = performance.now()
let watching = true
void (async () => {
  while (watching) {
    await turn()
    // What follows is the benchmark's own work.
    if (!watching) return
    const now = performance.now()
    longestTurn = Math.max(longestTurn, now - lastTurn)
    lastTurn = now
  }
})()
const foldedAt = performance.now()
while (telemetry.status().log.events < history + 2) await turn()
const foldMs = performance.now() - foldedAt
await new Promise((resolve) => telemetry.once('snapshot', resolve))
watching = false

// Floor and peers.
const append = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND
const floorFd = openSync(join(folder, 'floor'), append)
const encoded = ['source_code', 'stdout', 'stderr']
const sonic = new SonicBoom({ dest: join(folder, 'sonic'), sync: false })
const state = { attempts: Array.from({ length: Math.min(history, 1_000) }, (_, n) => attempt(n)) }

// Warm up on a telemetry of its own.
const warm = createTelemetry({ storage: openCourseFolder(join(folder, 'warm')), ...ports })
warm.start(course)
let recording = warm
const ways = {
  floor(record) {
    const data = { ...record.data }
    for (const field of encoded) data[field] = Buffer.from(data[field]).toString('base64')
    writeSync(floorFd, `${JSON.stringify({ ...record, data })}\n`)
  },
  record: ({ step, data }) => recording.record(step.position, 'compile', data),
  appendFileSync: (record) => appendFileSync(join(folder, 'append'), `${JSON.stringify(record)}\n`),
  'sonic-boom (buffers)': (record) => sonic.write(`${JSON.stringify(record)}\n`),
}
const times = Object.fromEntries(Object.keys(ways).map((name) => [name, []]))
const names = Object.keys(ways)
for (let n = 0; n < ROUNDS + WARM_UP; n++) {
  if (n === WARM_UP) {
    recording = telemetry
    await warm.close()
  }
  const at = 1_700_000_100_000 + n
  const step = { slug: `step-${n % 10}`, position: n % 10 }
  const record = { v: 1, id: randomIds.event(at), at, session, type: 'compile', step, data: attempt(n) }
  // In another order every time: who comes first pays for cold caches.
  for (let way = 0; way < names.length; way++) {
    const name = names[(way + n) % names.length]
    const from = performance.now()
    ways[name](record)
    const took = performance.now() - from
    if (n >= WARM_UP) times[name].push(took)
  }
  if (n % 5 === 0) await turn()
}
const mean = (list) => list.reduce((sum, ms) => sum + ms, 0) / list.length
const p99 = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length * 0.99)]
const us = (ms) => Math.round(ms * 10_000) / 10

// A stock-like writer: the whole state, serialised and written at every event.
const stock = []
for (let n = 0; n < 20; n++) {
  const from = performance.now()
  state.attempts.push(attempt(n))
  await writeFile(join(folder, 'stock'), JSON.stringify(state))
  stock.push(performance.now() - from)
}

await telemetry.close()
const logBytes = logSize() - logBefore
storage.close()
closeSync(floorFd)
sonic.end()
console.log(
  JSON.stringify({
    bytes,
    history,
    mean_us: Object.fromEntries(names.map((name) => [name, us(mean(times[name]))])),
    p99_us: Object.fromEntries(names.map((name) => [name, us(p99(times[name]))])),
    stock_like_us: us(mean(stock)),
    stock_like_events: Math.min(history, 1_000),
    written_mb: Math.round((logBytes + snapshotBytes) / 100_000) / 10,
    recorded_mb: Math.round(logBytes / 100_000) / 10,
    start_ms: Math.round(startMs * 100) / 100,
    fold_events_per_s: Math.round(history / (foldMs / 1_000)),
    longest_turn_ms: Math.round(longestTurn * 10) / 10,
    peak_memory_mb: Math.round(process.resourceUsage().maxRSS / 1_024),
  }),
)
