// Notes in bench/results.json what a run of the simulated world was, and what it found of planted faults:
//
//   npm run simulate -- --json > run.json
//   npm run simulate:planted -- --json > planted.json
//   node bench/simulation.mjs run.json planted.json

import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const [run, planted] = process.argv.slice(2).map((path) => JSON.parse(readFileSync(path, 'utf8')))
if (run === undefined || planted === undefined) {
  console.error(
    'simulation.mjs: takes what `simulate --json` and `simulate:planted --json` printed, as files',
  )
  process.exit(2)
}
const { seeds_per_s: _, ...figures } = run
const results = JSON.parse(readFileSync(at('bench/results.json'), 'utf8'))
results.simulation = {
  ...figures,
  crashes: run.happenings.crash ?? 0,
  steps_each: run.steps / run.seeds,
  planted: planted.faults,
}
writeFileSync(at('bench/results.json'), `${JSON.stringify(results, null, 2)}\n`)
execFileSync('prettier', ['--write', '--log-level', 'warn', at('bench/results.json')], { stdio: 'inherit' })
execFileSync(process.execPath, [at('bench/documents.mjs')], { stdio: 'inherit' })
