// Events from differences (SPEC §12): what a host posts whole becomes what happened since.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { differences } from '../src/fold/differences'
import { evolve, initialState, snapshot, type State, type TelemetryEvent } from '../src/index'
import { fold } from '../src/fold/evolve'
import { parseEvent } from '../src/events/events'
import { sessions, withoutName } from './learnpack5'
import { Editor, editorSession } from './learnpack5-editor'
import { event, jsonOf, tries } from './support'

const shown = (state: State) => jsonOf(snapshot(state))

/** Folds one POST after the other, as the runtime records them. */
function replay(posts: readonly { at: number; body: object }[], each?: (state: State, file: never) => void) {
  let state = initialState
  const events: TelemetryEvent[] = []
  for (const { at, body } of posts) {
    const file = withoutName(body as never)
    const found: TelemetryEvent[] = []
    if (state.last_event_id === undefined) {
      const { user_id, ...first } = file
      found.push(event('import', at, { id: 'first', data: { snapshot: user_id === '' ? first : file } }))
      state = evolve(state, found[0]!)
    }
    const rest = jsonOf(differences(state, file, { at, live: true }))
    state = fold(state, rest)
    events.push(...found, ...rest)
    each?.(state, file as never)
  }
  return { state, events }
}

describe('recorded sessions of LearnPack 5', () => {
  const own = sessions.filter(({ name }) => !name.startsWith('a second student'))

  it.each(own)('$name: after every POST the fold shows exactly that', ({ posts }) => {
    replay(posts, (state, file) => expect(shown(state)).toEqual(file))
  })

  it.each(own)('$name: a repeated POST is no event', ({ posts }) => {
    replay(posts, (state, file) => expect(differences(state, file, { at: 1, live: true })).toEqual([]))
  })

  it.each(own)('$name: every event is one of the log, with an id of its own', ({ posts }) => {
    const { events } = replay(posts)
    for (const one of events) expect(parseEvent(one)).toMatchObject({ ok: true })
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
    expect(replay(posts).events).toEqual(events)
  })

  it.each(own)('$name: the events are those of the editor, at their times', ({ posts, streams, calls }) => {
    const { events } = replay(posts)
    const registered = calls
      .filter(({ op }) => op === 'registerStepEvent')
      .map(({ at, args }) => `${at} ${String(args?.[1])}`)
    const found = events.flatMap(({ at, type, step }) => (step === undefined ? [] : [`${at} ${type}`]))
    // Of a step that is opened again, a POST does not tell which it is.
    const again = registered.filter((one) => !found.includes(one))
    expect(again.every((one) => one.endsWith('open_step'))).toBe(true)
    expect(registered.filter((one) => !again.includes(one))).toEqual(found)
    expect(streams.length === 0 || streams.length === registered.length).toBe(true)
  })
})

describe('whatever the editor posts', () => {
  it('the fold shows exactly that after every POST, and a repeated one is no event', () => {
    fc.assert(
      fc.property(editorSession, ({ posts }) => {
        replay(posts, (state, file) => {
          expect(shown(state)).toEqual(file)
          expect(differences(state, file, { at: 1, live: true })).toEqual([])
        })
      }),
      { numRuns: tries(300) },
    )
  })

  it('also where POSTs are missed', () => {
    fc.assert(
      fc.property(editorSession, fc.integer({ min: 2, max: 9 }), ({ posts }, every) => {
        const some = posts.filter((_, index) => index % every === 0 || index === posts.length - 1)
        replay(some, (state, file) => expect(shown(state)).toEqual(file))
      }),
      { numRuns: tries(300) },
    )
  })
})

