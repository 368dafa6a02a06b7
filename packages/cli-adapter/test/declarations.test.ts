// Our declarations as hosts compile against them: CommonJS, TypeScript from 4.0 on, the libraries checked too. The folder
// holds nothing but the published declarations and the host's types of Node.

import { execFile } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const require = createRequire(import.meta.url)
const folderOf = (name: string): string => dirname(require.resolve(`${name}/package.json`))

interface Project {
  readonly typescript: string
  /** A package with Node's types; none where it is absent. */
  readonly node?: string
  /** Whether it has the types of a page, as a host that names no `lib` does. */
  readonly page?: boolean
  /** Plants a fault. */
  readonly change?: (declarations: string) => string
}

/** What the compiler says of it; '' where it compiles. */
function compile({ typescript, node, page, change }: Project): Promise<string> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'declarations-')))
  const ours = join(folder, 'node_modules/@learnpack/telemetry-cli-adapter')
  mkdirSync(join(ours, 'dist'), { recursive: true })
  cpSync(here('../package.json'), join(ours, 'package.json'))
  for (const name of ['index.d.ts', 'index.d.cts']) {
    const text = readFileSync(here(`../dist/${name}`), 'utf8')
    writeFileSync(join(ours, 'dist', name), change?.(text) ?? text)
  }
  mkdirSync(join(folder, 'node_modules/@types'))
  if (node !== undefined) symlinkSync(folderOf(node), join(folder, 'node_modules/@types/node'))
  cpSync(here('fixtures/declarations/consumer.ts'), join(folder, 'consumer.ts'))
  const compilerOptions = {
    ...{ strict: true, skipLibCheck: false, noEmit: true, declaration: true },
    ...{ module: 'commonjs', moduleResolution: 'node', target: 'es2018', types: node ? ['node'] : [] },
    lib: page ? ['es2018', 'dom'] : ['es2018'],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.ts'] }))
  const tsc = join(folderOf(typescript), 'bin/tsc')
  return new Promise((resolve) =>
    execFile(process.execPath, [tsc, '-p', folder], (error, stdout, stderr) =>
      resolve(error === null ? '' : stdout + stderr),
    ),
  )
}

// What is not here cannot be read for reasons of its own: the types of Node 20 by 4.0 and 4.7, those of Node 10 by 5.7 on.
describe.each([
  ['typescript-4.0', ['types-node-10']],
  ['typescript-4.7', ['types-node-10']],
  ['typescript-4.9', ['types-node-10', '@types/node']],
  ['typescript', ['@types/node']],
])('%s', (typescript, types) => {
  it.each(types)('reads them beside %s', async (node) => {
    expect(await compile({ typescript, node })).toBe('')
  })
})

it.each(['typescript-4.0', 'typescript'])('%s reads them beside the types of a page', async (typescript) => {
  expect(await compile({ typescript, page: true })).toBe('')
})

describe('would refuse', () => {
  const old: Project = { typescript: 'typescript-4.0' }
  it.each<[string, Project, RegExp]>([
    ['a newer export', { ...old, change: (text) => text.replace(/export \{ /, '$&type ') }, /TS1005/],
    [
      'a newer module name',
      { ...old, change: (text) => `import { Server } from 'node:http'\n${text}` },
      /node:http/,
    ],
    [
      'types of another package',
      { ...old, change: (text) => `import { Transport } from '@learnpack/telemetry-core'\n${text}` },
      /telemetry-core/,
    ],
    [
      'newer syntax',
      {
        ...old,
        change: (text) => `${text}\ntype Newer = \`\${string}\`\n`,
      },
      /index\.d\.ts.*TS1\d{3}/,
    ],
    [
      'a member that is missing',
      { ...old, change: (text) => text.replace('    submit(): Promise<void>;\n', '') },
      /submit/,
    ],
  ])('%s', async (_, project, message) => {
    expect(await compile(project)).toMatch(message)
  })
})
