// Where paths lie, by their names alone.

import paths, { dirname, type PlatformPath } from 'node:path'

/** A path and every folder it is in, the nearest first. */
export const ancestors = (path: string): string[] =>
  dirname(path) === path ? [path] : [path, ...ancestors(dirname(path))]

/** Whether `path` is `folder` or in it. On Windows the path to another drive is absolute. */
export function isInside(
  folder: string,
  path: string,
  { relative, isAbsolute }: Pick<PlatformPath, 'relative' | 'isAbsolute'> = paths,
): boolean {
  const way = relative(folder, path)
  return !isAbsolute(way) && !/^\.\.(?:[/\\]|$)/.test(way)
}
