// Running things as somebody who has nothing of ours in the environment.

import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))
export const PACKAGES = ['core', 'transport-file', 'transport-http', 'cli-adapter'] as const

/** A tool of this repository, wherever it is run. */
export const bin = (name: string, of = ''): string => join(root, of, 'node_modules', '.bin', name)

// Whoever runs this may have switched telemetry off for themselves, and may use any flags of Node.
/** Where nobody has configured anything. */
const XDG_CONFIG_HOME = join(tmpdir(), 'no-configuration')
const off = { DO_NOT_TRACK: '', LEARNPACK_TELEMETRY_DISABLED: '', NODE_OPTIONS: '', NO_COLOR: '1' }
const env = { ...process.env, ...off, XDG_CONFIG_HOME }

/** Returns what it prints. @throws Error with all of that when it fails */
export function run(command: string, args: readonly string[], cwd: string): string {
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd, env, encoding: 'utf8' })
  if (status === 0) return stdout
  const what = [command.replace(root, ''), ...args].join(' ')
  throw new Error(`${what}: ${error?.message ?? `exit code ${status}`}\n${stdout}${stderr}`)
}

/** Installs from tarballs and the registry into a folder that becomes a project of its own. */
export function install(folder: string, what: readonly string[]): void {
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'mine', private: true, type: 'module' }))
  run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...what], folder)
}
