// The page as a person uses it: a real Chromium, the demo's real server, and a proxy in between that counts
// every request and lets none go anywhere else.

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createTelemetry, encodeLine, history, type TelemetryEvent } from '@learnpack/telemetry-core'
import { crc32, nodePorts, openCourseFolder } from '@learnpack/telemetry-transport-file'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { launchChromium } from '../scripts/chromium.mjs'
import { longLog } from '../scripts/long-log.mjs'
import { startDemo, withDemo } from '../scripts/start-demo.mjs'
import { startCountingProxy, type CountingProxy } from './counting-proxy'
import { start } from './demo'
import { ofOneStudent } from '../../../packages/core/test/learnpack5'
import { learnPack5Log } from './learnpack5'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const require = createRequire(import.meta.url)
const WORKSHOP = here('../data/workshop.events.ndjson')
const SAMPLE = here('../data/sample.telemetry.json')
const replayCommand = here('../../../packages/cli-adapter/bin/learnpack-telemetry.js')
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')

const temporary = (): string => mkdtempSync(join(tmpdir(), 'demo-page-'))
/** telemetry.json as the command line replays it, at a line or whole. */
const replayed = (log: string, ...args: string[]): string =>
  execFileSync(process.execPath, [replayCommand, 'replay', log, ...args], { encoding: 'utf8' }).trimEnd()

let demo: Awaited<ReturnType<typeof startDemo>>
let proxy: CountingProxy
let browser: Browser
const hosts = new Set<string>()

beforeAll(async () => {
  demo = await startDemo()
  hosts.add(new URL(demo.url).host)
  proxy = await startCountingProxy((host) => hosts.has(host))
  browser = await launchChromium([
    `--proxy-server=http://127.0.0.1:${proxy.port}`,
    // Chromium would go past a proxy to this machine.
    '--proxy-bypass-list=<-loopback>',
    // What it asks its maker for by itself.
    '--disable-background-networking',
    '--disable-component-update',
  ])
}, 120_000)

afterAll(async () => {
  await browser?.close()
  await proxy?.close()
  await demo?.stop()
})

let page: Page
/** Errors on the page, without those that a simulated fault makes the browser print. */
let errors: string[]

beforeEach(async () => {
  errors = []
  const context = await browser.newContext({ viewport: { width: 1600, height: 1000 }, acceptDownloads: true })
  page = await context.newPage()
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('console', (message) => {
    // A receiver that refuses, and a server that goes away while its course is followed.
    const simulated = /\/(school\/|live$)/.test(message.location().url)
    if (['error', 'warning'].includes(message.type()) && !simulated) errors.push(message.text())
  })
})

afterEach(async () => {
  await page.context().close()
  expect(errors).toEqual([])
  // Nothing went anywhere else, and no simulated request came as far as the server.
  expect(proxy.foreign).toEqual([])
  expect(proxy.own.filter((one) => !one.startsWith('GET ') || one.includes('/school/'))).toEqual([])
})

const position = (): Promise<string> => page.getByTestId('position').innerText()
const open = async (hash = '', url = demo.url): Promise<void> => {
  await page.goto(`${url}${hash}`)
  await expect.poll(position).not.toBe('0 / 0')
}
const at = (text: string) => expect.poll(position, { timeout: 20_000 }).toBe(text)

/** telemetry.json at the moment shown, as the page saves it. */
async function saved(): Promise<string> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save' }).click(),
  ])
  return readFileSync(await download.path(), 'utf8')
}

async function drop(name: string, text: string, on = '.page'): Promise<void> {
  const files = await page.evaluateHandle(
    ({ name, text }) => {
      const data = new DataTransfer()
      data.items.add(new File([text], name))
      return data
    },
    { name, text },
  )
  await page.dispatchEvent(on, 'drop', { dataTransfer: files })
}

