// `npm run api`: writes docs/api, the reference of every public export, from the docstrings.
// With --check: whether docs/api is what it would write, every export has a docstring, and every link leads somewhere.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const run = (command, ...args) =>
  spawnSync(command, args, { stdio: 'inherit', shell: process.platform === 'win32' }).status ?? 1

if (process.argv.includes('--check')) {
  const out = mkdtempSync(join(tmpdir(), 'api-'))
  const whole = run('typedoc', '--logLevel', 'Warn', '--out', out) === 0
  const same = whole && run('git', 'diff', '--no-index', '--exit-code', 'docs/api', out) === 0
  if (whole && !same) console.error('docs/api is out of date: `npm run api` writes it anew')
  process.exitCode = same ? 0 : 1
  rmSync(out, { recursive: true })
} else {
  process.exitCode = run('typedoc')
}
