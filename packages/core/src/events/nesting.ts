// How deep a value from a file may be nested. What recurses, such as JSON.stringify, has an end of its stack, and a value
// beyond it could be read and then neither shown nor written again.

/** Levels; an event of ours has fewer than ten, and a host's data hardly more. */
export const DEEPEST = 200

/** Whether a parsed JSON value has more levels of objects and lists than `DEEPEST`. */
export function isTooDeep(value: unknown): boolean {
  let level = isObject(value) ? [value] : []
  for (let depth = 0; level.length > 0; depth++) {
    if (depth >= DEEPEST) return true
    level = level.flatMap((one) => Object.values(one).filter(isObject))
  }
  return false
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
