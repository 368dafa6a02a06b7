// What the adapter costs a host that starts: a cold import, above an empty Node process; and how much later
// `learnpack start` says that it serves, with the plugin linked. Medians; the two of a pair are run in turns.

import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const IMPORTS = 21
const STARTS = 9

const adapter = fileURLToPath(new URL('../packages/cli-adapter/', import.meta.url))
const fixtures = join(adapter, 'test/fixtures')
const learnpack = dirname(createRequire(join(adapter, 'package.json')).resolve('learnpack/package.json'))
const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]
const oneDecimal = (ms) => Math.round(ms * 10) / 10

function timed(args) {
  const from = performance.now()
  const { status, stderr } = spawnSync(process.execPath, args)
  if (status !== 0) throw new Error(String(stderr))
  return performance.now() - from
}

function coldImport(type, code) {
  const empty = []
  const with_ = []
  for (let n = 0; n < IMPORTS; n++) {
    empty.push(timed([`--input-type=${type}`, '-e', '']))
    with_.push(timed([`--input-type=${type}`, '-e', code]))
  }
  return oneDecimal(median(with_) - median(empty))
}

function environment(plugins) {
  const home = mkdtempSync(join(tmpdir(), 'telemetry-bench-home-'))
  process.on('exit', () => rmSync(home, { recursive: true }))
  const env = { PATH: process.env.PATH, HOME: home }
  for (const name of ['DATA', 'CONFIG', 'CACHE']) env[`XDG_${name}_HOME`] = join(home, name)
  for (const plugin of plugins) link(plugin, env)
  return env
}

function link(plugin, env) {
  const { status, stderr } = spawnSync(
    process.execPath,
    [join(learnpack, 'bin/run'), 'plugins:link', plugin],
    { env },
  )
  if (status !== 0) throw new Error(String(stderr))
}

async function freePort() {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Until the host says where it serves, ms. */
async function ready(env) {
  const cwd = mkdtempSync(join(tmpdir(), 'telemetry-bench-course-'))
  cpSync(join(fixtures, 'course'), cwd, { recursive: true })
  const port = await freePort()
  const learnJson = join(cwd, 'learn.json')
  writeFileSync(learnJson, JSON.stringify({ ...JSON.parse(readFileSync(learnJson)), port }))
  const from = performance.now()
  const host = spawn(
    process.execPath,
    ['-r', join(fixtures, 'downloads.cjs'), join(learnpack, 'bin/run'), 'start'],
    { cwd, env },
  )
  let output = ''
  const ms = await new Promise((resolve, reject) => {
    host.stdout.on('data', (chunk) => {
      output += chunk
      if (output.includes(`http://localhost:${port}`)) resolve(performance.now() - from)
    })
    host.once('close', () => reject(new Error(output)))
  })
  host.kill('SIGKILL')
  rmSync(cwd, { recursive: true, force: true })
  return ms
}

const [plain, linked] = [environment([]), environment([adapter])]
const times = { plain: [], linked: [] }
for (let n = 0; n < STARTS; n++) {
  times.plain.push(await ready(plain))
  times.linked.push(await ready(linked))
}
console.log(
  JSON.stringify({
    import_ms: {
      commonjs: coldImport('commonjs', `require(${JSON.stringify(join(adapter, 'dist/index.cjs'))})`),
      esm: coldImport('module', `await import(${JSON.stringify(join(adapter, 'dist/index.js'))})`),
    },
    learnpack_start: {
      plain_ms: Math.round(median(times.plain)),
      later_with_plugin_ms: Math.round(median(times.linked) - median(times.plain)),
    },
  }),
)
process.exit(0)
