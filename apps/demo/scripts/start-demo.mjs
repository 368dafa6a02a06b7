// The demo as a script or a test runs it: the page's server, and a browser to look at it.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { launchChromium } from './chromium.mjs'

const BIN = fileURLToPath(new URL('../bin/demo.js', import.meta.url))
const END_WITH_PARENT = new URL('end-with-parent.mjs', import.meta.url).href

export function spawnDemo(args, stderr) {
  return spawn(process.execPath, ['--import', END_WITH_PARENT, BIN, ...args], {
    stdio: ['ignore', 'pipe', stderr, 'ipc'],
  })
}

export async function startDemo(...args) {
  const demo = spawnDemo(['--json', ...args], 'inherit')
  const exited = new Promise((resolve) => demo.once('close', resolve))
  const { url } = JSON.parse(
    await new Promise((resolve, reject) => {
      demo.stdout.once('data', (data) => resolve(String(data)))
      void exited.then((code) => reject(new Error(`the demo ended with exit code ${code}`)))
    }),
  )
  return { url, stop: () => (demo.kill(), exited) }
}

export async function withDemo(args, use) {
  const demo = await startDemo(...args)
  let browser
  try {
    browser = await launchChromium()
    return await use(demo.url, browser)
  } finally {
    await browser?.close()
    await demo.stop()
  }
}
