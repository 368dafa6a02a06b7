// Fills the measured numbers of bench/results.json into the documents; with --check only says where they differ.

import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { documents } from '../scripts/documents.mjs'
import { filled } from './render.mjs'

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const results = JSON.parse(readFileSync(at('bench/results.json'), 'utf8'))
const check = process.argv.includes('--check')

const changed = []
for (const path of documents) {
  const text = readFileSync(at(path), 'utf8')
  let next
  try {
    next = filled(text, results)
  } catch (error) {
    console.error(`${path}: ${error.message}`)
    process.exitCode = 1
    continue
  }
  if (next === text) continue
  changed.push(path)
  if (!check) {
    writeFileSync(at(path), next)
    continue
  }
  const lines = next.split('\n')
  const line = text.split('\n').findIndex((one, n) => one !== lines[n])
  console.error(
    `${path}:${line + 1}: is not what was measured\n- ${text.split('\n')[line]}\n+ ${lines[line]}`,
  )
}
if (check && changed.length > 0) {
  console.error('node bench/documents.mjs fills them in.')
  process.exitCode = 1
}
if (!check && changed.length > 0) {
  // A number of another width moves the columns of its table.
  execFileSync('prettier', ['--write', '--log-level', 'warn', ...changed.map(at)], { stdio: 'inherit' })
}
if (!process.exitCode)
  console.log(check ? 'the documents have the numbers of bench/results.json' : changed.join('\n'))
