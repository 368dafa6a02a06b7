// The guide's transports as a third party has them: from packed tarballs, in a folder outside the workspace,
// compiled strictly and run by Node's own test runner.

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const bin = (name: string): string => join(root, 'node_modules', '.bin', name)
const files = (document: string): [string, string][] =>
  [...readFileSync(join(root, document), 'utf8').matchAll(/^```ts file=(\S+)\n([^]*?)^```$/gm)].map(
    ([, name, code]) => [name as string, code as string],
  )

let project: string
const inProject = (command: string, args: string[]): string =>
  execFileSync(command, args, { cwd: project, encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } })

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'third-party-'))
  execFileSync(bin('pnpm'), ['pack', '--pack-destination', project], {
    cwd: join(root, 'packages/core'),
    stdio: 'ignore',
  })
  const [tarball] = readdirSync(project)
  const dependencies = { '@learnpack/telemetry-core': `file:./${tarball}` }
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ name: 'mine', private: true, type: 'module', dependencies }),
  )
  inProject('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'])
  const compilerOptions = {
    ...{
      strict: true,
      module: 'nodenext',
      target: 'es2022',
      lib: ['es2023', 'dom'],
      outDir: 'out',
      skipLibCheck: false,
    },
    ...{ types: ['node'], typeRoots: [join(root, 'node_modules/@types')] },
  }
  mkdirSync(join(project, 'src'))
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }))
}, 120_000)

describe('the guide to writing a transport', () => {
  it('compiles, and passes the conformance suite', () => {
    const blocks = files('docs/write-a-transport.md')
    expect(blocks.map(([name]) => name)).toEqual([
      'csv-transport.ts',
      'socket-transport.ts',
      'transports.test.ts',
    ])
    for (const [name, code] of blocks) writeFileSync(join(project, 'src', name), code)
    inProject(bin('tsc'), [])
    const report = inProject(process.execPath, ['--test', 'out/transports.test.js'])
    expect(report).toMatch(/^# tests 18$/m)
    expect(report).toMatch(/^# pass 18$/m)
  })
})

describe('the README', () => {
  it('shows a custom transport in under 20 lines, which works', () => {
    const [block] = files('README.md').filter(([name]) => name === 'console-transport.ts')
    const [name, code] = block as [string, string]
    expect(code.split('\n').length).toBeLessThan(20)
    writeFileSync(join(project, 'src', name), code)
    const use = `import { createTelemetry } from '@learnpack/telemetry-core'
import { manualClock, memoryStorage } from '@learnpack/telemetry-core/memory'
import { consoleTransport } from './console-transport.js'
const ids = { event: () => String(Math.random()), telemetry: () => 'abc' }
const ports = { storage: memoryStorage(), clock: manualClock(), ids, crc: () => 0, random: () => 0 }
const telemetry = createTelemetry({ ...ports, transports: [consoleTransport] })
telemetry.start({ slug: 'a', agent: 'os', steps: [{ slug: '00-hello', position: 0 }] })
telemetry.identify(7)
telemetry.record(0, 'compile', { stdout: 'hi' })
await telemetry.idle()
`
    writeFileSync(join(project, 'src', 'use.ts'), use)
    inProject(bin('tsc'), [])
    expect(inProject(process.execPath, ['out/use.js'])).toBe('7 compile 00-hello\n')
  })
})
