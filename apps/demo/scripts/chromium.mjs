// A real Chromium from npm, unpacked once into this package, on a bare machine.

import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium as playwright } from 'playwright-core'

const CACHE = fileURLToPath(new URL('../node_modules/.cache/chromium-141', import.meta.url))
const FONTS = fileURLToPath(new URL('fonts.conf', import.meta.url))

/** @param args further flags of Chromium */
export async function launchChromium(args = []) {
  if (!existsSync(CACHE)) await unpack()
  return playwright.launch({
    executablePath: join(CACHE, 'chromium'),
    args: ['--no-sandbox', '--no-zygote', '--disable-gpu', '--font-render-hinting=none', ...args],
    env: {
      ...process.env,
      LD_LIBRARY_PATH: join(CACHE, 'al2023', 'lib'),
      FONTCONFIG_FILE: FONTS,
      XDG_DATA_HOME: CACHE,
      XDG_CACHE_HOME: CACHE,
      TZ: 'UTC',
    },
  })
}

/** The package unpacks into the temporary folder and takes what lies there for whole: it gets a folder of its own. */
async function unpack() {
  mkdirSync(join(CACHE, '..'), { recursive: true })
  const folder = mkdtempSync(`${CACHE}-`)
  const { TMPDIR, AWS_LAMBDA_JS_RUNTIME } = process.env
  // Its libraries are those of Amazon's machines; with them it runs where nothing is installed.
  Object.assign(process.env, { TMPDIR: folder, AWS_LAMBDA_JS_RUNTIME: 'nodejs20.x' })
  try {
    const { default: chromium } = await import('@sparticuz/chromium')
    await chromium.executablePath()
  } finally {
    restore('TMPDIR', TMPDIR)
    restore('AWS_LAMBDA_JS_RUNTIME', AWS_LAMBDA_JS_RUNTIME)
  }
  try {
    renameSync(folder, CACHE)
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    // Another process was quicker.
    if (!existsSync(CACHE)) throw error
  }
}

function restore(name, value) {
  if (value === undefined) delete process.env[name]
  else process.env[name] = value
}
