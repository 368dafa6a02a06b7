// Running things as somebody who has nothing of ours in the environment.

import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))
export const PACKAGES = ['core', 'redaction', 'transport-file', 'transport-http', 'cli-adapter'] as const

/** A tool of this repository, wherever it is run. */
export const bin = (name: string, of = ''): string => join(root, of, 'node_modules', '.bin', name)

// Whoever runs this may have switched telemetry off for themselves, and may use any flags of Node.
const off = { DO_NOT_TRACK: '', LEARNPACK_TELEMETRY_DISABLED: '', NODE_OPTIONS: '', NO_COLOR: '1' }
export const env: NodeJS.ProcessEnv = { ...process.env, ...off }

/** Resolves to what it prints; rejects with all of that when it fails. */
export function run(
  command: string,
  args: readonly string[],
  cwd: string,
  more: NodeJS.ProcessEnv = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      command,
      args,
      { cwd, env: { ...env, ...more }, maxBuffer: 2 ** 26 },
      (error, stdout, stderr) => {
        const what = [command.replace(root, ''), ...args].join(' ')
        if (error === null) resolve(stdout)
        else reject(new Error(`${what}: exit code ${error.code}\n${stdout}${stderr}`))
      },
    )
  })
}

/** Installs from tarballs and the registry into a folder that becomes a project of its own. */
export async function install(folder: string, what: readonly string[]): Promise<void> {
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'mine', private: true, type: 'module' }))
  await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...what], folder)
}
