// The demo as a script or a test runs it: the page's server, and a browser to look at it.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { launchChromium } from './chromium.mjs'

const BIN = fileURLToPath(new URL('../bin/demo.js', import.meta.url))

export async function startDemo(...args) {
  const demo = spawn(process.execPath, [BIN, '--json', ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
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
