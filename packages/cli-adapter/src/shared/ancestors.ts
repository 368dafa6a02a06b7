import { dirname } from 'node:path'

/** A path and every folder it is in, the nearest first. */
export const ancestors = (path: string): string[] =>
  dirname(path) === path ? [path] : [path, ...ancestors(dirname(path))]
