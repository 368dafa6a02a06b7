// The installed packages in programs of others: on every Node we promise, as ESM and as CommonJS, under TypeScript's
// strictest look at our types, and in a browser's bundle.

import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { bin, install, PACKAGES, root, run } from '../run'

const installed = inject('installed')

/** Every entry of every package, by a name for it. */
const entries = Object.fromEntries(
  PACKAGES.flatMap((name) => {
    const manifest = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'))
    return Object.keys(manifest.exports).map((path) => [
      `${name}${path.slice(1)}`.replace(/\W/g, '_'),
      `${manifest.name}${path.slice(1)}`,
    ])
  }),
)

/** A new folder of the project in which the packages are installed. */
function project(files: Record<string, string>): string {
  const folder = mkdtempSync(join(installed, 'consumer-'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

/** What the program does, however it came by the packages: the buttons, on disk and over HTTP, and the manager. */
const program = `
async function main() {
  const bodies = []
  const receiver = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => (body += chunk))
    request.on('end', () => (bodies.push(JSON.parse(body)), response.end()))
  })
  await new Promise((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  const url = 'http://127.0.0.1:' + receiver.address().port
  const { batchTransport, streamTransport } = transport_http
  const telemetry = core.createTelemetry({
    storage: transport_file.openCourseFolder('by-runtime'),
    ...transport_file.nodePorts,
    redact: redaction.createRedactor(),
    transports: [batchTransport({ url }), streamTransport({ url })],
  })
  telemetry.start({ slug: 'intro', agent: 'os', steps: [{ slug: '00-hello', position: 0 }] })
  telemetry.identify(42)
  telemetry.record(0, 'open_step')
  telemetry.record(0, 'compile', { stdout: 'ana@school.edu', exitCode: 0 })
  telemetry.record(0, 'test', { stdout: 'ok', exitCode: 0 })
  await telemetry.idle()
  await telemetry.close()

  const manager = cli_adapter.createTelemetryManager()
  await manager.start('os', [{ slug: '00-hello', position: 0 }], 'by-manager', 'intro')
  manager.registerStepEvent(0, 'compile', { stdout: 'hi', exitCode: 0 })
  await manager.close()
  receiver.closeAllConnections()
  receiver.close()

  const suite = core_testing.logConformance(() => core_memory.memoryLog())
  for (const { run } of suite) await run()
  console.log(JSON.stringify({
    streamed: bodies.filter(({ event }) => event).map(({ event }) => event),
    batches: bodies.some(({ event }) => !event),
    stdout: telemetry.snapshot().steps[0].compilations[0].stdout,
    managed: manager.current.steps[0].compilations.length,
    schema: core_schemas.jsonSchema('event').title,
    suite: suite.length > 0,
  }))
}
main()
`
const outcome = {
  streamed: ['open_step', 'compile', 'test'],
  batches: true,
  stdout: Buffer.from('[redacted:email]').toString('base64'),
  managed: 1,
  schema: 'Line of events.ndjson',
  suite: true,
}
const programs = {
  'program.mjs': [
    `import { createServer } from 'node:http'`,
    ...Object.entries(entries).map(([name, entry]) => `import * as ${name} from '${entry}'`),
    program,
  ].join('\n'),
  'program.cjs': [
    `const { createServer } = require('node:http')`,
    ...Object.entries(entries).map(([name, entry]) => `const ${name} = require('${entry}')`),
    program,
  ].join('\n'),
}

describe('on Node', () => {
  const { engines } = JSON.parse(readFileSync(join(root, 'packages/core/package.json'), 'utf8'))
  const versions = [engines.node.replace('>=', ''), '20', '22', '24']
  const nodes = mkdtempSync(join(inject('outside'), 'nodes-'))
  beforeAll(() =>
    install(
      nodes,
      versions.map((version) => `node${version}@npm:node@${version}`),
    ),
  )

  it.each(versions.flatMap((version) => Object.keys(programs).map((file) => [version, file] as const)))(
    '%s, %s records, delivers and redacts; the command answers',
    async (version, file) => {
      const node = join(nodes, 'node_modules', `node${version}`, 'bin/node')
      expect(await run(node, ['--version'], '/')).toMatch(`v${version}`)
      const folder = project(programs)
      expect(JSON.parse(await run(node, [file], folder))).toEqual(outcome)
      expect(JSON.parse(readFileSync(join(folder, 'by-runtime/telemetry.json'), 'utf8')).user_id).toBe(42)
      const command = join(
        installed,
        'node_modules/@learnpack/telemetry-cli-adapter/bin/learnpack-telemetry.js',
      )
      expect(await run(node, [command, 'replay', join(folder, 'by-runtime')], folder)).toContain(
        '"user_id":42',
      )
    },
  )
})

describe('under TypeScript, with skipLibCheck off', () => {
  const uses = Object.entries(entries)
    .map(([name, entry]) => `import * as ${name} from '${entry}'`)
    .concat(
      `export const names: string[] = [${Object.keys(entries).join(', ')}].map((entry) => Object.keys(entry).join())`,
      `export const transport: core.Transport = transport_http.batchTransport({ url: 'https://school.example' })`,
      `export const manager: cli_adapter.TelemetryManager = cli_adapter.createTelemetryManager({ transports: [transport] })`,
      `export const telemetry = core.createTelemetry({ ...transport_file.nodePorts, storage: core_memory.memoryStorage() })`,
      `telemetry.on('delivered', (destination: string, { id }: core.Parcel) => void [destination, id])`,
      `// @ts-expect-error: a transport says what it wants.`,
      `export const wrong: core.Transport = { name: 'x', deliver: async () => ({ kind: 'delivered' }) }`,
      `// @ts-expect-error: there is no such event.`,
      `telemetry.on('sent', () => {})`,
    )
    .join('\n')
  it.each([
    ['module node16, as ESM', 'use.mts', { module: 'node16' }],
    ['module node16, as CommonJS', 'use.cts', { module: 'node16' }],
    ['moduleResolution bundler', 'use.ts', { module: 'esnext', moduleResolution: 'bundler' }],
    [
      'moduleResolution node10, which many a CLI still has',
      'use.cts',
      { module: 'commonjs', moduleResolution: 'node10', esModuleInterop: true },
    ],
  ])('%s', async (_, file, options) => {
    const compilerOptions = {
      ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, noEmit: true },
      ...{ target: 'es2022', lib: ['es2023', 'dom'], types: ['node'] },
      ...options,
    }
    const folder = project({
      [file]: uses,
      'tsconfig.json': JSON.stringify({ compilerOptions, files: [file] }),
    })
    await run(bin('tsc'), ['-p', folder], folder)
  })
})

it('core in a page that Vite built records and folds where there is no Node', async () => {
  const page = `
import { createTelemetry } from '@learnpack/telemetry-core'
import { manualClock, memoryStorage } from '@learnpack/telemetry-core/memory'
let count = 0
const ids = { event: () => 'e' + ++count, telemetry: () => 'q1lllj6jq1lllj6j' }
const ports = { clock: manualClock(1_700_000_000_000), ids, crc: () => 0, random: () => 0 }
const telemetry = createTelemetry({ storage: memoryStorage(), ...ports })
telemetry.start({ slug: 'intro', agent: 'os', steps: [{ slug: '00-hello', position: 0 }] })
telemetry.record(0, 'compile', { stdout: 'ñ', exitCode: 0 })
globalThis.shown = JSON.stringify(telemetry.snapshot().steps[0].compilations)
`
  const folder = project({ 'page.js': page, 'index.html': '<script type="module" src="./page.js"></script>' })
  await run(bin('vite', 'e2e'), ['build', '--logLevel', 'warn', '--base', './'], folder)
  const assets = join(folder, 'dist/assets')
  const [bundle, ...more] = readdirSync(assets)
  expect(more).toEqual([])
  const document = { createElement: () => ({ relList: { supports: () => true } }) }
  const browser: Record<string, unknown> = {
    document,
    TextEncoder,
    TextDecoder,
    atob,
    btoa,
    URL,
    AbortController,
  }
  runInNewContext(readFileSync(join(assets, bundle as string), 'utf8'), browser)
  expect(JSON.parse(browser.shown as string)).toEqual([{ stdout: 'w7E=', exit_code: 0 }])
})
