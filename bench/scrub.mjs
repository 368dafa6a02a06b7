// What it costs the page to move by one event in a session of 10,000: script of the browser's main thread, ms.

import { spawn } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { encodeLine } from '@learnpack/telemetry-core'
import { crc32 } from '@learnpack/telemetry-transport-file'
import { launchChromium } from '../apps/demo/scripts/chromium.mjs'

const EVENTS = 10_000
const MOVES = 300
/** A frame, ms. */
const LIMIT_MS = 16

const steps = Array.from({ length: 30 }, (_, position) => ({
  slug: `step-${position}`,
  position,
  files: [],
  is_testeable: true,
}))
const base = { v: 1, session: 'start' }
const start = {
  ...base,
  id: 'start',
  at: 1_700_000_000_000,
  type: 'session_start',
  data: { telemetry_id: 'tenthousandevent', slug: 'long', agent: 'os', steps },
}
const attempts = Array.from({ length: EVENTS - 1 }, (_, index) => {
  const { slug, position } = steps[Math.floor((index / EVENTS) * steps.length)]
  const source_code = `${'x = x + 1  # a line of code\n'.repeat(20)}print(${index})\n`
  return {
    ...base,
    id: `event-${index}`,
    at: start.at + (index + 1) * 9_000,
    type: index % 5 === 0 ? 'test' : 'compile',
    step: { slug, position },
    data: { source_code, stdout: `${index}\n`, exit_code: index % 3 },
  }
})
const log = join(mkdtempSync(join(tmpdir(), 'bench-scrub-')), 'events.ndjson')
writeFileSync(log, [start, ...attempts].map((event) => `${encodeLine(event, crc32)}\n`).join(''))

const bin = fileURLToPath(new URL('../apps/demo/bin/demo.js', import.meta.url))
const demo = spawn(process.execPath, [bin, '--json', '--log', log], { stdio: ['ignore', 'pipe', 'inherit'] })
const { url } = JSON.parse(
  await new Promise((resolve) => demo.stdout.once('data', (data) => resolve(String(data)))),
)
const browser = await launchChromium()
const page = await browser.newPage({ viewport: { width: 1600, height: 1000 } })
await page.goto(url)
const position = page.getByTestId('position')
await position.filter({ hasText: `/ ${EVENTS}` }).waitFor()
const devtools = await page.context().newCDPSession(page)
await devtools.send('Performance.enable')

async function script() {
  const { metrics } = await devtools.send('Performance.getMetrics')
  return metrics.find(({ name }) => name === 'ScriptDuration').value * 1_000
}

/** Script per move, of `MOVES` moves, what is drawn later included; and the dearest of them. */
async function moving(key) {
  const each = []
  let before = await script()
  const first = before
  for (let move = 0; move < MOVES; move++) {
    await page.keyboard.press(key)
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => resolve())))
    const after = await script()
    each.push(after - before)
    before = after
  }
  const round = (ms) => Math.round(ms * 100) / 100
  each.sort((a, b) => a - b)
  return { mean: round((before - first) / MOVES), p99: round(each[Math.floor(MOVES * 0.99)]) }
}

// The delivery of what happened before is not what a move costs.
await page.keyboard.press('End')
await page
  .locator('[data-destination="stream"] .condition', { hasText: 'all delivered' })
  .waitFor({ timeout: 300_000 })
await page.getByLabel('offline', { exact: true }).check()
const back = await moving('ArrowLeft')
const on = await moving('ArrowRight')
await browser.close()
demo.kill()
if (back.mean > LIMIT_MS || on.mean > LIMIT_MS)
  throw new Error(`a move takes more than ${LIMIT_MS} ms of script`)
console.log(JSON.stringify({ events: EVENTS, moves: MOVES, script_ms: { back, on } }))
