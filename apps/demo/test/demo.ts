// The demo as a person runs it.

import { fileURLToPath } from 'node:url'
import { spawnDemo } from '../scripts/start-demo.mjs'

export const bin = fileURLToPath(new URL('../bin/demo.js', import.meta.url))

export function start(...args: string[]) {
  const child = spawnDemo(args, 'pipe')
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve))
  return { child, exited, output: () => out, done: exited.then((code) => ({ code, out, err })) }
}