describe('replay', () => {
  it('plays a session to its end, where telemetry.json is what the command line makes of the log', async () => {
    await open('#session=workshop&event=0')
    await page.getByLabel('Speed').selectOption('10000')
    await page.getByRole('button', { name: 'Play' }).click()
    await at('46 / 46')
    await page.getByRole('button', { name: 'Play' }).waitFor()
    expect(await saved()).toBe(replayed(WORKSHOP))
    await expect.poll(() => page.url()).toContain('event=46')
  })

  it('shows the same at a moment from wherever it is reached', async () => {
    await open('#session=workshop&event=20')
    const first = await saved()
    expect(first).toBe(replayed(WORKSHOP, '--at', '20'))
    const slider = page.getByLabel('Position in the session')
    const places = [0, 1, 0.3, 0.02, 0.9].map((part) => Math.floor(part * 95_000_000))
    for (const place of places)
      await slider.fill(String(Math.min(place, Number(await slider.getAttribute('max')))))
    await page.keyboard.press('End')
    await at('46 / 46')
    for (let presses = 0; presses < 26; presses++) await page.keyboard.press('ArrowLeft')
    await at('20 / 46')
    expect(await saved()).toBe(first)
    await page.keyboard.press('Home')
    await at('0 / 46')
    for (let presses = 0; presses < 20; presses++) await page.keyboard.press('ArrowRight')
    await at('20 / 46')
    expect(await saved()).toBe(first)
  })

  it('shows the attempt with its difference, its output in colour, the event as logged and what it changed', async () => {
    await open('#session=workshop&event=44')
    const attempt = page.getByRole('region', { name: 'Attempt' })
    expect(await attempt.locator('.line.removed').innerText()).toContain('print(ages.get("Alan"))')
    expect(await attempt.locator('.line.added').innerText()).toContain('print(ages.get("Alan", unknown))')
    const output = attempt.getByRole('region', { name: 'stdout' })
    expect(await output.innerText()).toContain('1 failed in 0.06s')
    const red = output.locator('.ansi-red', { hasText: 'NameError' })
    expect(await red.evaluate((element) => getComputedStyle(element).color)).toBe('rgb(255, 133, 133)')
    const logged = JSON.parse(
      await page.getByRole('region', { name: 'The event as logged' }).innerText(),
    ) as object
    expect(JSON.stringify(logged)).toBe(readFileSync(WORKSHOP, 'utf8').split('\n')[43])
    const changed = page.locator('.tree .changed')
    expect(await changed.evaluateAll((all) => all.map((one) => one.getAttribute('data-path')))).toEqual(
      expect.arrayContaining(['/steps/7/tests/1', '/last_interaction_at']),
    )
    expect(await page.locator('[data-path="/steps/6"]').getAttribute('class')).toBe('node')
    // A run that failed looks it, in both.
    const happened = page.getByRole('button', { name: 'runs 07-dictionaries: exit code 1' })
    expect(await happened.getAttribute('class')).toBe('event failed')
    expect(await attempt.getByRole('button', { name: 'Run 1' }).getAttribute('class')).toBe('choice failed')
    // A question, chosen from the attempts of the step.
    await attempt.getByRole('button', { name: 'Question 1' }).click()
    expect(await attempt.innerText()).toContain('How do I ask for a key that may not be there?')
  })

  it('says so where too much differs from the attempt before to tell what', async () => {
    const [start = '', , run = ''] = readFileSync(WORKSHOP, 'utf8').split('\n')
    const event = JSON.parse(run) as TelemetryEvent & { crc?: string; step: object }
    delete event.crc
    // Two texts of 200 KB with many lines in common, in another order.
    const runs = [7, 11].map((prime, id) => {
      const source_code = Array.from({ length: 8_000 }, (_, line) => `line ${(line * prime) % 977} of it`)
      return { ...event, id: `run-${id}`, type: 'compile', data: { source_code: source_code.join('\n') } }
    })
    await open()
    await drop('two.ndjson', [start, ...runs.map((one) => encodeLine(one, crc32))].join('\n'))
    await at('0 / 3')
    await page.keyboard.press('End')
    expect(await page.getByRole('region', { name: 'Attempt' }).innerText()).toContain('Too much differs')
  })

  it('says of the step that is open what `show` says of it', async () => {
    await open('#session=workshop&event=3')
    const step = page.getByRole('button', { name: /^00-welcome/ })
    expect(await step.innerText()).toMatch(/^00-welcome\s*open\s*opened/)
    const log = join(mkdtempSync(join(tmpdir(), 'demo-page-')), 'events.ndjson')
    writeFileSync(log, readFileSync(WORKSHOP, 'utf8').split('\n').slice(0, 3).join('\n') + '\n')
    const shown = execFileSync(process.execPath, [replayCommand, 'show', log], { encoding: 'utf8' })
    expect(shown).toMatch(/ 00-welcome {2}opened 20/)
  })

  it('has the measures as a table, too', async () => {
    await open('#session=workshop&event=46')
    await page.getByText('The same as a table').click()
    const rows = page.getByRole('region', { name: 'Measures per step' }).getByRole('row')
    await expect.poll(() => rows.count()).toBe(10)
    expect(await rows.nth(8).innerText()).toMatch(/^07-dictionaries\tattempted\t/)
  })

  it('is played, stepped and sped by keys alone', async () => {
    await open('#session=workshop&event=0')
    for (const key of ['ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowLeft']) await page.keyboard.press(key)
    await at('2 / 46')
    await page.keyboard.press('Shift+ArrowRight')
    await at('12 / 46')
    for (let presses = 0; presses < 5; presses++) await page.keyboard.press('+')
    expect(await page.getByLabel('Speed').inputValue()).toBe('10000')
    await page.keyboard.press('Space')
    await at('46 / 46')
    await page.getByRole('button', { name: 'Play' }).waitFor()
    // To whatever has the focus its keys are its own, and everything can be reached.
    await page.keyboard.press('Home')
    await page.keyboard.press('ArrowRight')
    await at('1 / 46')
    const reached = new Set<string>()
    for (let tabs = 0; tabs < 250; tabs++) {
      await page.keyboard.press('Tab')
      const label = await page.evaluate(() => {
        const { activeElement: element } = document
        return (
          element?.getAttribute('aria-label') ??
          element?.closest('label')?.textContent ??
          element?.textContent ??
          ''
        ).trim()
      })
      reached.add(label)
    }
    for (const name of ['Play', 'Position in the session', 'Save', 'works', 'Start over', 'Dark']) {
      expect([...reached].join('\n')).toContain(name)
    }
  })

  it('leaves to what has the focus its own keys, and no others', async () => {
    await open('#session=workshop&event=20')
    const speed = page.getByLabel('Speed')
    const tree = page.getByRole('region', { name: 'telemetry.json as a tree' })
    await tree.focus()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('End')
    expect(await position()).toBe('20 / 46')
    for (const key of ['-', '-', '-', '+']) await page.keyboard.press(key)
    expect(await speed.inputValue()).toBe('10')
    await page.keyboard.press('Shift+K')
    await page.getByRole('button', { name: 'Pause' }).waitFor()
    await page.keyboard.press('k')
    await page.getByRole('button', { name: 'Play' }).waitFor()
    await speed.focus()
    await page.keyboard.press('Home')
    expect(await speed.inputValue()).toBe('1')
    expect(await position()).not.toBe('0 / 46')
    // What folds does not scroll.
    await tree.locator('.fold').first().focus()
    await page.keyboard.press('Home')
    await at('0 / 46')
  })

  it('keeps up with keys held down in a session of 10,000 events', async () => {
    await open()
    await drop('long.ndjson', longLog(10_000))
    await expect.poll(position, { timeout: 60_000 }).toBe('0 / 10000')
    await page.evaluate(() => {
      for (let press = 0; press < 300; press++)
        window.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }))
      for (let press = 0; press < 50; press++)
        window.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowLeft', bubbles: true }))
    })
    await at('250 / 10000')
    await page.keyboard.press('End')
    await at('10000 / 10000')
    await page.keyboard.press('ArrowLeft')
    await at('9999 / 10000')
  })
})

