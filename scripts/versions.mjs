// Our packages have one version, and everything else that two of them use is asked for in one range.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const listed = execFileSync('pnpm', ['ls', '--recursive', '--depth', '-1', '--json'], { encoding: 'utf8' })
const manifests = JSON.parse(listed).map(({ path }) =>
  JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')),
)
const names = new Set(manifests.map(({ name }) => name))

/** What is asked for, by what it is asked of, with those who ask. */
const asked = new Map()
function ask(what, value, who) {
  const values = asked.get(what) ?? new Map()
  asked.set(what, values.set(value, [...(values.get(value) ?? []), who]))
}
for (const { name, version, dependencies, devDependencies, peerDependencies } of manifests) {
  if (version !== undefined) ask('our version', version, name)
  for (const [dependency, range] of Object.entries({
    ...dependencies,
    ...devDependencies,
    ...peerDependencies,
  })) {
    ask(names.has(dependency) ? 'our own packages' : dependency, range, name)
  }
}

const apart = [...asked].filter(([, values]) => values.size > 1)
for (const [what, values] of apart) {
  console.error(
    `${what}: ${[...values].map(([value, who]) => `${value} in ${[...new Set(who)].join(', ')}`).join('; ')}`,
  )
}
if (apart.length > 0) {
  console.error('Choose one for each, in every package.json that is named.')
  process.exit(1)
}
console.log(`${manifests.length} manifests, ${asked.size} versions and ranges, one of each`)
