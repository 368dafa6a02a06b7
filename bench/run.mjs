// `pnpm bench`: runs every benchmark in a process of its own, prints a table, writes bench/results.json and the README's copy.
// Ratios are what counts: each is to a floor measured in the same run, because machines are noisy.

import { execFileSync, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { arch, cpus, platform, release, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'

const here = (name) => fileURLToPath(new URL(name, import.meta.url))
const run = (script, ...args) => {
  console.error(`${script} ${args.join(' ')} ...`)
  return JSON.parse(
    execFileSync(process.execPath, ['--expose-gc', here(script), ...args.map(String)], { encoding: 'utf8' }),
  )
}
/** Runs `use` with the URL of a receiver in a process of its own. */
async function withReceiver(way, use) {
  const child = spawn(process.execPath, [here('receiver.mjs'), way], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  const url = await new Promise((resolve) =>
    child.stdout.once('data', (chunk) => resolve(String(chunk).trim())),
  )
  try {
    return await use(url)
  } finally {
    child.kill()
  }
}

/** From the moment a host begins to close until its process is gone, ms. */
function closing(url) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [here('host.mjs'), ...(url ? [url] : [])], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let from = 0
    child.stdout.once('data', () => (from = performance.now()))
    child.once('close', () => resolve(Math.round(performance.now() - from)))
  })
}

const ratio = (a, b) => Math.round((a / b) * 100) / 100

const cases = [
  [16_500, 100],
  [16_500, 1_000],
  [500, 100],
  [500, 10_000],
  [500, 100_000],
]
/** A pause of the machine in one of them must not decide: of several runs, the one in the middle. */
const RUNS = 5
const recording = cases.map(([bytes, history]) => {
  const runs = Array.from({ length: RUNS }, () => {
    const result = run('recording.mjs', bytes, history)
    const { floor, record } = result.mean_us
    return { ...result, ratio_to_floor: ratio(record, floor) }
  }).sort((a, b) => a.ratio_to_floor - b.ratio_to_floor)
  return { ...runs[Math.floor(RUNS / 2)], ratios_of_all_runs: runs.map((result) => result.ratio_to_floor) }
})
const dearer = (bytes) => {
  const [shortest, ...longer] = recording.filter((result) => result.bytes === bytes)
  return ratio(longer.at(-1).ratio_to_floor, shortest.ratio_to_floor)
}
const heap = (way) =>
  JSON.parse(execFileSync(process.execPath, ['--expose-gc', here('heap.mjs'), way], { encoding: 'utf8' }))
    .heap_mb
const throughput = await withReceiver('good', (url) => run('throughput.mjs', url, 2_000))
console.error('exit ...')
const without = await closing()
const exit = {}
for (const way of [
  'good',
  'hangs',
  'hangs after headers',
  'drips',
  'resets',
  'endless',
  'asks for patience',
]) {
  exit[way] = (await withReceiver(way, closing)) - without
}
console.error('heap ...')
const [none, offline] = [heap('none'), heap('offline')]

const results = {
  machine: {
    node: process.version,
    system: `${platform()} ${release()} ${arch()}`,
    cpu: cpus()[0].model,
    cores: cpus().length,
    memory_gb: Math.round(totalmem() / 2 ** 30),
  },
  recording,
  longest_history_to_100: { 16500: dearer(16_500), 500: dearer(500) },
  burst: run('burst.mjs'),
  delivery: {
    throughput,
    added_exit_ms: exit,
    undelivered_100000_added_heap_mb: Math.round((offline - none) * 10) / 10,
  },
  redaction: run('redaction.mjs'),
  host: run('cold.mjs'),
  page: run('scrub.mjs'),
}

