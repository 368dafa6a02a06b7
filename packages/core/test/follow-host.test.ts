// LearnPack 5's web editor posts what it holds: the runtime records what happened since (SPEC §12).

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodedAttempt, initialState, snapshot, type Snapshot } from '../src/index'
import { fold } from '../src/fold/evolve'
import { memoryStorage } from '../src/memory'
import { eventsOf } from './arbitraries'
import { encodeUri, sessions, withoutName } from './learnpack5'
import { Editor, editorSession, type Post } from './learnpack5-editor'
import { redact } from './redact'
import { course, jsonOf, tries, world, type World } from './support'

const post = (w: World, { at, body }: Post) => {
  w.clock.set(at)
  expect(w.telemetry.import(body, { live: true })).toMatchObject({ ok: true })
}
const shown = ({ telemetry }: World) => jsonOf(telemetry.snapshot())
const current = ({ telemetry }: World) => telemetry.status().telemetry_id!
const logOf = (w: World, id = current(w)) => w.storage.log(id)

/** A host that starts with the folder, before its editor posts anything. */
function host(options: Parameters<typeof world>[0] = {}): World {
  const w = world(options)
  w.telemetry.start(course)
  return w
}

const own = sessions.filter(({ name }) => !name.startsWith('a second student'))
const linus = { user_id: '105', fullname: 'Linus Ejemplo' }
const grace = { user_id: '103', fullname: 'Grace Specimen' }

