// `npm run simulate`: plays the world from one seed after the other on all cores, until a promise is broken. Exit code 1 when
// one was.

import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { add, digestOf, figuresOf, noFigures, type Figures } from './figures'
import { planOf, play, shrunk, type Kind } from './run'
import type { Counts } from './weather'

const USAGE = `npm run simulate -- [options]

Plays learners, hosts, disks and receivers in virtual time: whatever order things happen in, nothing that was acknowledged is
lost, sent under another name, sent while recording is off, or counted twice. It plays core on ports in memory.

  --seed <n>     the first seed. Default: 1
  --seeds <n>    how many. Default: 100
  --minutes <n>  plays until that time is up, however many seeds that are
  --steps <n>    what happens in each. Default: 200
  --machines     plays the adapter as it is shipped, on whole machines: files, logins, commands, requests. Slower
  --digest       prints a digest of each run: the same for the same seed, everywhere
  --json         prints the figures as JSON
  --help         this text
`
const YEAR_MS = 365.25 * 86_400_000

interface Task {
  readonly first: number
  /** Every one of so many seeds, until that one. */
  readonly every: number
  readonly end: number
  readonly steps: number
  readonly kind: Kind
  /** Epoch ms. */
  readonly until: number
}

interface Played {
  readonly seed: number
  readonly figures: Figures
  readonly digest: string
  readonly broken: string | undefined
}

async function work({ first, every, end, steps, kind, until }: Task): Promise<void> {
  for (let seed = first; seed < end && Date.now() < until; seed += every) {
    const result = await play(planOf(seed, steps, kind))
    const { broken } = result
    parentPort?.postMessage({ seed, figures: figuresOf(result, steps), digest: digestOf(result), broken })
    // Whoever waits for us has to hear of it.
    await new Promise(setImmediate)
    if (broken !== undefined) return
  }
}

const text = { type: 'string' } as const
const flag = { type: 'boolean' } as const

function usage(message: string): never {
  process.stderr.write(`simulate: ${message}\n`)
  process.exit(2)
}

function numberOf(name: string, given: string | undefined, otherwise: number): number {
  const number = given === undefined ? otherwise : Number(given)
  if (number > 0 && (Number.isSafeInteger(number) || name === 'minutes')) return number
  return usage(`--${name} takes a whole number from 1 on (found ${given})`)
}

function optionsOf(args: string[]) {
  const options = {
    seed: text,
    seeds: text,
    steps: text,
    minutes: text,
    machines: flag,
    digest: flag,
    json: flag,
    help: flag,
  }
  try {
    return parseArgs({ args, options }).values
  } catch (error) {
    return usage(`${(error as Error).message}\n${USAGE}`)
  }
}

/** Plays on all cores. Returns the broken run of the lowest seed: the same on however many cores. */
function playAll(task: Omit<Task, 'every'>, heard: (played: Played) => void): Promise<Played | undefined> {
  const every = Math.min(availableParallelism(), task.end - task.first)
  let worst: Played | undefined
  const one = (place: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const workerData: Task = { ...task, first: task.first + place, every }
      const worker = new Worker(new URL(import.meta.url), { workerData })
      worker.on('message', (played: Played) => {
        if (played.broken === undefined) heard(played)
        else if (worst === undefined || played.seed < worst.seed) worst = played
        if (worst !== undefined && played.seed + every > worst.seed) void worker.terminate()
      })
      worker.on('error', reject)
      worker.on('exit', () => resolve())
    })
  return Promise.all(Array.from({ length: every }, (_, place) => one(place))).then(() => worst)
}

const sorted = (counts: Counts): [string, number][] =>
  [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
const list = (counts: Counts): string =>
  sorted(counts)
    .map(([what, times]) => `${what} ${times}`)
    .join(', ')

async function main(): Promise<void> {
  const values = optionsOf(process.argv.slice(2))
  if (values.help === true) return void process.stdout.write(USAGE)
  const first = numberOf('seed', values.seed, 1)
  const steps = numberOf('steps', values.steps, 200)
  const kind: Kind = values.machines === true ? 'machines' : 'ports'
  const hasEnd = values.minutes === undefined || values.seeds !== undefined
  const end = hasEnd ? first + numberOf('seeds', values.seeds, 100) : Number.MAX_SAFE_INTEGER
  const minutes = values.minutes === undefined ? Infinity : numberOf('minutes', values.minutes, 1)
  const began = performance.now()
  const seconds = (): number => (performance.now() - began) / 1_000
  const sum = noFigures()
  const digests = new Map<number, string>()
  const task = { first, end, steps, kind, until: Date.now() + minutes * 60_000 }
  const broken = await playAll(task, ({ seed, figures, digest }) => {
    add(sum, figures)
    digests.set(seed, digest)
    if (process.stderr.isTTY)
      process.stderr.write(`\r${sum.seeds} seeds, ${(sum.seeds / seconds()).toFixed(1)} a second `)
  })
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
  if (broken !== undefined) {
    const promise = broken.broken as string
    process.stdout.write(
      `seed ${broken.seed}, ${steps} steps: ${promise}\nThe shortest run that was found:\n`,
    )
    const { story, broken: inShort } = await play(await shrunk(planOf(broken.seed, steps, kind), promise))
    process.stdout.write(`${story.map((words) => `  ${words}\n`).join('')}${inShort}\n`)
    process.exitCode = 1
    return
  }
  const { happenings, faults, time, ...numbers } = sum
  const years = Math.round((time / YEAR_MS) * 100) / 100
  const perSecond = Math.round((sum.seeds / seconds()) * 10) / 10
  if (values.json === true) {
    const figures = {
      ...numbers,
      years,
      seeds_per_s: perSecond,
      happenings: Object.fromEntries(sorted(happenings)),
      faults: Object.fromEntries(sorted(faults)),
      ...(values.digest && { digests: Object.fromEntries(digests) }),
    }
    process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`)
    return
  }
  if (values.digest === true)
    for (const [seed, digest] of [...digests].sort(([a], [b]) => a - b))
      process.stdout.write(`seed ${seed}: ${digest}\n`)
  process.stdout.write(
    `${sum.seeds} seeds of ${steps} steps, ${perSecond} a second: no promise was broken\n` +
      `${years} years, ${sum.acknowledged} events acknowledged, ${sum.requests} requests\n` +
      `What happened: ${list(happenings)}\nFaults that struck: ${list(faults)}\n`,
  )
}

await (isMainThread ? main() : work(workerData as Task))
