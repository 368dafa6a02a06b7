// A host process for the tests that kill, cut and fill: records on a real folder, and tells its parent what
// was acknowledged, one id a line, before it goes on.
//
// host.mjs <folder> <what to do> [numbers]

import { writeSync } from 'node:fs'
import { createTelemetry } from '@learnpack/telemetry-core'
import { nodePorts, openCourseFolder, saveAtExit } from '../../dist/index.js'

const [dirPath, action, ...numbers] = process.argv.slice(2)
const [first = 0, second = 0] = numbers.map(Number)

export const course = {
  slug: 'intro',
  agent: 'os',
  steps: [
    { slug: '00-hello', position: 0, files: [], is_testeable: false },
    { slug: '01-add', position: 1, files: [], is_testeable: true },
  ],
}

const storage = openCourseFolder(dirPath)
const telemetry = createTelemetry({
  storage,
  ...nodePorts,
  // However slow the machine, its exit is not cut short: what is tested here is what the last one leaves.
  clock: { ...nodePorts.clock, elapsed: () => 0 },
})
const turn = () => new Promise((resolve) => setImmediate(resolve))

const say = (message) => writeSync(1, `${message}\n`)
const acknowledge = (recorded) => say(recorded.ok ? recorded.id : `refused ${recorded.reason}`)
const attempt = (bytes) => ({ stdout: 'x'.repeat(bytes), starting_at: Date.now(), exitCode: 1 })

const actions = {
  /** Records for ever, with attempts of up to `first` bytes. */
  async record() {
    acknowledge(telemetry.start(course))
    for (let n = 0; ; n++) {
      acknowledge(telemetry.record(1, n % 3 === 0 ? 'test' : 'compile', attempt((n * 7_919) % first)))
      await turn()
    }
  },

  /** Records `first` attempts of `second` bytes, then closes. */
  async count() {
    acknowledge(telemetry.start(course))
    for (let n = 0; n < first; n++) {
      acknowledge(telemetry.record(1, 'compile', attempt(second)))
      if (n % 10 === 0) await turn()
    }
    await telemetry.close()
  },

  /** Records one event and exits with code `first`. */
  exit() {
    saveAtExit(telemetry.save)
    telemetry.start(course)
    telemetry.record(0, 'open_step')
    process.exit(first)
  },

  /** Records one event and throws. */
  throw() {
    saveAtExit(telemetry.save)
    telemetry.start(course)
    telemetry.record(0, 'open_step')
    throw new Error('of the host')
  },

  /** Records one event and comes to its natural end. */
  end() {
    saveAtExit(telemetry.save)
    telemetry.start(course)
    telemetry.record(0, 'open_step')
  },

  /** Records one event and waits for a signal, which it handles itself where `first` is 1. */
  wait() {
    if (first === 1) process.on('SIGTERM', () => process.exit(7))
    saveAtExit(telemetry.save)
    telemetry.start(course)
    acknowledge(telemetry.record(0, 'open_step'))
    setInterval(() => {}, 1_000)
  },

  /** Waits for a signal, at which it cleans up before it ends. */
  cleanUp() {
    process.once('SIGINT', async () => {
      for (let n = 0; n < 5; n++) await turn()
      say('cleaned up')
      process.exit(5)
    })
    saveAtExit(telemetry.save)
    telemetry.start(course)
    acknowledge(telemetry.record(0, 'open_step'))
    setInterval(() => {}, 1_000)
  },

  /** Waits for a signal with two telemetries open. */
  twice() {
    saveAtExit(telemetry.save)
    saveAtExit(() => {})
    telemetry.start(course)
    acknowledge(telemetry.record(0, 'open_step'))
    setInterval(() => {}, 1_000)
  },

  /** Does what its parent says on standard input, one word a line, and says what came of it. */
  async obey() {
    if (process.getuid?.() === 0 && first !== 0) {
      process.setgid(first)
      process.setuid(first)
    }
    saveAtExit(telemetry.save)
    let rest = ''
    for await (const chunk of process.stdin) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop()
      for (const line of lines) {
        const [word, number] = line.split(' ')
        if (word === 'start') acknowledge(telemetry.start(course))
        if (word === 'record') acknowledge(telemetry.record(1, 'compile', attempt(Number(number))))
        if (word === 'idle') await telemetry.idle().then(() => say('idle'))
        if (word === 'status') say(JSON.stringify(telemetry.status()))
        if (word === 'snapshot') say(JSON.stringify(telemetry.snapshot()))
        if (word === 'close') await telemetry.close().then(() => say('closed'))
      }
    }
  },
}

await actions[action]()
