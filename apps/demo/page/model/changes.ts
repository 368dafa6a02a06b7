// What an event changed in telemetry.json.

/** A key or index on the way into a JSON value; joined, a path is a string that can be looked up. */
export const join = (path: string, key: string | number): string => `${path}/${key}`

export interface Changes {
  /** Paths of values that are new or other than before. */
  readonly changed: ReadonlySet<string>
  /** Those and all that lie on the way to them. */
  readonly touched: ReadonlySet<string>
}

/** Both are snapshots of one log: what did not change is the same object, so it is not looked into. */
export function changesBetween(before: unknown, after: unknown): Changes {
  const changed = new Set<string>()
  const touched = new Set<string>()

  /** Returns whether anything at or below `path` differs. */
  function compare(a: unknown, b: unknown, path: string): boolean {
    if (a === b) return false
    if (!isObject(a) || !isObject(b) || Array.isArray(a) !== Array.isArray(b)) {
      changed.add(path)
      touched.add(path)
      return true
    }
    let differs = false
    for (const key of Object.keys(b)) if (compare(a[key], b[key], join(path, key))) differs = true
    for (const key of Object.keys(a)) {
      if (key in b) continue
      changed.add(path)
      differs = true
    }
    if (differs) touched.add(path)
    return differs
  }

  compare(before, after, '')
  return { changed, touched }
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null
