// The code blocks of the documents that users read.

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { PACKAGES, root } from './run'

export interface Block {
  readonly document: string
  readonly line: number
  readonly language: string
  /** What the document calls it, as `file=`. */
  readonly file: string | undefined
  readonly code: string
}

export const documents = [
  'README.md',
  ...PACKAGES.map((name) => `packages/${name}/README.md`),
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

export const textOf = (document: string): string => readFileSync(join(root, document), 'utf8')

export function blocksOf(document: string): Block[] {
  const text = textOf(document)
  return [...text.matchAll(/^```(\w*)(?: file=(\S+))?\n([^]*?)^```$/gm)].map((found) => {
    const [, language = '', file, code = ''] = found
    return { document, line: text.slice(0, found.index).split('\n').length, language, file, code }
  })
}

/** @throws Error when the document has no such block */
export function fileOf(document: string, name: string): string {
  const block = blocksOf(document).find(({ file }) => file === name)
  if (block === undefined) throw new Error(`${document} has no block with file=${name}`)
  return block.code
}
