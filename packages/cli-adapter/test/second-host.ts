// The fixture shaped like LearnPack 2.1.34, compiled as that is: by TypeScript 4.0, with the types of Node 10.

import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ours } from './learnpack-host'

const require = createRequire(import.meta.url)
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const folderOf = (name: string): string => dirname(require.resolve(`${name}/package.json`))

/** Where its start command is, its login and its logout. */
export interface SecondHost {
  readonly start: string
  run(command: 'login' | 'logout', cwd: string, ...args: string[]): string
}

/** The files that docs/migrate.md shows, by their paths in the host. */
export function migration(): Map<string, string> {
  const text = readFileSync(here('../../../docs/migrate.md'), 'utf8')
  const blocks = [...text.matchAll(/^```ts file=(src\/\S+)\n([^]*?)^```$/gm)]
  return new Map(blocks.map(([, path, code]) => [path as string, code as string]))
}

/** @param migrated whether docs/migrate.md was followed; else it has a manager that does nothing */
export function buildSecondHost({ migrated }: { migrated: boolean }): SecondHost {
  const folder = mkdtempSync(join(tmpdir(), 'second-host-'))
  cpSync(here('fixtures/host'), folder, { recursive: true })
  const modules = join(folder, 'node_modules')
  for (const scope of ['@types', '@learnpack']) mkdirSync(join(modules, scope), { recursive: true })
  for (const name of ['express', 'socket.io']) symlinkSync(folderOf(name), join(modules, name))
  symlinkSync(folderOf('types-node-10'), join(modules, '@types/node'))
  if (migrated) {
    symlinkSync(ours, join(modules, '@learnpack/telemetry-cli-adapter'))
    for (const [path, code] of migration()) writeFileSync(join(folder, path), code)
  }
  const tsc = join(folderOf('typescript-4.0'), 'bin/tsc')
  const compiled = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' })
  if (compiled.status !== 0) throw new Error(compiled.stdout + compiled.stderr)
  return {
    start: join(folder, 'lib/commands/start.js'),
    run(command, cwd, ...args) {
      const program = join(folder, 'lib/commands', `${command}.js`)
      const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
        cwd,
        encoding: 'utf8',
      })
      if (status !== 0 || stderr !== '') throw new Error(`${command}: exit code ${status}\n${stderr}`)
      return stdout
    },
  }
}
