// telemetry.json in pieces: the same text as in one.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evolve, initialState, snapshot } from '../src/index'
import { fold } from '../src/fold/evolve'
import { snapshotJson } from '../src/fold/render'
import { randomSession } from './arbitraries'
import { on, started } from './support'

describe('rendering', () => {
  it('in pieces is the JSON of the snapshot, also when it is rendered again after more events', () => {
    fc.assert(
      fc.property(randomSession, ({ log }) => {
        let state = initialState
        for (const one of log) {
          state = evolve(state, one)
          const text = [...snapshotJson(state)].join('')
          expect(text).toBe(JSON.stringify(snapshot(state)))
        }
      }),
    )
    expect([...snapshotJson(initialState)].join('')).toBe(JSON.stringify(snapshot(initialState)))
  })

  it('comes in pieces of some attempts each, so that a caller may pause between them', () => {
    const attempts = Array.from({ length: 40 }, (_, n) => ({ n, note: `${n}`.repeat(10_000) }))
    const events = attempts.map((data, n) => on(1, 'compile', n, data))
    const state = fold(initialState, [started(1), ...events])
    for (const time of ['first', 'second']) {
      const pieces = [...snapshotJson(state)]
      expect(pieces.join(''), time).toBe(JSON.stringify(snapshot(state)))
      expect(Math.max(...pieces.map(({ length }) => length)), time).toBeLessThan(100_000)
      // Not one by one: each costs a turn, and a write.
      const large = pieces.filter(({ length }) => length > 5_000)
      expect(Math.min(...large.slice(0, -1).map(({ length }) => length)), time).toBeGreaterThan(65_000)
    }
  })
})
