// How long a host is there after it began to end, with a history of 10 MB, 100 MB and 1 GB, all of it delivered before: at
// once after its start, and after it has folded all of it; and the most memory it had. The heap of the host is 1 GB. Prints
// one JSON object.
//
// exit.mjs [MB ...]

import { spawn } from 'node:child_process'
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { clearInterval, clearTimeout, setInterval, setTimeout } from 'node:timers'
import { fileURLToPath } from 'node:url'
import { createTelemetry, encodeLine } from '@learnpack/telemetry-core'
import { crc32, nodePorts, openCourseFolder } from '@learnpack/telemetry-transport-file'

const HEAP_MB = 1_024
const EVENT_BYTES = 16_000
const WAYS = ['natural', 'exit', 'SIGINT', 'close']
/** A host that is not gone by then, or has not sent by then what it recorded, is killed, ms. */
const PATIENCE_MS = 300_000
const given = process.argv.slice(2).map(Number)
const sizes = given.length > 0 ? given : [10, 100, 1_000]
const host = fileURLToPath(new URL('exit-host.mjs', import.meta.url))

let got = { events: 0, batches: 0 }
let arrived = () => {}
const server = createServer((request, response) => {
  request.resume()
  request.on('end', () => {
    response.end()
    if (request.url === '/stream') got.events++
    else got.batches++
    arrived()
  })
})
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${server.address().port}`
/** As the manager names them. */
const destinations = [`http-stream ${url}/stream`, `http-batch ${url}/batch`]

/** A course with so much history, of which all was delivered. */
async function makeCourse(bytes) {
  const path = join(mkdtempSync(join(tmpdir(), 'telemetry-bench-')), '.learn')
  const storage = openCourseFolder(path)
  const telemetry = createTelemetry({ storage, ...nodePorts })
  telemetry.start({
    slug: 'bench',
    agent: 'os',
    steps: [{ slug: 'a', position: 0, files: [], is_testeable: true }],
  })
  telemetry.identify(7)
  await telemetry.close()
  const { current } = storage.readIndex()
  const log = storage.logPath(current)
  const session = nodePorts.ids.event(Date.now())
  const fd = openSync(log, 'a')
  let id
  const stdout = 'It is what a program printed, 64 characters to a line of output\n'.repeat(EVENT_BYTES / 64)
  for (let size = statSync(log).size; size < bytes;) {
    let lines = ''
    while (lines.length < 4 * 2 ** 20 && size + lines.length < bytes) {
      const at = Date.now()
      id = nodePorts.ids.event(at)
      const data = { stdout, exit_code: 0, starting_at: at, ended_at: at }
      const event = { v: 1, id, at, session, type: 'compile', step: { slug: 'a', position: 0 }, data }
      lines += `${encodeLine(event, crc32)}\n`
    }
    size += writeSync(fd, lines)
  }
  closeSync(fd)
  const looking = createTelemetry({ storage, ...nodePorts })
  looking.open()
  await looking.close()
  const index = readFileSync(storage.indexPath)
  const { size } = statSync(log)
  const { cursors } = storage.open(current)
  const delivered = () => {
    for (const destination of destinations)
      cursors.write(destination, { offset: size, id, delivered: 1, deadLettered: 0, attempts: 0 })
  }
  delivered()
  storage.close()
  return {
    path,
    log,
    /** As it was before a host ran on it. */
    reset() {
      truncateSync(log, size)
      writeFileSync(storage.indexPath, index)
      for (const entry of readdirSync(path)) if (entry !== 'telemetry') rmSync(join(path, entry))
      for (const entry of readdirSync(join(path, 'telemetry'))) {
        if (/^(lease|written|\.)/.test(entry)) rmSync(join(path, 'telemetry', entry))
      }
      delivered()
    },
    remove: () => rmSync(path, { recursive: true }),
  }
}

/** The most memory a process has had so far, KB; 0 once it is gone. */
function peakOf(pid) {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}

/** How long any process is there after it said something and is done, ms: a busy machine shows here. */
function floor() {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['-e', "process.stdout.write('x')"], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let from = 0
    child.stdout.once('data', () => (from = performance.now()))
    child.once('close', () => resolve(Math.round(performance.now() - from)))
  })
}

/** @param when 'at once' or 'when told': once the five events have arrived */
function run(course, way, when) {
  course.reset()
  got = { events: 0, batches: 0 }
  return new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      [`--max-old-space-size=${HEAP_MB}`, host, course.path, url, way, when],
      { stdio: ['pipe', 'pipe', 'ignore'] },
    )
    const beganAt = performance.now()
    let endsAt
    let said
    let firstMs
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
    let peakKb = 0
    const peaks = setInterval(() => (peakKb = Math.max(peakKb, peakOf(child.pid))), 20)
    arrived = () => {
      if (got.events < 5 || firstMs !== undefined) return
      firstMs = performance.now() - beganAt
      // Time to render, where that is still done.
      if (when === 'when told') setTimeout(() => child.stdin.write('end\n'), 3_000)
    }
    child.stdin.on('error', () => {})
    let text = ''
    child.stdout.on('data', (chunk) => {
      text += chunk
      const line = /^\{.*\}$/m.exec(text)?.[0]
      if (line === undefined || endsAt !== undefined) return
      endsAt = performance.now()
      said = JSON.parse(line)
    })
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      clearInterval(peaks)
      arrived = () => {}
      const whole = (ms) => (ms === undefined ? null : Math.round(ms))
      resolve({
        way,
        when,
        exit_ms: whole(endsAt && performance.now() - endsAt),
        start_ms: whole(said?.start),
        slowest_record_ms: whole(said?.record),
        longest_turn_ms: whole(said?.turn),
        peak_memory_mb: whole(peakKb / 1_024),
        delivered: `${Math.min(5, got.events)} of 5`,
        delivered_after_ms: whole(firstMs),
        batches: got.batches,
        ended: signal ?? code,
        telemetry_json_mb: whole(
          statSync(join(course.path, 'telemetry.json'), { throwIfNoEntry: false })?.size / 1e6,
        ),
      })
    })
  })
}

const results = {}
for (const mb of sizes) {
  const course = await makeCourse(mb * 1_000_000)
  results[`${mb}_mb`] = []
  for (const when of ['at once', 'when told'])
    // A gigabyte takes long to fold.
    for (const way of when === 'when told' && mb > 100 ? ['close'] : WAYS) {
      const result = { floor_ms: await floor(), ...(await run(course, way, when)) }
      console.error(JSON.stringify({ mb, ...result }))
      results[`${mb}_mb`].push(result)
    }
  course.remove()
}
server.close()
console.log(JSON.stringify(results))
