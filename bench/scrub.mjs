// What it costs the page to move by one event in a session of 10,000: script of the browser's main thread, ms.

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { launchChromium } from '../apps/demo/scripts/chromium.mjs'
import { longLog } from '../apps/demo/scripts/long-log.mjs'

const EVENTS = 10_000
const MOVES = 300
/** A frame, ms. */
const LIMIT_MS = 16

const folder = mkdtempSync(join(tmpdir(), 'telemetry-bench-'))
process.on('exit', () => rmSync(folder, { recursive: true }))
const log = join(folder, 'events.ndjson')
writeFileSync(log, longLog(EVENTS))

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

/** Script per move, of `MOVES` moves, what is drawn later included: the mean, and what 99 of 100 stay under. */
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
console.log(JSON.stringify({ events: EVENTS, moves: MOVES, script_ms: { back, on } }))
if (back.mean > LIMIT_MS || on.mean > LIMIT_MS) {
  console.error(`scrub: a move takes more than ${LIMIT_MS} ms of script`)
  process.exitCode = 1
}