const table = [
  ['', ...recording.map(({ bytes }) => `${bytes.toLocaleString('en')} B`)],
  ['events of history', ...recording.map(({ history }) => history.toLocaleString('en'))],
  ['`record()` / floor', ...recording.map((result) => result.ratio_to_floor)],
  ['`record()`, mean us', ...recording.map((result) => result.mean_us.record)],
  ['`record()`, p99 us', ...recording.map((result) => result.p99_us.record)],
  ['floor, mean us', ...recording.map((result) => result.mean_us.floor)],
  ['`appendFileSync`, mean us', ...recording.map((result) => result.mean_us.appendFileSync)],
  ['sonic-boom (buffers), mean us', ...recording.map((result) => result.mean_us['sonic-boom (buffers)'])],
  ['stock-like writer (1), mean us', ...recording.map((result) => result.stock_like_us)],
  [
    'written for what was recorded, MB',
    ...recording.map((result) => `${result.written_mb} for ${result.recorded_mb}`),
  ],
  ['`start()`, ms', ...recording.map((result) => result.start_ms)],
  ['fold, events/s', ...recording.map((result) => result.fold_events_per_s.toLocaleString('en'))],
  [
    'longest hold of the event loop while folding and rendering, ms',
    ...recording.map((result) => result.longest_turn_ms),
  ],
  ['peak memory of the benchmark, MB', ...recording.map((result) => result.peak_memory_mb)],
]
const { node, cpu, cores, system } = results.machine
const lines = [
  ...table.flatMap((cells, index) => [
    `| ${cells.join(' | ')} |`,
    ...(index === 0 ? [`| --- ${'| --: '.repeat(cells.length - 1)}|`] : []),
  ]),
  '',
  `(1) the whole state at every event, with at most 1,000 events of history. Folding and rendering happen between the calls that are timed. At 100 events of history 200 calls are timed, 2 ms in all at 500 B: one sync of telemetry.json that falls into them doubles the mean, and about every second run has one. Dearer at the longest history than at 100 events, each against its floor: ${results.longest_history_to_100[16500]} times (16,500 B), ${results.longest_history_to_100[500]} times (500 B). A burst of ${results.burst.events.toLocaleString('en')} events of 16 KB writes ${results.burst.ratio} bytes for every byte of event, log and telemetry.json together. Of ${RUNS} runs the one in the middle is shown. Measured on Node ${node}, ${cores} cores of ${cpu}, ${system}.`,
  '',
  `The stream delivers ${results.delivery.throughput.ratio} times as fast as a bare keep-alive fetch loop that posts the same bodies (${results.delivery.throughput.ours_per_s.toLocaleString('en')} events/s). 100,000 events that cannot be delivered add ${results.delivery.undelivered_100000_added_heap_mb} MB of heap. Closing takes longer than without destinations by, at a receiver that is: ${Object.entries(
    results.delivery.added_exit_ms,
  )
    .map(([way, ms]) => `${way} ${ms} ms`)
    .join(', ')}.`,
  '',
  `Redaction takes ${results.redaction.attempt_12kb_us} us of an attempt of 12 KB. Of ${results.redaction.hostile_1mb.texts} hostile texts of 1 MB the slowest takes ${results.redaction.hostile_1mb.slowest.ms} ms; 1 MB takes at most ${results.redaction.hostile_1mb.steepest.times} times as long as 256 KB. Recording an output of 50 MB takes ${results.redaction.record_50mb_to_64kb} times as long as one of 64 KB.`,
  '',
  `Importing the adapter costs ${results.host.import_ms.commonjs} ms (CommonJS) or ${results.host.import_ms.esm} ms (ESM) above an empty Node process. With the plugin linked, \`learnpack start\` serves ${results.host.learnpack_start.later_with_plugin_ms} ms later than without (${results.host.learnpack_start.plain_ms.toLocaleString('en')} ms).`,
  '',
  `In the demo's page, moving by one event in a session of ${results.page.events.toLocaleString('en')} takes ${results.page.script_ms.on.mean} ms of script (back ${results.page.script_ms.back.mean} ms, 99 of 100 moves at most ${Math.max(results.page.script_ms.on.p99, results.page.script_ms.back.p99)} ms).`,
]
console.log(lines.join('\n'))

writeFileSync(here('results.json'), `${JSON.stringify(results, null, 2)}\n`)
const readme = here('../README.md')
const between = /(<!-- bench -->\n)[^]*?(<!-- \/bench -->)/
writeFileSync(
  readme,
  readFileSync(readme, 'utf8').replace(between, (_, from, to) => `${from}\n${lines.join('\n')}\n\n${to}`),
)
execFileSync('prettier', ['--write', '--log-level', 'warn', readme, here('results.json')], {
  stdio: 'inherit',
})
