import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isSame, merged, patchBetween, withValue, type SetValue } from '../src/fold/merge-patch'
import { jsonOf, tries } from './support'

const key = fc.constantFrom('a', 'b', '0', '1', '__proto__', 'toString')
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<unknown>(null, 0, 1, '', 'x', true, false),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}))

function lead(from: unknown, to: unknown): unknown {
  const sets: SetValue[] = []
  const patch = patchBetween(from, to, [], sets)
  // What is stored is JSON.
  const stored = jsonOf({ patch, sets })
  const patched = 'patch' in stored ? merged(from, stored.patch) : from
  return stored.sets.reduce((result, [path, replacement]) => withValue(result, path, replacement), patched)
}

describe('the patch between two values', () => {
  it('leads from one to the other', () => {
    fc.assert(
      fc.property(value, value, (from, to) => {
        const [a, b] = [jsonOf(from), jsonOf(to)]
        const before = JSON.stringify(a)
        expect(JSON.stringify(sorted(lead(a, b)))).toBe(JSON.stringify(sorted(b)))
        expect(JSON.stringify(a)).toBe(before)
      }),
      { numRuns: tries(3_000) },
    )
  })

  it('says nothing where nothing changed, whatever the order of keys', () => {
    const sets: SetValue[] = []
    expect(
      patchBetween({ a: 1, b: [{ c: 2, d: 3 }] }, { b: [{ d: 3, c: 2 }], a: 1 }, [], sets),
    ).toBeUndefined()
    expect(sets).toEqual([])
  })

  it.each<[string, unknown, unknown, unknown, SetValue[]]>([
    ['one field', { a: { b: 1, c: 2 } }, { a: { b: 1, c: 3 } }, { a: { c: 3 } }, []],
    ['a field that goes', { a: 1, b: 2 }, { a: 1 }, { b: null }, []],
    ['what is appended', { a: [10, 20, 30] }, { a: [10, 20, 30, 40] }, { a: { 3: 40 } }, []],
    ['a short list', { a: [] }, { a: [1] }, { a: [1] }, []],
    ['a list that loses something', { a: [1, 2] }, { a: [2] }, { a: [2] }, []],
    ['null', { a: 1 }, { a: null }, undefined, [[['a'], null]]],
    ['an object instead of a list', { a: [1] }, { a: { 0: 1 } }, undefined, [[['a'], { 0: 1 }]]],
    ['null in what is new', {}, { a: { b: null } }, { a: {} }, [[['a', 'b'], null]]],
  ])('is small: %s', (_, from, to, patch, expected) => {
    const sets: SetValue[] = []
    expect(patchBetween(from, to, [], sets)).toEqual(patch)
    expect(sets).toEqual(expected)
  })
})

it('a place far behind the end of a list is passed over', () => {
  expect(merged([1], { 4294967294: 2, '-1': 2, x: 2 })).toEqual([1])
  expect(withValue([1], ['9'], 2)).toEqual([1])
})

it('equal is equal', () => {
  fc.assert(
    fc.property(value, value, (a, b) => {
      expect(isSame(a, jsonOf(a))).toBe(true)
      expect(isSame(a, b)).toBe(JSON.stringify(sorted(a)) === JSON.stringify(sorted(b)))
    }),
  )
})

function sorted(given: unknown): unknown {
  if (Array.isArray(given)) return given.map(sorted)
  if (typeof given !== 'object' || given === null) return given
  return Object.entries(given)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, inner]) => [name, sorted(inner)])
    .concat([['{}']])
}
