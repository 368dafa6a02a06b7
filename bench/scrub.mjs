// What it costs the page to move by one event in a session of 10,000: script of the browser's main thread, ms.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { longLog } from '../apps/demo/scripts/long-log.mjs'
import { withDemo } from '../apps/demo/scripts/start-demo.mjs'

const EVENTS = 10_000
const MOVES = 300
/** A frame, ms. */
const LIMIT_MS = 16

const folder = mkdtempSync(join(tmpdir(), 'bench-scrub-'))
const log = join(folder, 'events.ndjson')
try {
  writeFileSync(log, longLog(EVENTS))
  const { back, on } = await withDemo(['--log', log], measure)
  console.log(JSON.stringify({ events: EVENTS, moves: MOVES, script_ms: { back, on } }))
  if (back.mean > LIMIT_MS || on.mean > LIMIT_MS) {
    console.error(`scrub: a move takes more than ${LIMIT_MS} ms of script`)
    process.exitCode = 1
  }
} finally {
  rmSync(folder, { recursive: true })
}

async function measure(url, browser) {
  const page = await browser.newPage({ viewport: { width: 1600, height: 1000 } })
  await page.goto(url)
  const position = page.getByTestId('position')
  await position.filter({ hasText: `/ ${EVENTS}` }).waitFor()
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Performance.enable')
  // The delivery of what happened before is not what a move costs.
  await page.keyboard.press('End')
  await page
    .locator('[data-destination="stream"] .condition', { hasText: 'all delivered' })
    .waitFor({ timeout: 300_000 })
  const offline = page.getByLabel('offline', { exact: true })
  await offline.check()
  // It would take the arrows for itself.
  await offline.blur()
  const moves = async (key, to) => {
    const costs = await moving(key, page, devtools)
    if ((await position.innerText()) !== `${to} / ${EVENTS}`) throw new Error(`${key} does not move the page`)
    return costs
  }
  return { back: await moves('ArrowLeft', EVENTS - MOVES), on: await moves('ArrowRight', EVENTS) }
}

/** Script per move, of `MOVES` moves, what is drawn later included: the mean, and what 99 of 100 stay under. */
async function moving(key, page, devtools) {
  const each = []
  let before = await script(devtools)
  const first = before
  for (let move = 0; move < MOVES; move++) {
    await page.keyboard.press(key)
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => resolve())))
    const after = await script(devtools)
    each.push(after - before)
    before = after
  }
  const round = (ms) => Math.round(ms * 100) / 100
  each.sort((a, b) => a - b)
  return { mean: round((before - first) / MOVES), p99: round(each[Math.floor(MOVES * 0.99)]) }
}

async function script(devtools) {
  const { metrics } = await devtools.send('Performance.getMetrics')
  return metrics.find(({ name }) => name === 'ScriptDuration').value * 1_000
}
