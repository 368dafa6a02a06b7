// One run: a scenario in a folder of its own, one fault in it, what comes behind it, and the verdict.

import { spawn } from 'node:child_process'
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { judge } from './judge.mjs'
import { bytesOfLogs, faultOfSnapshot, readLogs, remains } from './logs.mjs'
import { openReceiver } from './receiver.mjs'
import { aftermath, SCENARIOS } from './scenarios.mjs'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const PRELOAD = new URL('./preload.mjs', import.meta.url).href
const HOST = here('./host.mjs')
const COMMAND = here('../../bin/learnpack-telemetry.js')

/** A host that takes longer hangs, on the slowest machine. */
const HANGS_MS = 120_000
/** How far the clocks of the faulty process and of those behind it are ahead, ms: none runs back. */
const FAULTY_MS = 1_000
const AFTER_MS = 10_000
/** Behind it whatever a dead process held is free. */
const LATER_MS = 120_000

const CODES = { natural: 0, exit: 7, signal: 'SIGTERM' }

const linesOf = (path) =>
  existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : []

/** In memory, where there is such a place: what is tested is what is asked of the disk, not the disk. */
const MEMORY = '/dev/shm'

/** A place where runs are made, one at a time. */
export async function openPlace() {
  const root = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'telemetry-faults-'))
  const work = join(root, 'work')
  const course = join(work, 'course')
  const dirPath = join(course, '.learn')
  const config = join(work, 'config')
  const notes = join(work, 'notes.ndjson')
  const trace = join(work, 'trace.ndjson')
  const receiver = await openReceiver()
  const prepared = new Map()
  // Another name for the course, by which nothing fails.
  symlinkSync(course, join(root, 'aside'))
  let processes = 0

  const note = (...words) => appendFileSync(notes, `${JSON.stringify(words)}\n`)

  function run(args, fault) {
    const env = {
      PATH: process.env.PATH,
      HOME: work,
      XDG_CONFIG_HOME: config,
      ...(fault && { FAULTS: JSON.stringify({ roots: [course, config], trace, ...fault }) }),
    }
    const child = spawn(process.execPath, [...(fault ? ['--import', PRELOAD] : []), ...args], {
      env,
      cwd: work,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text))
    let hung = false
    const timer = setTimeout(() => {
      hung = true
      child.kill('SIGKILL')
    }, HANGS_MS)
    return new Promise((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (code, signal) => {
        clearTimeout(timer)
        resolve({ ended: signal ?? code, output, hung })
      })
    })
  }

  async function runHost(
    { script, exit, build = 'cjs', wiring = 'manager', answers = [200] },
    fault,
    ahead = 0,
  ) {
    note('host')
    receiver.answer(answers)
    const telemetryIds = [1, 2, 3, 4].map((n) => `telemetry${processes}n${n}`.padEnd(16, '0').slice(0, 16))
    processes++
    const job = {
      dirPath,
      sessionPath: join(root, 'aside', '.learn', '.session'),
      urls: receiver.urls,
      build,
      wiring,
      ahead,
      exit,
      script,
      telemetryIds,
      notes,
    }
    const end = await run([HOST, JSON.stringify(job)], fault)
    await receiver.quiet()
    return { ...end, expected: CODES[exit] }
  }

  const purge = async (fault) => ({
    ...(await run([COMMAND, 'purge', '--yes', course], fault)),
    expected: 0,
    isCommand: true,
  })

  function leave({ user_id, telemetry_id, mark }) {
    const at = Date.now() - 3_600_000
    const attempt = {
      source_code: Buffer.from(mark).toString('base64'),
      stdout: '',
      stderr: '',
      exitCode: 0,
      starting_at: at,
      ended_at: at + 5,
    }
    const step = {
      slug: 'a',
      position: 0,
      files: [],
      ai_interactions: [],
      compilations: [attempt],
      tests: [],
    }
    const file = {
      telemetry_id,
      user_id,
      slug: 'course',
      agent: 'os',
      tutorial_started_at: at,
      last_interaction_at: at + 5,
      steps: [{ ...step, is_testeable: false, opened_at: at }],
      workout_session: [{ started_at: at }],
    }
    note('file', user_id, mark)
    mkdirSync(dirPath, { recursive: true })
    writeFileSync(join(dirPath, 'telemetry.json'), JSON.stringify(file))
  }

  const doPart = (part, fault, ahead) =>
    part.file ? leave(part.file) : part.purge ? purge(fault) : runHost(part, fault, ahead)

  /** What is in front of the fault is done once. */
  async function prepare(name) {
    const parts = SCENARIOS[name]
    const first = parts.findIndex(({ faulty }) => faulty)
    const kept = join(root, name)
    let before = prepared.get(name)
    rmSync(work, { recursive: true, force: true })
    if (before === undefined) {
      for (const path of [course, config]) mkdirSync(path, { recursive: true })
      receiver.restart()
      processes = 0
      for (const part of parts.slice(0, first)) {
        const end = await doPart(part)
        if (end && end.ended !== end.expected)
          throw new Error(`${name}: a host in front of the fault ended with ${end.ended}: ${end.output}`)
      }
      before = { requests: receiver.requests, processes, bytes: bytesOfLogs(dirPath) }
      cpSync(work, kept, { recursive: true, preserveTimestamps: true })
      prepared.set(name, before)
      rmSync(work, { recursive: true, force: true })
    }
    // The first time as well: every run of a scenario makes the same calls.
    cpSync(kept, work, { recursive: true, preserveTimestamps: true })
    receiver.restart(before.requests)
    processes = before.processes
    return { part: parts[first], after: parts.slice(first + 1), before }
  }

  return {
    /**
     * @param fault `{ kind, n }`; without, nothing fails
     * @returns what became of it; `reached` tells whether the host ever made its n-th call
     */
    async run(scenario, fault = {}) {
      const { part, after, before } = await prepare(scenario)
      const broken = []
      const isBroken = (of, what) => broken.push({ check: 'broken', of, what })
      const check = (end, who) => {
        if (end.hung) isBroken(who, 'hung')
        else if (end.isCommand) {
          if (/^ +at /m.test(end.output)) isBroken(who, `printed a stack trace: ${end.output}`)
        } else {
          if (end.ended !== end.expected) isBroken(who, `ended with ${end.ended}, expected ${end.expected}`)
          if (end.output !== '') isBroken(who, `printed ${end.output}`)
        }
      }

      const end = await doPart(part, fault, FAULTY_MS)
      const calls = linesOf(trace)
      const met = calls.filter(({ fault }) => fault)
      const killed = met.some(({ fault }) => fault.dieBefore || fault.dieAfter)
      // It may have ended by itself while a call that it was to die after was still under way.
      const endedFirst = met.some(({ fault }) => fault.dieAfter) && end.ended === end.expected
      check(killed && !endedFirst ? { ...end, expected: 'SIGKILL' } : end, 'the faulty process')
      const written = calls
        .filter(({ op, fault }) => op === 'write' && !fault?.error && !fault?.dieBefore)
        .reduce((sum, { bytes, fault }) => sum + (fault?.part ? bytes >> 1 : bytes), 0)
      const recorded = bytesOfLogs(dirPath) - before.bytes
      const torn = faultOfSnapshot(dirPath, false)
      if (torn) isBroken('telemetry.json', torn)

      if (part.purge) {
        if (end.ended === 0 && remains(dirPath).length > 0)
          isBroken('purge', `succeeded and left ${remains(dirPath)}`)
        note('purged')
        if (part.repeat !== false) {
          check({ ...(await purge()), expected: 0 }, 'purge, once more,')
          if (remains(dirPath).length > 0) isBroken('purge, once more,', `left ${remains(dirPath)}`)
        }
      }
      for (const next of after) await doPart(next, undefined, AFTER_MS)
      check(await runHost(aftermath('z'), undefined, AFTER_MS), 'the next process')

      const verdict = () =>
        judge({ notes: linesOf(notes), logs: readLogs(dirPath), requests: receiver.requests })
      let { acknowledged, findings } = verdict()
      if (findings.some(({ check }) => check === 'lost')) {
        check(await runHost(aftermath('y'), undefined, LATER_MS), 'a process two minutes later')
        const first = findings
        ;({ acknowledged, findings } = verdict())
        const key = ({ of, what }) => `${of} ${what}`
        const still = new Set(findings.map(key))
        for (const finding of first)
          if (!still.has(key(finding)))
            findings.push(finding.check === 'lost' ? { ...finding, check: 'late' } : finding)
      }
      const stale = faultOfSnapshot(dirPath, true)
      if (stale) isBroken('telemetry.json', stale)
      return {
        reached: met.length > 0,
        call: met[0],
        calls,
        acknowledged,
        written,
        recorded,
        findings: [...findings, ...broken],
        notes: linesOf(notes),
        logs: readLogs(dirPath),
        requests: receiver.requests,
        folder: root,
      }
    },
    close() {
      receiver.close()
      rmSync(root, { recursive: true, force: true })
    },
  }
}
