// The documents of this repository that people read, as paths from its root. Changelogs and the API reference are made by tools.

import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const listed = (folder) => readdirSync(`${root}${folder}`, { recursive: true }).map(String).sort()

export const documents = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync(`${root}packages`).map((name) => `packages/${name}/README.md`),
  ...listed('docs')
    .map((path) => `docs/${path.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.md') && !path.startsWith('docs/api/')),
]