describe('the telemetry of the editor', () => {
  it.each(own)('$name: shows exactly what was posted, and a repeated POST appends nothing', ({ posts }) => {
    const w = host()
    for (const one of posts) {
      post(w, one)
      expect(shown(w)).toEqual(withoutName(one.body))
      const before = logOf(w)
      post(w, one)
      expect(logOf(w)).toBe(before)
    }
    expect(jsonOf(snapshot(fold(initialState, eventsOf(logOf(w)))))).toEqual(withoutName(posts.at(-1)!.body))
    expect(w.faults).toEqual([])
  })

  it('whatever is posted, also where the host restarts under way', () => {
    fc.assert(
      fc.property(editorSession, fc.nat(), ({ posts }, cut) => {
        const storage = memoryStorage()
        let w = host({ storage })
        posts.forEach((one, index) => {
          if (index === cut % posts.length) {
            void w.telemetry.close()
            w = host({ storage, now: one.at - 1 })
          }
          post(w, one)
          expect(shown(w)).toEqual(withoutName(one.body))
        })
      }),
      { numRuns: tries(60) },
    )
  })

  it('has nothing of the name, and nothing that redaction finds, in any text', () => {
    const secret = `ghp_${'x1'.repeat(18)}`
    const path = 'C:\\Users\\LEGION\\x.py'
    const planted = `ñ ${secret} ${path}`
    const editor = new Editor()
      .start(['a', 'b'], linus)
      .wait(9)
      .opens(0)
      .attempts(0, 'tests', [planted, 'plain ñ 100%', planted], 1)
      .wait(9)
      .asks(0, [planted, planted, planted])
      .wait(9)
      .answers(0, 'h', [planted, 'right'], false)
      .tells('note', [{ planted }])
      .wait(9)
      .start(['b', 'a'], linus)
    const w = host({ redact })
    for (const one of editor.posts) post(w, one)
    const repeated = logOf(w)
    post(w, editor.posts.at(-1)!)
    expect(logOf(w)).toBe(repeated)
    const everything = w.storage
      .list()
      .map((id) => logOf(w, id))
      .join('')
    for (const word of [secret, 'x1x1', 'LEGION', 'Linus', 'Ejemplo']) expect(everything).not.toContain(word)
    const [test] = shown(w).steps[1]!.tests
    expect(test!['stderr']).toBe(encodeUri('plain ñ 100%'))
    expect(decodedAttempt('test', test!)).toMatchObject({
      stdout: 'ñ [redacted:key] C:\\Users\\[redacted:user]\\x.py',
      stderr: 'plain ñ 100%',
    })
    expect(shown(w)).not.toHaveProperty('fullname')
  })

  it('grows with what happened: 600 POSTs make a log of at most three times the last of them', () => {
    const editor = new Editor().start(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'], linus)
    const code = 'def add(a, b):\n    return a + b\n'.repeat(4)
    for (let n = 0; editor.posts.length < 600; n++) {
      editor.wait(1_000)
      if (n % 60 === 59) editor.start(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'], linus)
      else if (n % 7 === 0) editor.opens(n % 8)
      else if (n % 11 === 0)
        editor.answers(n % 8, `hash${n % 30}`, ['one answer', 'another answer'], n % 3 === 0)
      else if (n % 13 === 0) editor.post()
      else
        editor.attempts(
          n % 8,
          n % 2 === 0 ? 'tests' : 'compilations',
          [`out ${n} `.repeat(20), '', code],
          n % 3,
        )
    }
    const w = host()
    for (const one of editor.posts) post(w, one)
    expect(shown(w)).toEqual(withoutName(editor.posts.at(-1)!.body))
    const grown = logOf(w).length / JSON.stringify(editor.posts.at(-1)!.body).length
    expect(grown).toBeLessThan(3)
  })
})

describe('a second student', () => {
  const worked = () => {
    const editor = new Editor().start(['a', 'b'], linus).wait(9).opens(0)
    editor.wait(9).attempts(0, 'tests', ['of linus', '', ''], 0)
    const before = editor.posts.length
    editor.wait(99).start(['a', 'b'], grace, 'cohort-9').wait(9).opens(1)
    editor
      .wait(9)
      .attempts(0, 'tests', ['of grace', '', ''], 1)
      .attempts(1, 'compilations', ['hers', '', ''], 0)
    return { editor, before }
  }
  const texts = (file: Snapshot) =>
    file.steps.flatMap(({ tests, compilations }) =>
      [...tests, ...compilations].map((one) => decodedAttempt('test', one)['stdout']),
    )

  it('goes on in a telemetry of their own; the first one is kept whole', () => {
    const { editor, before } = worked()
    const w = host()
    for (const one of editor.posts.slice(0, before)) post(w, one)
    const [id, log] = [current(w), logOf(w)]
    for (const one of editor.posts.slice(before)) post(w, one)
    expect(current(w)).not.toBe(id)
    expect(w.telemetry.status().student).toBe('103')
    expect(shown(w)).toMatchObject({ user_id: '103', cohort_id: 'cohort-9' })
    expect(shown(w).workout_session).toHaveLength(1)
    expect(texts(shown(w))).toEqual(['of grace', 'hers'])
    expect(shown(w).steps[0]).toMatchObject({ is_completed: false })
    expect(logOf(w, id).startsWith(log)).toBe(true)
    expect(logOf(w, id)).not.toContain('of grace')
    const repeated = logOf(w)
    post(w, editor.posts.at(-1)!)
    expect(logOf(w)).toBe(repeated)
  })

  it('and the first one in theirs when they come back', () => {
    const { editor, before } = worked()
    editor.wait(99).start(['a', 'b'], linus).wait(9).attempts(0, 'tests', ['linus again', '', ''], 0)
    const w = host()
    for (const one of editor.posts.slice(0, before)) post(w, one)
    const id = current(w)
    for (const one of editor.posts.slice(before)) post(w, one)
    expect(current(w)).toBe(id)
    expect(texts(shown(w))).toEqual(['of linus', 'linus again'])
    expect(w.telemetry.status().student).toBe('105')
    expect(w.storage.list()).toHaveLength(3)
  })

  it('as recorded from LearnPack 5', () => {
    const w = host()
    const { posts } = sessions.find(({ name }) => name.startsWith('a second student'))!
    for (const one of posts) post(w, one)
    expect(shown(w)).toMatchObject({ user_id: '103', workout_session: [{ started_at: 1760538194564 }] })
    expect(shown(w).steps.flatMap(({ tests, compilations }) => [...tests, ...compilations])).toHaveLength(1)
    expect(w.faults).toEqual([])
  })
})

describe('our own recording onto a file of LearnPack 5', () => {
  it('keeps its shape: its encoding, and a completion said twice', () => {
    const editor = new Editor().start(['00-welcome', '01-hello'], linus)
    const w = world()
    w.telemetry.start({ ...course, steps: course.steps.slice(0, 2) })
    expect(w.telemetry.import(editor.last)).toMatchObject({ ok: true })
    // The log is folded between two turns of the host.
    w.telemetry.state()
    w.telemetry.record(1, 'test', {
      stdout: 'ñ 100%',
      source_code: '',
      exitCode: 0,
      starting_at: 5,
      ended_at: 6,
    })
    const step = shown(w).steps.find(({ slug }) => slug === '01-hello')!
    expect(step.tests[0]).toMatchObject({ stdout: encodeUri('ñ 100%'), source_code: '', exit_code: 0 })
    expect(step).toMatchObject({ is_completed: true, completed_at: expect.any(Number) as number })
  })

  it('leaves out the numbers that it makes stale, of the course and of the step, and no others', () => {
    const editor = new Editor().start(['00-welcome', '01-hello'], linus)
    const w = world()
    w.telemetry.start({ ...course, steps: course.steps.slice(0, 2) })
    const numbers = { metrics: { time_spent: 1 }, indicators: { frustration_indicator: 2 } }
    const file = { ...editor.last, steps: editor.last.steps.map((step) => ({ ...step, ...numbers })) }
    w.telemetry.import(file)
    expect(shown(w)).toMatchObject({
      global_metrics: expect.any(Object) as object,
      steps: [numbers, numbers],
    })
    w.telemetry.record(1, 'compile', { stdout: '' })
    for (const name of ['global_metrics', 'global_indicators']) expect(shown(w)).not.toHaveProperty(name)
    expect(shown(w).steps[0]).toMatchObject(numbers)
    for (const name of Object.keys(numbers)) expect(shown(w).steps[1]).not.toHaveProperty(name)
  })
})

describe('a newer file of LearnPack 5, found beside the log', () => {
  it.each(own)('$name: becomes the same events, and logs nobody in', ({ posts }) => {
    const storage = memoryStorage()
    let w = host({ storage })
    for (const { at, body } of posts) {
      void w.telemetry.close()
      storage.telemetryJson = JSON.stringify(body)
      w = world({ storage, now: at })
      w.telemetry.open()
      w.telemetry.state()
    }
    const { steps } = shown(w)
    const last = withoutName(posts.at(-1)!.body)
    expect(steps).toEqual(last.steps)
    expect(w.telemetry.status().student).toBeUndefined()
    expect(eventsOf(logOf(w)).filter(({ type }) => type === 'import')).toHaveLength(1)
  })
})
