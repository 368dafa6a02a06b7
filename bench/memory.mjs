// How much memory a host takes that records 1,000 attempts of 12 KB, above the same host without us: the most it had at once, MB.
// A learner's clicks come one by one: between two of them what is put off has its turn. Prints one JSON object.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const CLICKS = 1_000
const BYTES = 12_000
const LIMIT_MB = 60
const RUNS = 5

const steps = Array.from({ length: 10 }, (_, position) => ({
  slug: `step-${position}`,
  position,
  is_testeable: true,
}))
const line = 'def add(a, b): return a + b  # 1234\n'

async function host(whose, dirPath) {
  const manager =
    whose === 'ours' &&
    (await import('@learnpack/telemetry-cli-adapter')).createTelemetryManager({ detached: false })
  await manager?.start?.('os', steps, dirPath, 'bench')
  for (let n = 0; n < CLICKS; n++) {
    const code = `${n}\n${line.repeat(BYTES / 2 / line.length)}`
    if (manager)
      manager.registerStepEvent(n % 10, 'compile', { source_code: code, stdout: code, exitCode: 0 })
    await wait(2)
  }
  await manager?.close?.()
  console.log(process.resourceUsage().maxRSS / 1_024)
}

function most(whose) {
  const folder = mkdtempSync(join(tmpdir(), 'telemetry-bench-'))
  const env = { ...process.env, XDG_CONFIG_HOME: join(folder, 'config') }
  const { stdout } = spawnSync(
    process.execPath,
    [fileURLToPath(import.meta.url), whose, join(folder, '.learn')],
    { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  )
  rmSync(folder, { recursive: true })
  return Number(stdout)
}

if (process.argv[2] !== undefined) {
  await host(...process.argv.slice(2))
} else {
  const middle = (whose) => Array.from({ length: RUNS }, () => most(whose)).sort((a, b) => a - b)[RUNS >> 1]
  const [empty, ours] = [middle('none'), middle('ours')]
  const added = Math.round(ours - empty)
  console.log(JSON.stringify({ clicks: CLICKS, bytes: BYTES, empty_mb: Math.round(empty), added_mb: added }))
  if (added > LIMIT_MB) {
    console.error(`memory.mjs: ${added} MB above an empty host, at most ${LIMIT_MB} are allowed`)
    process.exitCode = 1
  }
}
