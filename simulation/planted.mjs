// `npm run simulate:planted`: plants one fault after the other in core, or in what the simulation mirrors of transport-file,
// and plays the world until it is found: after how many seeds, and by which promise. Exit code 1 where one is not.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'tsup'
import { FAULTS, MACHINE_FAULTS } from './faults.mjs'

const USAGE = `npm run simulate:planted -- [options]

Plants faults in core, and in the adapter as it is built, one at a time, and says after how many seeds of the simulated world each
is found.

  --seeds <n>   seeds until a fault counts as not found. Default: 1000
  --steps <n>   what happens in each. Default: 200, on machines 100
  --only <text> faults with that in their name
  --json        as JSON
  --help        this text
`
const at = (path) => fileURLToPath(new URL(path, import.meta.url))
const text = { type: 'string' }
const { values } = parseArgs({
  options: { seeds: text, steps: text, only: text, json: { type: 'boolean' }, help: { type: 'boolean' } },
})
if (values.help) {
  process.stdout.write(USAGE)
  process.exit()
}
const most = Number(values.seeds ?? 1_000)

/** The file with the fault in it. @throws where what is replaced is not there exactly once */
function planted({ name, file, edits }) {
  let source = readFileSync(at(file), 'utf8')
  for (const [from, to] of edits) {
    const times = source.split(from).length - 1
    if (times !== 1) throw new Error(`${name}: ${file} has ${times} times, not once:\n${from}`)
    source = source.replace(from, () => to)
  }
  return source
}

/** The simulation in one file with core's source in it, of which one file is another where a fault says so. */
async function bundled(fault, number) {
  const contents = fault && planted(fault)
  const outDir = at(`dist/planted-${number}`)
  await build({
    config: false,
    entry: [at('src/run.ts')],
    outDir,
    format: 'esm',
    platform: 'node',
    target: 'es2022',
    silent: true,
    noExternal: [/./],
    banner: {
      js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url)",
    },
    esbuildPlugins: [
      {
        name: 'planted',
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /^@learnpack\/telemetry-core$/ }, () => ({
            path: at('../packages/core/src/index.ts'),
          }))
          onLoad({ filter: /\.ts$/ }, ({ path }) =>
            fault && path === at(fault.file) ? { contents, loader: 'ts' } : undefined,
          )
        },
      },
    ],
  })
  return import(pathToFileURL(join(outDir, 'run.js')).href)
}

const found = []

async function find(name, steps, run) {
  let broken
  let seeds = 0
  while (broken === undefined && seeds < most) broken = (await run(++seeds)).broken
  const promise = broken?.split('\n')[0]
  found.push({ name, steps, seeds: broken === undefined ? null : seeds, promise })
  if (broken === undefined) process.exitCode = 1
  if (!values.json)
    process.stdout.write(`${name}: ${promise ? `found by seed ${seeds}: ${promise}` : 'not found'}\n`)
}

const isWanted = ({ name }) => name.includes(values.only ?? '')
for (const [number, fault] of FAULTS.entries()) {
  if (!isWanted(fault)) continue
  const { planOf, play } = await bundled(fault, number)
  const steps = Number(values.steps ?? 200)
  await find(fault.name, steps, (seed) => play(planOf(seed, steps)))
}
for (const { name, edits } of MACHINE_FAULTS.filter(isWanted)) {
  // Anew: programs are loaded once.
  const { planOf, play } = await bundled(undefined, `machines-${found.length}`)
  const steps = Number(values.steps ?? 100)
  const missing = new Set(edits.map(([from]) => from))
  const change = (text) =>
    edits.reduce((changed, [from, to]) => {
      if (changed.includes(from)) missing.delete(from)
      return changed.replace(from, () => to)
    }, text)
  await find(name, steps, (seed) => play(planOf(seed, steps, 'machines'), change))
  if (missing.size > 0) throw new Error(`${name}: no program has:\n${[...missing].join('\n')}`)
}
if (values.json) process.stdout.write(`${JSON.stringify({ faults: found }, null, 2)}\n`)
