// `npm run stress:cli`: random calls of the command on odd course folders, in processes that are watched from outside.
//
//   node stress/cli.mjs [--calls 50000] [--seed 1] [--workers 2] [--case <seed>]
//
// `--case` runs one folder, as a failing case says, and prints each call.

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { clearInterval, clearTimeout, setInterval, setTimeout } from 'node:timers'
import { parseArgs } from 'node:util'

const HANG_MS = 5_000
/** A call that took longer is given up, ms. */
const KILL_MS = 30_000
const MOST_RSS_KB = 500_000
/** Calls on one folder: as in worker.mjs. */
const CALLS = 8
/** A process is given up after that many folders, so that what leaks shows and what is only garbage does not. */
const FOLDERS = 100

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '50000' },
    seed: { type: 'string', default: '1' },
    workers: { type: 'string', default: '2' },
    case: { type: 'string' },
  },
})
const first = Number(values.case ?? values.seed)
const folders = values.case === undefined ? Math.ceil(Number(values.calls) / CALLS) : 1
const seeds = Array.from({ length: folders }, (_, index) => first + index)
/** Folders with a call that took longer than 5 s. On a busy machine that may be the machine: they are run again, alone. */
const slow = new Set()
let again = false

const codes = new Map()
const kinds = new Map()
const failures = []
let [calls, stacks, hangs, tooLarge, maxRss] = [0, 0, 0, 0, 0]
const home = mkdtempSync(join(tmpdir(), 'telemetry-stress-cli-'))
const began = Date.now()

/** Where it is, for whoever watches a long run. */
const said = setInterval(() => process.stderr.write(`\r${calls} calls, ${failures.length} failures `), 1_000)
if (!process.stderr.isTTY) clearInterval(said)

function failed(what, { seed, call, args, kinds: odd }, detail) {
  failures.push(
    `${what}: ${JSON.stringify(args)} on ${odd.join(', ')}\n  repeat: npm run stress:cli -- --case ${seed} (call ${call})\n${detail}`,
  )
  if (failures.length <= 20) console.error(failures.at(-1))
}

/** Runs folders until there are none left. */
async function work() {
  while (seeds.length > 0) await workerOf()
}

function workerOf() {
  return new Promise((resolve) => {
    const script = fileURLToPath(new URL('cli/worker.mjs', import.meta.url))
    const { DO_NOT_TRACK: _, LEARNPACK_TELEMETRY_DISABLED: __, ...env } = process.env
    // With nothing on its standard input but seeds, a link to /dev/stdin leads to a pipe that stays open.
    const child = spawn(process.execPath, [script], {
      stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
      env: { ...env, TMPDIR: home },
      detached: true,
    })
    let done = 0
    let current
    let folder = first
    let timer
    let killer
    let said = ''
    child.stderr.on('data', (data) => (said = `${said}${data}`.slice(-3_000)))
    const kill = () => {
      try {
        process.kill(-child.pid, 'SIGKILL')
      } catch {
        // It is gone.
      }
    }
    const give = () => {
      if (done++ >= FOLDERS || seeds.length === 0) child.stdin.end()
      else child.stdin.write(`${seeds.shift()}\n`)
    }
    createInterface({ input: child.stdio[3] }).on('line', (line) => {
      const message = JSON.parse(line)
      if (message.ready || message.idle) give()
      if (message.folder !== undefined) folder = message.folder
      if (message.begin) {
        current = message
        calls++
        if (message.call === 0)
          for (const kind of new Set(message.kinds.map((one) => one.split(':')[0])))
            kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
      }
      // What takes long by its nature, as copying gigabytes, shows that it goes on.
      if (message.begin || message.progress) {
        clearTimeout(timer)
        clearTimeout(killer)
        killer = setTimeout(kill, KILL_MS)
        timer = setTimeout(() => {
          if (again) {
            hangs++
            failed('hang', current, '')
          } else slow.add(current.seed)
        }, HANG_MS)
      }
      if (!message.end) return
      clearTimeout(timer)
      clearTimeout(killer)
      const { code, stack, rss } = message
      if (values.case !== undefined)
        console.log(code, Math.round(rss / 1_000), JSON.stringify(current.args), current.kinds.join(', '))
      codes.set(code, (codes.get(code) ?? 0) + 1)
      if (rss > MOST_RSS_KB && maxRss <= MOST_RSS_KB) failed(`${rss} kB of memory`, current, '')
      if (rss > MOST_RSS_KB) {
        tooLarge++
        kill()
      }
      maxRss = Math.max(maxRss, rss)
      if (stack !== '') {
        stacks++
        failed('stack trace', current, stack)
      }
      current = undefined
    })
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      clearTimeout(killer)
      if (code !== 0 && signal !== 'SIGKILL') {
        stacks++
        failed(
          `ended with ${code ?? signal}`,
          current ?? { seed: folder, call: 0, args: [], kinds: [] },
          said,
        )
      }
      resolve()
    })
  })
}

await Promise.all(Array.from({ length: Number(values.workers) }, work))
const [run, repeated] = [calls, slow.size]
again = true
clearInterval(said)
seeds.push(...slow)
await work()
rmSync(home, { recursive: true, force: true })
const sorted = (counts) =>
  [...counts].sort(([, a], [, b]) => b - a).map(([name, count]) => `${name} ${count}`)
console.log(`kinds of folders: ${sorted(kinds).join(', ')}`)
console.log(`exit codes: ${sorted(codes).join(', ')}`)
console.log(
  `${run} calls in ${Math.round((Date.now() - began) / 1_000)} s: ${stacks} stack traces, ${hangs} hangs over ${HANG_MS / 1_000} s (${repeated} slow folders run again alone), ${tooLarge} over ${MOST_RSS_KB / 1_000} MB, most ${Math.round(maxRss / 1_000)} MB`,
)
process.exitCode = stacks + hangs + tooLarge === 0 ? 0 : 1
