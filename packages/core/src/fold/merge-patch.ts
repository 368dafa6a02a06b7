// Small changes of JSON values as JSON merge patches (RFC 7396), with lists as objects: a merge patch could only replace
// them, and what is appended to would be written again and again.

type Keyed = Readonly<Record<string, unknown>>
/** Where a value is: keys, and places in lists, from the top. */
export type Path = readonly string[]
/** What a merge patch cannot say: that a value is null, or becomes an object where a list was. */
export type SetValue = [path: string[], value: unknown]

export const isKeyed = (value: unknown): value is Keyed =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Whether two JSON values are equal, whatever the order of their keys. */
export function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => isSame(item, b[index]))
  if (!isKeyed(a) || !isKeyed(b)) return false
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isSame(a[key], b[key]))
  )
}

/**
 * The patch that leads from one value to another; undefined where it need not say anything. In it, a list that is there
 * already and loses nothing is an object with the places that change.
 * @param sets gets what the patch cannot say
 */
export function patchBetween(from: unknown, to: unknown, path: Path, sets: SetValue[]): unknown {
  if (isSame(from, to)) return undefined
  if (to === null || (Array.isArray(from) && isKeyed(to))) {
    sets.push([[...path], to])
    return undefined
  }
  if (Array.isArray(from) && Array.isArray(to)) return listPatch(from, to, path, sets)
  if (!isKeyed(to)) return to
  const before = isKeyed(from) ? from : {}
  const patch = new Map<string, unknown>()
  for (const key of Object.keys(before)) if (!Object.hasOwn(to, key)) patch.set(key, null)
  for (const [key, value] of Object.entries(to)) {
    const inner = patchBetween(own(before, key), value, [...path, key], sets)
    if (inner !== undefined) patch.set(key, inner)
  }
  return patch.size > 0 || !isKeyed(from) ? Object.fromEntries(patch) : undefined
}

/** By place, unless the whole list is shorter. */
function listPatch(from: readonly unknown[], to: readonly unknown[], path: Path, sets: SetValue[]): unknown {
  const appended = to.slice(from.length)
  if (to.length < from.length || appended.includes(null)) return to
  const inner: SetValue[] = []
  const patch = new Map<string, unknown>()
  to.forEach((value, place) => {
    const item = patchBetween(from[place], value, [...path, String(place)], inner)
    if (item !== undefined) patch.set(String(place), item)
  })
  const byPlace = Object.fromEntries(patch)
  if (JSON.stringify([byPlace, inner]).length > JSON.stringify(to).length) return to
  sets.push(...inner)
  return patch.size > 0 ? byPlace : undefined
}

/** A value as a patch makes it (RFC 7396, but that an object patches a list by place). */
export function merged(value: unknown, patch: unknown): unknown {
  if (!isKeyed(patch)) return patch
  if (Array.isArray(value)) return mergedList(value, patch)
  const fields = new Map(Object.entries(isKeyed(value) ? value : {}))
  for (const [key, inner] of Object.entries(patch)) {
    if (inner === null) fields.delete(key)
    else fields.set(key, merged(fields.get(key), inner))
  }
  return Object.fromEntries(fields)
}

function mergedList(list: readonly unknown[], patch: Keyed): unknown[] {
  const items = [...list]
  for (const [key, inner] of Object.entries(patch)) {
    const place = placeIn(items, key)
    if (place !== undefined) items[place] = merged(items[place], inner)
  }
  return items
}

/** Of an item, or right behind the last: a list has no gaps. */
function placeIn(items: readonly unknown[], key: string): number | undefined {
  const place = Number(key)
  return Number.isInteger(place) && place >= 0 && place <= items.length ? place : undefined
}

/** The same value with another at a path. */
export function withValue(value: unknown, [key, ...path]: Path, replacement: unknown): unknown {
  if (key === undefined) return replacement
  if (Array.isArray(value)) {
    const place = placeIn(value, key)
    if (place === undefined) return value
    const items = [...(value as unknown[])]
    items[place] = withValue(items[place], path, replacement)
    return items
  }
  const fields = new Map(Object.entries(isKeyed(value) ? value : {}))
  fields.set(key, withValue(fields.get(key), path, replacement))
  return Object.fromEntries(fields)
}

export const own = (object: Keyed, key: string): unknown =>
  Object.hasOwn(object, key) ? object[key] : undefined
