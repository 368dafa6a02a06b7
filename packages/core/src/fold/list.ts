// An immutable list that is cheap to append to. Copying an array at every event would make a fold over
// n attempts cost n²; here an append copies at most one chunk and, once a chunk, the list of chunks.

const CHUNK = 64

/**
 * An immutable list that is cheap to append to, in chunks. Read it as `[...list.full.flat(), ...list.tail]`; do not
 * build one.
 * @inline
 */
export interface List<T> {
  readonly length: number
  readonly full: readonly (readonly T[])[]
  readonly tail: readonly T[]
}

const empty: List<never> = Object.freeze({ length: 0, full: Object.freeze([]), tail: Object.freeze([]) })

export const emptyList = <T>(): List<T> => empty

export function append<T>(list: List<T>, item: T): List<T> {
  const tail = [...list.tail, item]
  const length = list.length + 1
  return tail.length < CHUNK
    ? { length, full: list.full, tail }
    : { length, full: [...list.full, tail], tail: [] }
}

export const toArray = <T>(list: List<T>): T[] => [...list.full.flat(), ...list.tail] as T[]

export const listOf = <T>(items: readonly T[]): List<T> => items.reduce<List<T>>(append, empty)
