// Notes in bench/results.json what the tests of core and redaction notice: `npm run coverage` and `npm run mutation` come
// here. A run of some files only is of no use to a total, and changes nothing.

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import core from '../packages/core/stryker.config.mjs'
import redaction from '../packages/redaction/stryker.config.mjs'

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const read = (path) => (existsSync(at(path)) ? JSON.parse(readFileSync(at(path), 'utf8')) : undefined)
const NOTICED = ['Killed', 'Timeout']
const COUNTED = [...NOTICED, 'Survived', 'NoCoverage']

/** The paths that `a/{b,c}.ts` stands for. */
const alternatives = (path) =>
  (/\{(.*)\}/.exec(path)?.[1].split(',') ?? ['']).map((name) => path.replace(/\{.*\}/, name))

function mutation(name, { mutate }) {
  const { files } = read(`packages/${name}/reports/mutation/report.json`) ?? { files: {} }
  const scores = Object.entries(files).map(([path, { mutants }]) => ({
    file: path.replace(/^.*\/|\.ts$/g, ''),
    noticed: mutants.filter(({ status }) => NOTICED.includes(status)).length,
    of: mutants.filter(({ status }) => COUNTED.includes(status)).length,
  }))
  const isWhole = mutate
    .flatMap(alternatives)
    .every((path) => path.includes('*') || files[path] !== undefined)
  return isWhole ? scores.filter(({ of }) => of > 0) : undefined
}

/** Of a package that was not measured now, what was measured before. */
function scoresOf(name, config, before = []) {
  const { mutate } = config
  const files = mutate.flatMap(alternatives).map((path) => path.replace(/^.*\/|\.ts$/g, ''))
  const isOf = (file) =>
    files.some((one) => (one.endsWith('*') ? file.startsWith(one.slice(0, -1)) : one === file))
  return mutation(name, config) ?? before.filter(({ file }) => isOf(file))
}

const results = read('bench/results.json')
const total = read('packages/core/coverage/coverage-summary.json')?.total
results.tests = {
  branches_percent: total?.branches.pct ?? results.tests?.branches_percent,
  mutation: [
    ...scoresOf('core', core, results.tests?.mutation),
    ...scoresOf('redaction', redaction, results.tests?.mutation),
  ],
}
writeFileSync(at('bench/results.json'), `${JSON.stringify(results, null, 2)}\n`)
execFileSync('prettier', ['--write', '--log-level', 'warn', at('bench/results.json')], { stdio: 'inherit' })
execFileSync(process.execPath, [at('bench/documents.mjs')], { stdio: 'inherit' })
