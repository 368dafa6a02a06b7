// The documents and their code blocks.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './run'

export { documents } from '../scripts/documents.mjs'

export interface Block {
  readonly document: string
  readonly line: number
  readonly language: string
  /** What the document calls it, as `file=`. */
  readonly file: string | undefined
  readonly code: string
}

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
