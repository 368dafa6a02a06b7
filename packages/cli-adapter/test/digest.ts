// What a folder holds: every path in it with its kind, mode, time of its last change and content.

import { createHash } from 'node:crypto'
import { lstatSync, readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

export function digestOf(path: string): Record<string, string> {
  const found = lstatSync(path, { bigint: true })
  const { mode, mtimeNs, ino } = found
  const content = found.isFile()
    ? createHash('sha256').update(readFileSync(path)).digest('hex')
    : found.isSymbolicLink()
      ? readlinkSync(path)
      : ''
  const below = found.isDirectory() ? readdirSync(path).map((name) => digestOf(join(path, name))) : []
  return Object.assign({ [path]: [mode, mtimeNs, ino, content].join(' ') }, ...below) as Record<
    string,
    string
  >
}