describe('files', () => {
  it('shows a log or a telemetry.json that is dropped, and goes on behind one it cannot read', async () => {
    await open('#session=workshop&event=5')
    // Beside what the page shows, too.
    await drop('telemetry.json', readFileSync(SAMPLE, 'utf8'), 'html')
    await at('0 / 8')
    await page.keyboard.press('End')
    expect(JSON.parse(await saved())).toEqual(JSON.parse(readFileSync(SAMPLE, 'utf8')))

    await drop('notes.txt', 'hello\nworld\n')
    const problem = page.locator('.problem')
    await expect
      .poll(() => problem.innerText())
      .toContain('notes.txt: no event in it; line 1: not JSON: "hello"')
    await drop('other.json', '{"steps": 7}')
    await expect.poll(() => problem.innerText()).toContain('other.json is no telemetry: telemetry_id')
    await at('8 / 8')

    const lines = readFileSync(WORKSHOP, 'utf8').split('\n')
    await drop('events.ndjson', [...lines.slice(0, 10), '{"v":1,"torn', ...lines.slice(10)].join('\n'))
    await at('0 / 46')
    expect(await problem.count()).toBe(0)
    expect(await page.getByRole('status').innerText()).toContain('1 odd line in events.ndjson')
    await page.keyboard.press('End')
    expect(await saved()).toBe(replayed(WORKSHOP))
  })

  it('shows a telemetry.json that lacks what may be absent, and times no clock can show', async () => {
    await open()
    const steps = [{ slug: 'bare' }, { slug: 'tested', tests: [{ exit_code: 0 }] }]
    await drop('bare.json', JSON.stringify({ telemetry_id: 'a', steps }))
    await at('0 / 2')
    await page.keyboard.press('End')
    await at('2 / 2')
    await page.getByRole('button', { name: /^tested/ }).click()
    expect(await page.getByRole('region', { name: 'Attempt' }).innerText()).toContain('Test 1')
    const workout_session = [{ started_at: 9e15, ended_at: 9e15 }]
    await drop('far.json', JSON.stringify({ telemetry_id: 'a', steps: [], workout_session }))
    await at('0 / 2')
    await page.keyboard.press('End')
    await at('2 / 2')
    expect(await page.getByRole('region', { name: 'telemetry.json', exact: true }).innerText()).toContain(
      '9000000000000000',
    )
  })

  it('shows what LearnPack 5 recorded, quizzes too', async () => {
    const session = ofOneStudent.find(({ name }) => name === 'quiz failed, then passed')!
    const { steps } = session.posts.at(-1)!.body as unknown as {
      steps: { slug: string; quiz_submissions: { selections: { question: string; answer: string }[] }[] }[]
    }
    const { slug, quiz_submissions } = steps.find((step) => step.quiz_submissions.length > 0)!
    const [{ question, answer }] = quiz_submissions.at(-1)!.selections as [
      { question: string; answer: string },
    ]
    await open()
    const file = session.posts.at(-1)!.body
    const log = await learnPack5Log(session)
    for (const [name, text, events] of [
      ['telemetry.json', JSON.stringify(file), history(file).length],
      ['events.ndjson', log, log.trimEnd().split('\n').length],
    ] as const) {
      await drop(name, text)
      await at(`0 / ${events}`)
      await page.keyboard.press('End')
      const step = page.getByRole('button', { name: new RegExp(`^${slug}`) })
      expect(await step.innerText()).toContain(`${quiz_submissions.length}\u00a0quizzes`)
      await step.click()
      await page
        .getByRole('list', { name: 'Attempts' })
        .getByRole('button', { name: `Quiz ${quiz_submissions.length}` })
        .click()
      const attempt = await page.getByRole('region', { name: 'Attempt' }).innerText()
      expect(attempt).toContain(question)
      expect(attempt).toContain(answer)
    }
  })

  it('shows the last of several that are opened at once, and the address names no other', async () => {
    await open('#session=workshop&event=5')
    await page.evaluate(() => {
      const { text } = File.prototype
      File.prototype.text = async function (this: File) {
        if (this.name === 'slow.ndjson') await new Promise((resolve) => addEventListener('release', resolve))
        if (this.name === 'folder') throw new Error('a folder')
        return text.call(this)
      }
    })
    await drop('slow.ndjson', readFileSync(WORKSHOP, 'utf8'))
    await drop('telemetry.json', readFileSync(SAMPLE, 'utf8'))
    await at('0 / 8')
    await page.keyboard.press('End')
    await page.evaluate(() => dispatchEvent(new Event('release')))
    await drop('folder', '')
    await expect.poll(() => page.getByRole('status').innerText()).toBe('folder: cannot be read: a folder')
    expect(await position()).toBe('8 / 8')
    await expect.poll(() => page.url()).toBe(demo.url)
  })

  it('opens a file that is chosen', async () => {
    await open()
    await page.getByLabel('Open an events.ndjson or a telemetry.json').setInputFiles(SAMPLE)
    await at('0 / 8')
  })

  it('makes no markup of what a file holds', async () => {
    await open()
    const markup = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
    const file = JSON.parse(readFileSync(SAMPLE, 'utf8')) as { slug: string; steps: { slug: string }[] }
    file.slug = markup
    for (const step of file.steps) step.slug += markup
    await drop(`${markup}.json`, JSON.stringify(file))
    await at('0 / 8')
    await page.keyboard.press('End')
    await at('8 / 8')
    expect(await page.title()).toBe('LearnPack Telemetry')
    expect(await page.locator('img').count()).toBe(0)
  })

  it('opens with what is given on the command line', async () => {
    const other = await startDemo('--log', WORKSHOP)
    hosts.add(new URL(other.url).host)
    await open('', other.url)
    await at('0 / 46')
    expect(await page.getByLabel('Session').locator('option:checked').innerText()).toBe(
      'workshop.events.ndjson',
    )
    await page.goto('about:blank')
    await other.stop()
  })
})

