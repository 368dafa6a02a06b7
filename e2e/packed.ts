// Packs the packages once, as `pnpm publish` would, and installs them in a folder outside the repository. Our own
// come from the tarballs; what they depend on comes from the registry, as it does for everybody.

import { mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { bin, install, PACKAGES, root, run } from './run'

declare module 'vitest' {
  export interface ProvidedContext {
    /** A folder outside the repository, for all that is made here: it is deleted in the end. */
    outside: string
    /** The folder in it in which the packages are installed. */
    installed: string
    /** Paths of the tarballs, by the packages' folders. */
    tarballs: Record<string, string>
  }
}

export default async function setup(project: TestProject): Promise<() => void> {
  const outside = realpathSync(mkdtempSync(join(tmpdir(), 'packed-')))
  const tarballs: Record<string, string> = {}
  for (const name of PACKAGES) {
    const to = join(outside, 'tarballs', name)
    await run(bin('pnpm'), ['pack', '--pack-destination', to], join(root, 'packages', name))
    tarballs[name] = join(to, readdirSync(to)[0] as string)
  }
  const installed = join(outside, 'installed')
  mkdirSync(installed)
  await install(installed, [...Object.values(tarballs), '@types/node@20', 'tsx@4', ...hostParts()])
  project.provide('outside', outside)
  project.provide('installed', installed)
  project.provide('tarballs', tarballs)
  return () => rmSync(outside, { recursive: true, force: true })
}

/** What a host in a document is made of, in the releases that the adapter is tested with. */
function hostParts(): string[] {
  const manifest = readFileSync(join(root, 'packages/cli-adapter/package.json'), 'utf8')
  const { devDependencies } = JSON.parse(manifest) as { devDependencies: Record<string, string> }
  return ['express', '@types/express', 'socket.io'].map((name) => `${name}@${devDependencies[name]}`)
}
