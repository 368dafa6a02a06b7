// `npm run check`: whether the packages are fit to publish. Every check runs, also after one that failed.

import { spawnSync } from 'node:child_process'

const checks = [
  ['versions in step', 'node', ['scripts/versions.mjs']],
  ['numbers of the documents', 'node', ['bench/documents.mjs', '--check']],
  ['dead code and dependencies (knip)', 'knip', []],
  ['API reference (typedoc)', 'node', ['scripts/api.mjs', '--check']],
  ['size in a browser (size-limit)', 'pnpm', ['--filter', '@learnpack/telemetry-core', 'run', 'size']],
  ['tarballs, their consumers, documents', 'pnpm', ['--filter', '@learnpack/telemetry-e2e', 'run', 'check']],
]

const results = checks.map(([name, command, args]) => {
  console.log(`\n== ${name}`)
  const from = performance.now()
  const { status, error } = spawnSync(command, args, {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (error) console.error(`${command}: ${error.message}`)
  return { name, ok: status === 0, seconds: Math.round((performance.now() - from) / 1000) }
})

console.log('\n== check')
for (const { name, ok, seconds } of results)
  console.log(`${ok ? 'ok    ' : 'FAILED'}  ${name} (${seconds} s)`)
process.exitCode = results.every(({ ok }) => ok) ? 0 : 1
