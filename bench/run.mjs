// `pnpm bench`: runs every benchmark in a process of its own, prints a table, writes bench/results.json.
// Ratios are what counts: each is to a floor measured in the same run, because machines are noisy.

import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { arch, cpus, platform, release, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'

const here = (name) => fileURLToPath(new URL(name, import.meta.url))
const run = (script, ...args) => {
  console.error(`${script} ${args.join(' ')} ...`)
  return JSON.parse(execFileSync(process.execPath, [here(script), ...args.map(String)], { encoding: 'utf8' }))
}
const ratio = (a, b) => Math.round((a / b) * 100) / 100

const cases = [
  [16_500, 100],
  [16_500, 1_000],
  [500, 100],
  [500, 10_000],
  [500, 100_000],
]
const recording = cases.map(([bytes, history]) => {
  const result = run('recording.mjs', bytes, history)
  const { floor, record } = result.mean_us
  return { ...result, ratio_to_floor: ratio(record, floor) }
})
const dearer = (bytes) => {
  const [shortest, ...longer] = recording.filter((result) => result.bytes === bytes)
  return ratio(longer.at(-1).ratio_to_floor, shortest.ratio_to_floor)
}
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
}

const row = (cells) =>
  console.log(
    cells
      .map((cell, index) => String(cell)[index === 0 ? 'padEnd' : 'padStart'](index === 0 ? 26 : 12))
      .join(''),
  )
row(['', ...recording.map(({ bytes }) => `${bytes} B`)])
row(['history, events', ...recording.map(({ history }) => history)])
for (const name of Object.keys(recording[0].mean_us))
  row([`${name}, us`, ...recording.map((result) => result.mean_us[name])])
row(['stock-like*, us', ...recording.map((result) => result.stock_like_us)])
row(['record / floor', ...recording.map((result) => result.ratio_to_floor)])
row(['record p99, us', ...recording.map((result) => result.p99_us.record)])
row(['start(), ms', ...recording.map((result) => result.start_ms)])
row(['fold, events/s', ...recording.map((result) => result.fold_events_per_s)])
row(['longest turn, ms', ...recording.map((result) => result.longest_turn_ms)])
row(['peak memory, MB', ...recording.map((result) => result.peak_memory_mb)])
console.log('* the whole state at every event; with at most 1,000 events of history')
console.log(
  `longest history / 100 events, per floor: 16.5 KB ${results.longest_history_to_100[16500]}, 500 B ${results.longest_history_to_100[500]}`,
)
console.log(
  `burst of ${results.burst.events} x 16 KB: ${results.burst.ratio} bytes written per byte of event`,
)

writeFileSync(here('results.json'), `${JSON.stringify(results, null, 2)}\n`)