describe('who is logged in', () => {
  const file = (user_id: string) => new Editor().start(['a'], { user_id, fullname: '' }).last

  it('is who the host says, and nobody by a mere file', () => {
    const first = evolve(initialState, event('import', 1, { data: { snapshot: withoutName(file('105')) } }))
    expect(first.student).toBeUndefined()
    const live = differences(first, withoutName(file('105')), { at: 5, live: true })
    expect(live).toMatchObject([{ type: 'student_identified', at: 5, data: { user_id: '105' } }])
    expect(differences(first, withoutName(file('105')), { at: 5, live: false })).toEqual([])
    const out = differences(fold(first, live), withoutName(file('')), { at: 6, live: true })
    expect(out).toMatchObject([
      { type: 'student_cleared' },
      { type: 'patch', data: { patch: { user_id: '' } } },
    ])
  })

  it('is shown once somebody logs in here, where nobody was', () => {
    const state = replay([{ at: 1, body: file('') }]).state
    expect(shown(state)).toMatchObject({ user_id: '' })
    const identified = evolve(state, event('student_identified', 9, { data: { user_id: 7 } }))
    expect(shown(identified)).toMatchObject({ user_id: 7 })
    const patched = evolve(identified, event('patch', 10, { data: { patch: { user_id: '' } } }))
    expect(shown(patched)).toMatchObject({ user_id: 7 })
  })
})

describe('what the host loses stays', () => {
  const student = { user_id: '105', fullname: 'Linus Ejemplo' }
  const worked = () =>
    new Editor().start(['a', 'b'], student).wait(9).opens(0).wait(9).attempts(0, 'tests', ['x', 'y', 'z'], 0)

  it('a step that leaves the course comes back with its work', () => {
    const { posts } = worked().wait(9).start(['b'], student).wait(9).start(['a', 'b'], student)
    const { state } = replay(posts)
    expect(shown(replay(posts.slice(0, -1)).state).steps.map(({ slug }) => slug)).toEqual(['b'])
    expect(shown(state).steps[0]).toMatchObject({ slug: 'a', is_completed: true, tests: [{ exit_code: 0 }] })
  })

  it('attempts, an opening, a completion', () => {
    const { posts } = worked()
    const empty = { ...posts.at(-1)!, body: { ...posts.at(-1)!.body, steps: posts[0]!.body.steps } }
    const { state } = replay([...posts, empty])
    expect(shown(state).steps).toEqual(posts.at(-1)!.body.steps)
    expect(differences(state, withoutName(empty.body), { at: 1, live: true })).toEqual([])
  })

  it('an attempt whose texts are redacted by newer rules is the same attempt', () => {
    const { posts } = worked()
    const body = jsonOf(posts.at(-1)!.body)
    body.steps[0]!.tests![0]!['stdout' as never] = btoa('other') as never
    expect(differences(replay(posts).state, withoutName(body), { at: 1, live: true })).toEqual([])
  })
})

describe('a session that the host does not know', () => {
  const student = { user_id: '105', fullname: '' }
  it('is not shown where the host is live; a file says nothing against it', () => {
    const editor = new Editor().start(['a'], student)
    const { state } = replay(editor.posts)
    const steps = [{ slug: 'a', position: 0 }]
    const data = { telemetry_id: 'x', slug: 'intro-js', agent: 'os', steps }
    const ours = evolve(state, event('session_start', 1_760_000_000_500, { id: 'ours', data }))
    const file = withoutName(editor.wait(900).opens(0).posts.at(-1)!.body)
    const after = (live: boolean) => shown(fold(ours, differences(ours, file, { at: 1, live })))
    expect(after(true)).toEqual(file)
    expect(after(false).workout_session.map(({ started_at }) => started_at)).toEqual([
      1_760_000_000_000, 1_760_000_000_500,
    ])
  })
})

it('a patch of a step or a session that is not there changes nothing that is', () => {
  const { state } = replay(new Editor().start(['a'], { user_id: '', fullname: '' }).posts)
  const odd = { steps: { gone: { x: 1 }, a: 7 }, workout_session: { 9: { ended_at: 1 }, x: null }, slug: 5 }
  const after = evolve(
    state,
    event('patch', 3, {
      data: {
        patch: odd,
        set: [
          [[], 1],
          [['user_id'], null],
        ],
      },
    }),
  )
  expect(shown(after)).toEqual(shown(state))
})
