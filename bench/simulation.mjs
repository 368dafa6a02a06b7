// Notes in bench/results.json what a run of the simulated world was, and what it found of planted faults:
//
//   npm run simulate -- --json > run.json
//   npm run simulate -- --machines --json > machines.json
//   npm run simulate:planted -- --json > planted.json
//   node bench/simulation.mjs run.json machines.json planted.json

import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const [run, machines, planted] = process.argv.slice(2).map((path) => JSON.parse(readFileSync(path, 'utf8')))
if (planted === undefined) {
  console.error(
    'simulation.mjs: takes what `simulate --json`, `simulate --machines --json` and `simulate:planted --json` printed, as files',
  )
  process.exit(2)
}
const figuresOf = ({ seeds_per_s: _, ...figures }) => ({
  ...figures,
  crashes: figures.happenings.crash ?? 0,
  power_cuts: figures.happenings['power cut'] ?? 0,
  steps_each: figures.steps / figures.seeds,
})
const results = JSON.parse(readFileSync(at('bench/results.json'), 'utf8'))
results.simulation = { ...figuresOf(run), machines: figuresOf(machines), planted: planted.faults }
writeFileSync(at('bench/results.json'), `${JSON.stringify(results, null, 2)}\n`)
execFileSync('prettier', ['--write', '--log-level', 'warn', at('bench/results.json')], { stdio: 'inherit' })
execFileSync(process.execPath, [at('bench/documents.mjs')], { stdio: 'inherit' })
