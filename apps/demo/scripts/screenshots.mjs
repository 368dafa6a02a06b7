// Takes the pictures of the README from the running page, and notes what they were taken of: a test tells when
// they are out of date.

import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withDemo } from './start-demo.mjs'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const IMAGES = here('../../../docs/images')
const STAMP = join(IMAGES, 'taken-of.json')

/** SHA-256 of everything the page is made of here. */
export function pageDigest() {
  const hash = createHash('sha256')
  for (const folder of ['../page', '../data']) {
    const files = readdirSync(here(folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
    for (const path of files.sort()) hash.update(readFileSync(path))
  }
  return hash.digest('hex')
}

export const takenOf = () => JSON.parse(readFileSync(STAMP, 'utf8')).sha256

async function take() {
  mkdirSync(IMAGES, { recursive: true })
  await withDemo([], async (url, browser) => {
    const shot = async (name, colorScheme, use) => {
      const page = await browser.newPage({
        viewport: { width: 1600, height: 1000 },
        colorScheme,
        deviceScaleFactor: 1,
        locale: 'en-GB',
      })
      await page.goto(`${url}#session=workshop&event=44`)
      await use(page)
      await page.screenshot({ path: join(IMAGES, name) })
      await page.close()
    }
    const stream = '[data-destination="stream"]'
    await shot('replay.png', 'light', (page) =>
      page.locator(`${stream} [data-count="delivered"]`, { hasText: '40' }).waitFor(),
    )
    await shot('delivery.png', 'dark', async (page) => {
      await page.getByLabel('503', { exact: true }).check()
      await page.getByRole('button', { name: 'Start over' }).click()
      await page.locator(`${stream} .condition`, { hasText: 'retrying' }).waitFor()
      await page
        .getByRole('button', { name: /batch$/ })
        .first()
        .click()
      // The header of the page stays on top.
      await page
        .locator('#delivery')
        .evaluate((element) => scrollTo(0, element.getBoundingClientRect().top + scrollY - 130))
    })
  })
  writeFileSync(STAMP, `${JSON.stringify({ sha256: pageDigest() }, null, 2)}\n`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await take()