describe('delivery', () => {
  let request: Locator
  const card = (name: string) => page.locator(`[data-destination="${name}"]`)
  const count = async (name: string, what: string): Promise<number> =>
    Number(await card(name).locator(`[data-count="${what}"]`).innerText())
  /** With its tone. */
  const condition = (name: string): Promise<string> =>
    card(name)
      .locator('.condition')
      .evaluate((one) => `${one.className.replace('condition ', '')}: ${one.textContent}`)
  const counts = async () => ({
    delivered: await count('stream', 'delivered'),
    waiting: await count('stream', 'waiting'),
    dead: await count('stream', 'dead'),
    batches: await count('batch', 'waiting'),
  })
  const network = (name: string) => page.getByLabel(name, { exact: true }).check()
  const end = () => page.keyboard.press('End')
  const becomes = (expected: object) => expect.poll(counts, { timeout: 30_000 }).toMatchObject(expected)
  const skipWaits = async (): Promise<void> => {
    const skip = page.getByRole('button', { name: /Skip the wait of/ })
    await expect
      .poll(
        async () => {
          if ((await skip.count()) > 0) await skip.click({ timeout: 1_000 }).catch(() => {})
          return counts()
        },
        { timeout: 30_000 },
      )
      .toMatchObject({ waiting: 0, batches: 0 })
  }

  const countsEvents = (count: number) =>
    expect
      .poll(() => page.getByRole('region', { name: 'Delivery' }).innerText())
      .toMatch(new RegExp(`The receiver counted ${count} events? `))

  beforeEach(async () => {
    request = page.getByRole('region', { name: 'The request' })
    await open('#session=sample&event=1')
  })

  it('shows every request with its headers and body', async () => {
    await end()
    await becomes({ delivered: 5, waiting: 0, dead: 0, batches: 0 })
    await page
      .getByRole('button', { name: /stream$/ })
      .first()
      .click()
    const shown = await request.innerText()
    const [head, body] = shown.split('\n\n') as [string, string]
    expect(head).toMatch(/^POST http:\/\/127\.0\.0\.1:\d+\/school\/stream\n/)
    expect(head).toMatch(/\nwebhook-id: [0-9a-f-]{36}/)
    expect(head).toContain('\ncontent-type: application/json')
    expect(JSON.parse(body)).toMatchObject({ user_id: 'demo-student', telemetry_id: 'atlbmot8wvalltng' })
    await countsEvents(5)
  })

  it.each([['offline'], ['503'], ['429, Retry-After 5 s']])(
    '%s: waits, and arrives when it is lifted',
    async (fault) => {
      await becomes({ batches: 0 })
      await network(fault)
      await end()
      await becomes({ delivered: 0, waiting: 5, dead: 0, batches: 1 })
      await expect.poll(() => card('stream').innerText()).toMatch(/retrying, \d+ failed/)
      await network('works')
      await skipWaits()
      expect(await counts()).toMatchObject({ delivered: 5, dead: 0 })
    },
  )

  it('slow: arrives late, each once', async () => {
    await network('slow, 1 s')
    await end()
    await becomes({ waiting: 5 })
    await expect.poll(() => page.locator('td.pending').count()).toBeGreaterThan(0)
    await becomes({ delivered: 5, waiting: 0 })
    await countsEvents(5)
  })

  it('the answer gets lost: sent again with the same id, and counted once', async () => {
    await network('the answer gets lost')
    await end()
    await becomes({ delivered: 0, waiting: 5, batches: 1 })
    await countsEvents(1)
    await network('works')
    await skipWaits()
    expect(await counts()).toMatchObject({ delivered: 5, dead: 0 })
    await countsEvents(5)
    expect(await page.getByRole('cell', { name: '204 (known, dropped)' }).count()).toBe(2)
  })

  it('400: dead letters, which arrive when they are sent again', async () => {
    await network('400')
    await end()
    await becomes({ delivered: 0, waiting: 0, dead: 5, batches: 0 })
    expect([await condition('stream'), await condition('batch')]).toEqual([
      'bad: refused: answered 400',
      'bad: refused: answered 400',
    ])
    await network('works')
    await page.getByRole('button', { name: 'Resend dead letters' }).click()
    await becomes({ delivered: 5, waiting: 0, dead: 0 })
    expect([await condition('stream'), await condition('batch')]).toEqual([
      'good: all delivered',
      // A later batch holds all that this one did, so nobody sends it again.
      'bad: refused: answered 400',
    ])
  })

  it('401: pauses until the student logs in again', async () => {
    await network('401')
    await end()
    await becomes({ delivered: 0, waiting: 5, dead: 0 })
    await expect.poll(() => card('stream').innerText()).toContain('paused:')
    await network('works')
    await page.getByRole('button', { name: 'Log in again' }).click()
    await becomes({ delivered: 5, waiting: 0, dead: 0, batches: 0 })
  })

  it('is offline in the hour in which the learner was', async () => {
    // As who opens that address, and not in the page of another session, which may just be writing its own place there.
    await page.goto('about:blank')
    await open('#session=workshop&event=19')
    await expect.poll(() => card('stream').innerText()).toMatch(/retrying, \d+ failed/)
    await end()
    await skipWaits()
    expect(await counts()).toMatchObject({ delivered: 41, dead: 0 })
  })

  it('going back undoes no delivery, starting over makes them all again', async () => {
    await end()
    await becomes({ delivered: 5, waiting: 0 })
    await page.keyboard.press('Home')
    await at('0 / 8')
    expect(await counts()).toMatchObject({ delivered: 5, waiting: 0 })
    await page.getByRole('button', { name: '1 batch' }).click()
    await request.waitFor()
    await page.getByRole('button', { name: 'Start over' }).click()
    await becomes({ delivered: 0, waiting: 0 })
    await countsEvents(0)
    expect(await condition('stream')).toBe('empty: nothing to deliver yet')
    await end()
    await becomes({ delivered: 5, waiting: 0 })
    await countsEvents(5)
    // The one that was chosen is gone, whatever has its number now.
    expect(await request.count()).toBe(0)
  })

  it('goes on behind a time in the background, in which the browser ends its service worker', async () => {
    await end()
    await becomes({ delivered: 5 })
    const chromium = await page.context().newCDPSession(page)
    await chromium.send('ServiceWorker.enable')
    await chromium.send('ServiceWorker.stopAllWorkers')
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))
    await page.getByRole('button', { name: 'Start over' }).click()
    await countsEvents(5)
    await becomes({ delivered: 5, dead: 0 })
  })

  it('what is under way when another session is chosen is none of its requests', async () => {
    await becomes({ batches: 0 })
    await network('slow, 1 s')
    await end()
    await expect.poll(() => page.locator('td.pending').count()).toBeGreaterThan(0)
    await page.getByRole('button', { name: '1 batch' }).click()
    await request.waitFor()
    await page.locator('header select').selectOption('workshop')
    await at('0 / 46')
    for (let presses = 0; presses < 3; presses++) await page.getByLabel('On one event').click()
    // As slow as what was under way before, so that has arrived, too.
    await becomes({ delivered: 1, waiting: 0, batches: 0 })
    await countsEvents(1)
    expect(await request.count()).toBe(0)
  })
})

