// A host as LearnPack is, which follows a script: `node host.mjs <job as JSON>`. What it is about to do and what it was
// told goes into `notes` at once, and so outlives a kill behind it. It prints nothing.

import { mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { moveOn } from './hand-clock.mjs'
import { plainFetch } from './plain-fetch.mjs'

const { dirPath, sessionPath, urls, build, wiring, ahead, exit, script, telemetryIds, notes } = JSON.parse(
  process.argv[2],
)
const { createTelemetryManager, embed } =
  build === 'cjs'
    ? createRequire(import.meta.url)('../../dist/index.cjs')
    : await import('../../dist/index.js')

moveOn(ahead)
const to = openSync(notes, 'a')
const note = (...words) => writeSync(to, `${JSON.stringify(words)}\n`)

const STEPS = [
  { slug: 'a', position: 0, files: [] },
  { slug: 'b', position: 1, files: [] },
]
const options = {
  createTelemetryId: () => telemetryIds.shift() ?? 'zzzzzzzzzzzzzzzz',
  fetch: plainFetch,
}

let middleware
let manager = wiring === 'manager' ? watched(createTelemetryManager(options)) : undefined
/** What the session file says, and the host was not asked about since. */
let login

function watched(manager) {
  manager.telemetry.on('recorded', ({ id, type }) => note('recorded', id, type))
  manager.telemetry.on('fault', (place, error) => note('fault', place, String(error)))
  return manager
}

/** Until nothing more can be sent or written, and nothing waits for a retry. */
async function settle() {
  const { telemetry } = manager
  for (let turns = 0; turns < 100; turns++) {
    await telemetry.idle()
    const destinations = Object.values(telemetry.status().destinations)
    if (!destinations.some(({ retryAt }) => retryAt !== undefined)) return
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

const steps = {
  start() {
    if (wiring === 'manager') {
      manager.urls = urls
      void manager.start('os', STEPS, dirPath, 'course')
      return
    }
    const app = { use: (given) => (middleware = given) }
    const exercises = STEPS.map((step) => ({ ...step, graded: false }))
    const config = { slug: 'course', dirPath, editor: { agent: 'os' }, telemetry: urls }
    // It records from the first line on: whoever listens later has missed the start of the session.
    manager = watched(embed({ app, config: { config, exercises }, ...options }).manager)
  },
  event: (mark) => manager.registerStepEvent(0, 'compile', { source_code: mark, stdout: 'out', exitCode: 0 }),
  login: (user) => manager.setStudent({ user_id: user, token: `token-${user}` }),
  logout: () => manager.clearStudent(),
  finish: () => manager.finishWorkoutSession(),
  submit: () => void manager.submit(),
  save: () => manager.save(),
  tick: (ms) => moveOn(ms),
  settle,
  /** Somebody logs in or out in another process: there is no fault in that one. */
  session(user) {
    if (user === null) return rmSync(sessionPath, { recursive: true })
    mkdirSync(sessionPath, { recursive: true })
    const value = { token: `token-${user}-${Math.floor(performance.now())}`, user_id: user, email: 'a@b.c' }
    writeFileSync(join(sessionPath, 'payload'), JSON.stringify({ key: 'bc-payload', value }))
  },
  visit: (slug) => middleware({ method: 'GET', url: `/exercise/${slug}` }, {}, () => {}),
  close: () => manager.close(),
}

for (const [name, ...args] of script) {
  if (name === 'session') login = args[0] === null ? ['logout'] : ['login', args[0]]
  const asked = name === 'visit' && login ? login : [name, ...args]
  if (name === 'visit') login = undefined
  note('call', ...asked)
  try {
    await steps[name](...args)
  } catch (error) {
    note('threw', name, String(error.stack))
  }
  note('returned', ...asked)
}
note('exit', exit)
if (exit === 'exit') process.exit(7)
if (exit === 'signal') {
  // A process with nothing left to do may be gone before the signal is.
  setInterval(() => {}, 60_000)
  process.kill(process.pid, 'SIGTERM')
}
