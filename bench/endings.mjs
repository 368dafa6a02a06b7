// What arrives of five events of a host that ends at once, by how it ends and by what its receiver is like, and how much later it
// ends than the same host without us. Prints a table on stderr, and one JSON object. Linux only.
//
// endings.mjs [runs]

import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { nodePorts, openCourseFolder } from '@learnpack/telemetry-transport-file'

const host = fileURLToPath(new URL('../packages/cli-adapter/test/children/ending-host.cjs', import.meta.url))
const RUNS = Number(process.argv[2] ?? 5)
/** A process that delivers the rest is there for 15 s at most. */
const REST_MS = 30_000

const receivers = {
  healthy: (_, response) => response.end(),
  hanging: () => {},
  refusing: (_, response) => response.writeHead(422).end(),
}
/** The ends of a host, one after the other; `offline` means that the receiver is away for it. */
const endings = {
  natural: ['natural'],
  close: ['close'],
  'process.exit': ['exit'],
  SIGINT: ['SIGINT'],
  'SIGKILL, then a start': ['SIGKILL', 'natural'],
  'offline 3 times, then online': ['natural offline', 'exit offline', 'SIGINT offline', 'exit'],
}

let got = []
let answer = receivers.healthy
let isAway = false
const server = createServer((request, response) => {
  if (isAway) return request.socket.destroy()
  request.resume()
  request.on('end', () => {
    if (request.url === '/stream') got.push(request.headers['webhook-id'])
    answer(request, response)
  })
})
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${server.address().port}`

/** How long a host is there, ms. */
function run(whose, dirPath, way) {
  const begun = performance.now()
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [host, whose, dirPath, url, way], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [child.stdout, child.stderr]) stream.resume()
    child.once('close', () => resolve(performance.now() - begun))
  })
}

const isDelivering = () =>
  readdirSync('/proc').some((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('deliver-later')
    } catch {
      return false
    }
  })

async function rest() {
  for (let waited = 0; isDelivering() && waited < REST_MS; waited += 50) await wait(50)
}

function newCourse() {
  const dirPath = join(mkdtempSync(join(tmpdir(), 'telemetry-bench-')), '.learn')
  mkdirSync(dirPath)
  const folder = openCourseFolder(dirPath)
  folder.claimIndex({ current: nodePorts.ids.telemetry(), owners: {} })
  folder.close()
  return dirPath
}

const middle = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]

const rows = []
for (const [receiver, answering] of Object.entries(receivers)) {
  answer = answering
  for (const [ending, ways] of Object.entries(endings)) {
    const added = []
    let delivered = 0
    let sent = 0
    let duplicates = 0
    // What hangs costs 15 s a run, and every run is the same.
    const runs = receiver === 'hanging' ? 1 : RUNS
    for (let n = 0; n < runs; n++) {
      const dirPath = newCourse()
      got = []
      for (const one of ways) {
        const [way, offline] = one.split(' ')
        isAway = offline !== undefined
        added.push((await run('ours', dirPath, way)) - (await run('none', dirPath, way)))
      }
      await rest()
      sent += 5 * ways.length
      delivered += new Set(got).size
      duplicates += got.length - new Set(got).size
      rmSync(dirPath, { recursive: true, force: true })
    }
    const row = { receiver, ending, delivered, sent, duplicates, added_ms: Math.round(middle(added)) }
    console.error(
      `${receiver.padEnd(9)} ${ending.padEnd(29)} ${delivered} of ${sent}, ${duplicates} twice, ${row.added_ms} ms more`,
    )
    rows.push(row)
  }
}
server.close()
console.log(JSON.stringify(rows))