describe('live', () => {
  /** What is sent behind a message of that id, up to the first lines. */
  async function resumed(url: string, lastEventId: string): Promise<string> {
    const abort = new AbortController()
    const answer = await fetch(new URL('live', url), {
      headers: { 'last-event-id': lastEventId },
      signal: abort.signal,
    })
    let text = ''
    for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
      text += Buffer.from(chunk).toString()
      if (text.includes('event: lines') && text.endsWith('\n\n')) break
    }
    abort.abort()
    return text
  }

  const steps = [
    { slug: '00-hello', position: 0, files: [], is_testeable: false },
    { slug: '01-sum', position: 1, files: [], is_testeable: true },
  ]

  /** A course that records, in a folder of its own. */
  function course() {
    const path = temporary()
    const folder = openCourseFolder(join(path, '.learn'))
    const telemetry = createTelemetry({ storage: folder, ...nodePorts })
    return {
      path,
      telemetry,
      logPath: () => folder.logPath(telemetry.status().telemetry_id ?? ''),
      close: () => telemetry.close().then(() => folder.close()),
    }
  }

  it('follows the log of a course as it grows, changes nothing in it, and connects again', async () => {
    const { path, telemetry, logPath, close } = course()
    let live = await startDemo('--course', path)
    const { port, host } = new URL(live.url)
    hosts.add(host)
    await page.goto(live.url)
    await expect.poll(() => page.locator('.live').innerText()).toContain('waiting for the first event')
    telemetry.start({ slug: 'live-course', agent: 'os', steps })
    await at('1 / 1')
    telemetry.record(0, 'open_step')
    telemetry.record(1, 'open_step')
    await at('3 / 3')
    expect(await page.getByRole('region', { name: 'live-course' }).innerText()).toContain('00-hello')
    // Who looks at an earlier moment stays there.
    await page.keyboard.press('Home')
    telemetry.record(1, 'test', { exit_code: 1 })
    await at('0 / 4')
    await page.keyboard.press('End')

    await live.stop()
    telemetry.record(1, 'test', { exit_code: 0 })
    live = await startDemo('--course', path, '--port', port)
    await at('5 / 5')
    await telemetry.idle()
    expect(await saved()).toBe(replayed(logPath()))
    const before = readFileSync(logPath(), 'utf8')
    await page.goto('about:blank')
    await live.stop()
    expect(readFileSync(logPath(), 'utf8')).toBe(before)
    await close()
    rmSync(path, { recursive: true })
  })

  it('goes on behind the last line a page has, or tells it to begin anew', async () => {
    const { path, telemetry, logPath, close } = course()
    telemetry.start({ slug: 'live-course', agent: 'os', steps })
    telemetry.record(0, 'open_step')
    await close()
    const live = await startDemo('--course', path)
    const id = telemetry.status().telemetry_id ?? ''
    const [first, second] = readFileSync(logPath(), 'utf8').split('\n') as [string, string]
    const offset = Buffer.byteLength(first) + 1
    const sent = (lines: string[]) => `data: ${JSON.stringify({ lines })}\n\n`
    const rest = await resumed(live.url, `${id}:${offset}`)
    expect(rest).toContain(sent([second]))
    expect(rest).not.toContain('event: log')
    for (const other of [`another:${offset}`, `${id}:999999`, `${id}:`, 'x']) {
      const whole = await resumed(live.url, other)
      expect(whole).toContain('event: log')
      expect(whole).toContain(sent([first, second]))
    }
    await live.stop()
    rmSync(path, { recursive: true })
  })

  it('waits for a line to be whole, and follows a log that was replaced', async () => {
    const { path, telemetry, logPath, close } = course()
    telemetry.start({ slug: 'live-course', agent: 'os', steps })
    telemetry.record(0, 'open_step')
    await close()
    const live = await startDemo('--course', path)
    hosts.add(new URL(live.url).host)
    await page.goto(live.url)
    await at('2 / 2')
    const lines = readFileSync(logPath(), 'utf8')
    const event = JSON.parse(lines.split('\n')[1] as string) as TelemetryEvent & { crc?: string }
    delete event.crc
    const line = `${encodeLine({ ...event, id: 'another', type: 'open_step' }, crc32)}\n`
    appendFileSync(logPath(), line.slice(0, 40))
    appendFileSync(logPath(), line.slice(40))
    await at('3 / 3')
    writeFileSync(logPath(), lines.split('\n')[0] + '\n')
    await at('1 / 1')
    await page.goto('about:blank')
    await live.stop()
    rmSync(path, { recursive: true })
  })
})

