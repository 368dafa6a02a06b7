// Lets TypeScript before 4.5 read the declarations: it knows no `type` within the braces of an export. In a declaration
// file the word says nothing more.

import { readFileSync, writeFileSync } from 'node:fs'

for (const name of ['index.d.ts', 'index.d.cts']) {
  const path = new URL(`../dist/${name}`, import.meta.url)
  const text = readFileSync(path, 'utf8')
  const plain = text.replace(/^export \{.*\};$/gm, (names) => names.replaceAll(/([{,]) type /g, '$1 '))
  writeFileSync(path, plain)
}
