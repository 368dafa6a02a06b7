// `npm run stress:faults`: runs every scenario with a disk that fails at its first call, at its second, and so on, and looks
// at what is left. Exit code 1 when anything was lost, doubled, somebody else's or broken.

import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { CHECKS } from './faults/judge.mjs'
import { KINDS } from './faults/kinds.mjs'
import { describeFindings, describeRun, describeTable } from './faults/report.mjs'
import { openPlace } from './faults/run-case.mjs'
import { SCENARIOS } from './faults/scenarios.mjs'

const USAGE = `npm run stress:faults -- [options]

Runs start, login, switch, import, delivery, purge and exit with a disk that fails at the n-th call, for every n.

  --scenario <names>  only these, separated by commas: ${Object.keys(SCENARIOS).join(', ')}
  --kind <names>      only these: ${Object.keys(KINDS).join(', ')}
  --n <n or n-m>      only where the fault begins at that call; a single run is told in all its details
  --every <k>         only at every k-th call. Default: 1 for a single fault, 4 for those that last
  --jobs <k>          runs at once. Default: as many as there are processors
  --help              this text
`
/** Of one kind of fault in one scenario. */
const MOST_PRINTED = 3

const fail = (message) => {
  process.stderr.write(`stress:faults: ${message}\n`)
  process.exit(2)
}

function optionsOf(args) {
  const text = { type: 'string' }
  const { values } = parseArgs({
    args,
    options: {
      scenario: text,
      kind: text,
      n: text,
      every: text,
      jobs: text,
      help: { type: 'boolean' },
    },
  })
  const named = (what, given, known) => {
    const names = given?.split(',') ?? Object.keys(known)
    for (const name of names)
      if (!Object.hasOwn(known, name))
        fail(`unknown ${what} ${JSON.stringify(name)}; use ${Object.keys(known).join(', ')}`)
    return names
  }
  const number = (what, given) => {
    const value = Number(given)
    if (!Number.isInteger(value) || value < 1) fail(`--${what}: expected a whole number from 1, got ${given}`)
    return value
  }
  const [first, last] = values.n?.split('-').map((one) => number('n', one)) ?? [1, Infinity]
  return {
    help: values.help,
    scenarios: named('scenario', values.scenario, SCENARIOS),
    kinds: named('kind', values.kind, KINDS),
    first,
    last: last ?? first,
    every: values.every === undefined ? undefined : number('every', values.every),
    jobs: values.jobs === undefined ? availableParallelism() : number('jobs', values.jobs),
  }
}

let options
try {
  options = optionsOf(process.argv.slice(2))
} catch (error) {
  fail(error.message)
}
if (options.help) {
  process.stdout.write(USAGE)
  process.exit(0)
}

const { scenarios, kinds, first, last, jobs } = options
const inDetail = scenarios.length === 1 && kinds.length === 1 && first === last
const rows = new Map(
  kinds.map((kind) => [
    kind,
    {
      runs: 0,
      acknowledged: 0,
      written: 0,
      recorded: 0,
      ...Object.fromEntries(CHECKS.map((check) => [check, 0])),
    },
  ]),
)
let runs = 0
const startedAt = performance.now()

function* cases() {
  for (const scenario of scenarios) for (const kind of kinds) yield* casesOf(scenario, kind)
}
/** One by one, until the scenario is over before its n-th call. */
function* casesOf(scenario, kind) {
  const series = { over: false, printed: 0 }
  const every = options.every ?? KINDS[kind].every
  for (let n = first; n <= last && !series.over; n += first === last ? 1 : every)
    yield { scenario, kind, n, series }
}

function count({ scenario, kind, n, series }, result) {
  if (!result.reached) {
    series.over = true
    return
  }
  const row = rows.get(kind)
  runs++
  row.runs++
  row.acknowledged += result.acknowledged
  row.written += result.written
  row.recorded += Math.max(0, result.recorded)
  for (const check of CHECKS)
    row[check] += new Set(result.findings.flatMap((one) => (one.check === check ? one.of : []))).size
  if (inDetail) process.stdout.write(describeRun(result))
  if (result.findings.length > 0 && series.printed++ < MOST_PRINTED) {
    const { op, path } = result.call
    process.stdout.write(
      `--scenario ${scenario} --kind ${kind} --n ${n}  at ${op} ${path.slice(result.folder.length)}
${describeFindings(result.findings)}`,
    )
  }
  if (runs % 100 === 0) {
    const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1)
    process.stderr.write(`${runs} runs, ${minutes} min: ${scenario} ${kind} ${n}\n`)
  }
}

const places = []
// Also when somebody has seen enough: nothing is left behind.
process.on('exit', () => places.forEach((place) => place.close()))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1))

const queue = cases()
await Promise.all(
  Array.from({ length: inDetail ? 1 : jobs }, async () => {
    const place = await openPlace()
    places.push(place)
    for (let next = queue.next(); !next.done; next = queue.next()) {
      const { scenario, kind, n } = next.value
      count(next.value, await place.run(scenario, { kind, n }))
    }
    place.close()
  }),
)
process.stdout.write(describeTable(rows))
const isClean = [...rows.values()].every((row) => CHECKS.every((check) => row[check] === 0))
if (runs === 0) fail('no scenario makes that many calls')
process.exitCode = isClean ? 0 : 1