describe('for everybody', () => {
  it.each([['light'], ['dark']] as const)('axe finds nothing in the %s theme', async (colorScheme) => {
    await page.emulateMedia({ colorScheme })
    for (const hash of [
      '#session=workshop&event=44',
      '#session=workshop&event=0',
      '#session=sample&event=8',
    ]) {
      await open(hash)
      await expect.poll(() => page.locator('[data-destination]').count()).toBe(2)
      await page.evaluate(axe)
      const violations = await page.evaluate(async () => {
        const { axe } = window as unknown as {
          axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> }
        }
        const { violations } = await axe.run()
        return violations.map(
          ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`,
        )
      })
      expect(violations).toEqual([])
      expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe(colorScheme)
    }
  })

  it.each([[360], [1600]])('nothing is cut off at %i px', async (width) => {
    await page.setViewportSize({ width, height: 800 })
    for (const hash of ['#session=workshop&event=44', '#session=sample&event=8']) {
      await open(hash)
      await expect.poll(() => page.locator('[data-destination]').count()).toBe(2)
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width)
    }
  })

  it('the theme can be switched', async () => {
    await page.emulateMedia({ colorScheme: 'light' })
    await open()
    await page.getByRole('button', { name: 'Dark' }).click()
    expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark')
  })
})

describe('the server', () => {
  const asked = (path: string, options: { method?: string; host?: string } = {}) =>
    new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
      const { port, host } = new URL(demo.url)
      const { method = 'GET' } = options
      const headers = { host: options.host ?? host }
      httpRequest({ host: '127.0.0.1', port, path, method, headers }, (answer) => {
        let body = ''
        answer.on('data', (chunk: Buffer) => (body += chunk.toString()))
        answer.once('end', () => resolve({ status: answer.statusCode, body }))
      })
        .once('error', reject)
        .end()
    })

  it('serves the page to this machine by its own names', async () => {
    expect(await asked('/')).toMatchObject({
      status: 200,
      body: expect.stringContaining('LearnPack Telemetry') as string,
    })
    expect(await asked('/', { host: `localhost:${new URL(demo.url).port}` })).toMatchObject({ status: 200 })
    expect(await asked('/', { method: 'HEAD' })).toEqual({ status: 200, body: '' })
  })

  it.each([['evil.example'], ['evil.example:80'], ['127.0.0.1'], ['127.0.0.1:1']])(
    'refuses the host %j',
    async (host) => {
      expect(await asked('/', { host })).toMatchObject({ status: 421, body: 'not the name of this server' })
      expect(await asked('/workshop', { host })).toMatchObject({ status: 421 })
    },
  )

  it.each([
    ['/../package.json'],
    ['/assets/../../main.js'],
    ['/%2e%2e/main.js'],
    ['/..%2fmain.js'],
    ['/assets/%2e%2e%2f%2e%2e%2fpackage.json'],
    ['//etc/passwd'],
    ['/etc/passwd'],
    ['/index.html%00'],
    ['/assets'],
    ['/assets/'],
    ['/live'],
  ])('has nothing at %s', async (path) => {
    expect(await asked(path)).toEqual({ status: 404, body: 'nothing here' })
  })

  it.each([['POST'], ['PUT'], ['DELETE'], ['OPTIONS']])('refuses %s', async (method) => {
    expect(await asked('/', { method })).toMatchObject({ status: 405 })
    expect(await asked('/school/stream', { method })).toMatchObject({ status: 405 })
  })

  it('goes on behind an address that is none', async () => {
    expect(await asked('//')).toMatchObject({ status: 404 })
    expect(await asked('*')).toMatchObject({ status: 404 })
    expect(await asked('/')).toMatchObject({ status: 200 })
  })

  it.each([
    [['--course', '/no/such'], /^\/no\/such: no such folder\n$/],
    [['--course', '.', '--log', 'x'], /^--course: give it without --log and --telemetry\n$/],
    [['--log', '/no/such'], /^\/no\/such: no such file\n$/],
  ])('is not started with %j', async (args, message) => {
    const { code, out, err } = await start(...args).done
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatch(message)
  })

  it('says where the page is and stops at Ctrl-C', async () => {
    const { child, exited, output } = start()
    await expect.poll(output).toMatch(/^The replay is at http:\/\/127\.0\.0\.1:\d+\/ until Ctrl-C\.\n$/)
    child.kill('SIGINT')
    expect(await exited).toBe(0)
  })

  it('ends with the script it is started for, also one that fails', async () => {
    let url = ''
    const failing = withDemo([], (its) => {
      url = its
      throw new Error('failed')
    })
    await expect(failing).rejects.toThrow('failed')
    await expect(fetch(url)).rejects.toThrow('fetch failed')
  })

  it('is not left running by a script that is killed', async () => {
    const script = `import { startDemo } from ${JSON.stringify(new URL('../scripts/start-demo.mjs', import.meta.url))}
console.log((await startDemo()).url)`
    const flags = ['--input-type=module', '-e', script]
    const killed = spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'inherit'] })
    const [printed] = (await once(killed.stdout, 'data')) as [Buffer]
    const url = String(printed).trim()
    expect((await fetch(url)).status).toBe(200)
    killed.kill('SIGKILL')
    await expect.poll(() => fetch(url).catch(() => 'gone'), { timeout: 20_000 }).toBe('gone')
  })

  it('says so where the port is taken', async () => {
    const { code, err } = await start('--port', new URL(demo.url).port).done
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringContaining('--port: listen EADDRINUSE') as string,
    })
  })
})
