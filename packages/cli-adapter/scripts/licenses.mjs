// The licenses of what was bundled, beside the bundle: each asks to come along with every copy. Were its name
// LICENSE-something, pnpm would leave our own out of the tarball.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs'

const dist = new URL('../dist/', import.meta.url)
const bundles = readdirSync(dist).filter((name) => /\.c?js$/.test(name))
const folders = new Set(
  bundles.flatMap((name) =>
    // Above each module the bundler says where it came from, from the package's folder.
    [
      ...readFileSync(new URL(name, dist), 'utf8').matchAll(
        /^\/\/ (\S*node_modules\/(?:@[^/\n]+\/)?(?!\.pnpm)[^/\n]+)\//gm,
      ),
    ].map(([, folder]) => folder),
  ),
)

const texts = [...folders].sort().map((folder) => {
  const at = new URL(`../${folder}/`, import.meta.url)
  const { name, version } = JSON.parse(readFileSync(new URL('package.json', at), 'utf8'))
  const file = readdirSync(at).find((entry) => /^licen[cs]e/i.test(entry))
  if (file === undefined) throw new Error(`${name} has no license file, but it is bundled`)
  return `${name} ${version}\n\n${readFileSync(new URL(file, at), 'utf8').trim()}\n`
})

writeFileSync(new URL('THIRD-PARTY.txt', dist), texts.join(`\n${'-'.repeat(80)}\n\n`))
