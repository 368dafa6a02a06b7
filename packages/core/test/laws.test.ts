// What holds for every session, whatever happened in it.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFollower, encodeLine, decodeLine, evolve, history, initialState, snapshot } from '../src/index'
import { fold } from '../src/fold/evolve'
import { type ImportedSnapshot, type State, type TelemetryEvent } from '../src/index'
import { snapshot as snapshotSchema } from '../src/events/snapshot-schema'
import { memoryLog } from '../src/memory'
import { anySnapshot, randomSession } from './arbitraries'
import { crc, event, jsonOf, tries } from './support'

const shown = (state: State) => jsonOf(snapshot(state))
const importOf = (file: unknown): TelemetryEvent => event('import', 9_000, { data: { snapshot: file } })

function logOf(events: readonly TelemetryEvent[]) {
  const log = memoryLog()
  for (const one of events) log.append(encodeLine(one, crc))
  return log
}

/** Makes every write to `value`, or to anything in it, throw. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  if (value instanceof Map) {
    for (const inner of value.values()) deepFreeze(inner)
    for (const writer of ['set', 'delete', 'clear']) {
      Object.defineProperty(value, writer, {
        value: () => {
          throw new TypeError('this map is frozen')
        },
      })
    }
  }
  for (const inner of Object.values(value)) deepFreeze(inner)
  return Object.freeze(value)
}

describe('the fold', () => {
  it('of a ++ b is the fold of b onto the fold of a', () => {
    fc.assert(
      fc.property(randomSession, fc.double({ min: 0, max: 1, noNaN: true }), ({ log }, part) => {
        const cut = Math.floor(log.length * part)
        const whole = fold(initialState, log)
        expect(fold(fold(initialState, log.slice(0, cut)), log.slice(cut))).toEqual(whole)
      }),
    )
  })

  it('drops a known id: reading a log twice over changes nothing', () => {
    fc.assert(
      fc.property(randomSession, ({ log }) => {
        const once = createFollower(logOf(log), crc)
        const twice = createFollower(logOf([...log, ...log]), crc)
        expect(twice.catchUp()).toEqual(once.catchUp())
        expect(twice.counts.duplicates).toBe(log.length)
      }),
    )
  })

  it('reaches only snapshots that satisfy the schema', () => {
    fc.assert(
      fc.property(randomSession, ({ logs }) => {
        for (const log of logs) {
          let state = initialState
          for (const one of log) {
            state = evolve(state, one)
            expect(snapshotSchema.safeParse(shown(state)).error).toBeUndefined()
          }
        }
      }),
    )
  })

  it('never gives a session a negative length', () => {
    fc.assert(
      fc.property(randomSession, ({ snapshot: { workout_session } }) => {
        for (const { started_at, ended_at } of workout_session) {
          expect(ended_at ?? started_at).toBeGreaterThanOrEqual(started_at)
        }
      }),
    )
  })

  it('never touches its input', () => {
    fc.assert(
      fc.property(randomSession, ({ log }) => {
        let state = deepFreeze({ ...initialState, activity: new Map(initialState.activity) }) as State
        for (const one of deepFreeze(jsonOf(log))) state = deepFreeze(evolve(state, one))
        expect(shown(state)).toEqual(shown(fold(initialState, log)))
      }),
    )
  })

  it('is the same for a runtime that followed live', () => {
    fc.assert(
      fc.property(randomSession, (session) => {
        expect(shown(fold(initialState, session.log))).toEqual(session.snapshot)
      }),
    )
  })

  it('passes over event types it does not know, and keeps them and unknown fields in the log', () => {
    fc.assert(
      fc.property(randomSession, fc.jsonValue(), ({ log }, value) => {
        const odd = [event('badge_earned', 5, { data: value }), event('compile', 6, { v: 2, step: value })]
        const mixed = log.flatMap((one, index) => [{ ...one, later: value }, ...(index === 0 ? odd : [])])
        expect(shown(fold(initialState, mixed as TelemetryEvent[]))).toEqual(shown(fold(initialState, log)))
        for (const one of mixed) {
          const line = encodeLine(one as TelemetryEvent, crc)
          const decoded = decodeLine(line, crc)
          expect(decoded).toMatchObject({ ok: true, event: jsonOf(one) })
          expect(decoded.ok && encodeLine(decoded.event, crc)).toBe(line)
        }
      }),
    )
  })
})

describe('an import', () => {
  it('on an empty telemetry gives exactly the file', () => {
    fc.assert(
      fc.property(anySnapshot, (file) => {
        expect(shown(evolve(initialState, importOf(file)))).toEqual(file)
      }),
      { numRuns: tries(500) },
    )
  })

  it('twice is once', () => {
    fc.assert(
      fc.property(
        randomSession,
        fc.oneof(
          anySnapshot,
          randomSession.map((s) => s.snapshot),
        ),
        ({ log }, file) => {
          const once = evolve(fold(initialState, log), importOf(file))
          expect(shown(evolve(once, importOf(file)))).toEqual(shown(once))
        },
      ),
    )
  })

  it('of what the log itself tells changes nothing', () => {
    fc.assert(
      fc.property(randomSession, fc.nat(), ({ log, snapshot: now }, cut) => {
        const state = fold(initialState, log)
        const earlier = shown(fold(initialState, log.slice(0, 1 + (cut % log.length))))
        expect(shown(evolve(state, importOf(now)))).toEqual(now)
        const { last_interaction_at, tutorial_started_at, steps } = shown(evolve(state, importOf(earlier)))
        expect({ last_interaction_at, tutorial_started_at, steps }).toEqual({
          last_interaction_at: now.last_interaction_at,
          tutorial_started_at: now.tutorial_started_at,
          steps: now.steps,
        })
      }),
    )
  })

  it('unites: all attempts of both are there, as often as the richer tells; times never regress', () => {
    const lists = ['ai_interactions', 'compilations', 'tests', 'quiz_submissions'] as const
    fc.assert(
      fc.property(randomSession, randomSession, ({ log }, { snapshot: file }) => {
        const ours = fold(initialState, log)
        const united = evolve(ours, importOf(file))
        for (const step of shown(united).steps) {
          const [mine, theirs] = [shown(ours), file].map((s) =>
            s.steps.find(({ slug }) => slug === step.slug),
          )
          for (const list of lists) {
            const [a, b, both] = [mine, theirs, step].map((s) => counted(s?.[list] ?? []))
            const most = new Map(
              [...a!.keys(), ...b!.keys()].map((k) => [k, Math.max(a!.get(k) ?? 0, b!.get(k) ?? 0)]),
            )
            // Activity of a step that is not in the present course is in the state, though not shown in `mine`.
            if (mine !== undefined) expect(both).toEqual(most)
          }
          for (const time of ['opened_at', 'completed_at'] as const) {
            const told = [mine?.[time], theirs?.[time]].filter((at) => at !== undefined)
            if (mine !== undefined) expect(step[time]).toBe(told.length === 0 ? undefined : Math.min(...told))
          }
        }
      }),
    )
  })
})

const counted = (items: readonly unknown[]): Map<string, number> => {
  const counts = new Map<string, number>()
  for (const item of items) {
    const key = JSON.stringify(Object.entries(item as object).sort(([a], [b]) => (a < b ? -1 : 1)))
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return counts
}

describe('the history of a telemetry.json', () => {
  it('folds to exactly that file, for every session that can be reached', () => {
    fc.assert(
      fc.property(randomSession, ({ snapshot: file }) => {
        const events = jsonOf(history(file))
        expect(shown(fold(initialState, events))).toEqual(file)
      }),
      { numRuns: tries(500) },
    )
  })

  it('is in time order, has ids of its own, the same every time, and invents nothing', () => {
    fc.assert(
      fc.property(randomSession, ({ snapshot: file }) => {
        const events = history(file)
        expect(history(jsonOf(file))).toEqual(events)
        expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
        expect(events.map(({ at }) => at)).toEqual(events.map(({ at }) => at).sort((a, b) => a - b))
        const count = (type: string) => events.filter((one) => one.type === type).length
        const sum = (list: 'tests' | 'compilations' | 'ai_interactions' | 'quiz_submissions') =>
          file.steps.reduce((total, step) => total + (step[list]?.length ?? 0), 0)
        expect({
          session_start: count('session_start'),
          open_step: count('open_step'),
          compile: count('compile'),
          test: count('test'),
          ai_interaction: count('ai_interaction'),
          quiz_submission: count('quiz_submission'),
          import: count('import'),
        }).toEqual({
          session_start: file.workout_session.length,
          open_step: file.steps.filter((step) => step.opened_at !== undefined).length,
          compile: sum('compilations'),
          test: sum('tests'),
          ai_interaction: sum('ai_interactions'),
          quiz_submission: sum('quiz_submissions'),
          import: 1,
        })
        expect(events.at(-1)).toMatchObject({ type: 'import', data: { snapshot: file } })

        // Before the conclusion nothing is shown that the file does not hold.
        const before = shown(fold(initialState, events.slice(0, -1)) as State)
        for (const { slug, opened_at, completed_at } of before.steps) {
          const told = file.steps.find((step) => step.slug === slug)!
          expect([told.opened_at, undefined]).toContain(opened_at)
          expect([told.completed_at, undefined]).toContain(completed_at)
        }
      }),
    )
  })

  it('never throws and ends in an import, whatever file is accepted', () => {
    fc.assert(
      fc.property(anySnapshot, (file) => {
        expect(history(file as ImportedSnapshot).at(-1)).toMatchObject({ type: 'import' })
      }),
    )
  })
})
