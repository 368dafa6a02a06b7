// Notes in bench/results.json what the tests of core notice: `npm run coverage` and `npm run mutation` come here. A run
// of some files only is of no use to a total, and changes nothing.

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import stryker from '../packages/core/stryker.config.mjs'

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const read = (path) => (existsSync(at(path)) ? JSON.parse(readFileSync(at(path), 'utf8')) : undefined)
const NOTICED = ['Killed', 'Timeout']
const COUNTED = [...NOTICED, 'Survived', 'NoCoverage']

function mutation({ files } = { files: {} }) {
  const scores = Object.entries(files).map(([path, { mutants }]) => ({
    file: path.replace(/^.*\/|\.ts$/g, ''),
    noticed: mutants.filter(({ status }) => NOTICED.includes(status)).length,
    of: mutants.filter(({ status }) => COUNTED.includes(status)).length,
  }))
  const isWhole = stryker.mutate.every((name) => name.includes('*') || files[name] !== undefined)
  return isWhole ? scores.filter(({ of }) => of > 0) : undefined
}

const results = read('bench/results.json')
const total = read('packages/core/coverage/coverage-summary.json')?.total
const measured = mutation(read('packages/core/reports/mutation/report.json'))
results.tests = {
  branches_percent: total?.branches.pct ?? results.tests?.branches_percent,
  mutation: measured ?? results.tests?.mutation,
}
writeFileSync(at('bench/results.json'), `${JSON.stringify(results, null, 2)}\n`)
execFileSync('prettier', ['--write', '--log-level', 'warn', at('bench/results.json')], { stdio: 'inherit' })
execFileSync(process.execPath, [at('bench/documents.mjs')], { stdio: 'inherit' })
