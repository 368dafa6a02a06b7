// What apiv2 would not take (SPEC §10), rule by rule.

import { describe, expect, it } from 'vitest'
import { unreceivable } from '../src'
import { sample } from './support'

const sound = {
  telemetry_id: 'a',
  slug: 'intro',
  user_id: 42,
  tutorial_started_at: 1_700_000_000_000,
  workout_session: [{ started_at: 1_700_000_000_000 }],
  steps: [{ slug: 'one', opened_at: 1_700_000_000_000, tests: [{ exit_code: null }], compilations: [] }],
}
const step = (more: object) => ({ ...sound, steps: [{ ...sound.steps[0], ...more }] })

describe('what apiv2 would not take', () => {
  it('is nothing of a sound snapshot', () => {
    expect(unreceivable(sound)).toEqual([])
    expect(unreceivable({ ...sound, slug: undefined, package_slug: 'intro', user_id: '42' })).toEqual([])
    expect(unreceivable(step({ tests: undefined, compilations: undefined }))).toEqual([])
  })

  it('is only the missing student of the sample that LearnPack documents', () => {
    const named = { ...sample, user_id: 1 }
    expect(unreceivable(named)).toEqual([])
    expect(unreceivable({ ...sample, user_id: undefined })).toEqual([
      { rule: 'student', key: 'user_id', value: undefined },
    ])
  })

  it.each<[string, object, object]>([
    ['no slug', { ...sound, slug: '' }, { rule: 'slug', key: 'slug', value: '' }],
    ['a student of no name', { ...sound, user_id: '' }, { rule: 'student', key: 'user_id', value: '' }],
    [
      'a student that is a number with a fraction',
      { ...sound, user_id: 1.5 },
      { rule: 'student', key: 'user_id', value: 1.5 },
    ],
    ['an event', { ...sound, event: null }, { rule: 'event', key: 'event', value: null }],
    [
      'a text for a time',
      { ...sound, last_interaction_at: 'now' },
      { rule: 'time', key: 'last_interaction_at', value: 'now' },
    ],
    [
      'seconds for a time',
      { ...sound, tutorial_started_at: 1_700_000_000 },
      { rule: 'time', key: 'tutorial_started_at', value: 1_700_000_000 },
    ],
    [
      'a fraction for a time',
      { ...sound, workout_session: [{ started_at: 1_700_000_000_000.5 }] },
      { rule: 'time', key: 'workout_session[0].started_at', value: 1_700_000_000_000.5 },
    ],
    ['steps that are no list', { ...sound, steps: 7 }, { rule: 'list', key: 'steps', value: 7 }],
    [
      'a step without a slug',
      step({ slug: undefined }),
      { rule: 'slug', key: 'slug', value: undefined, step: '0' },
    ],
    [
      'compilations that are no list',
      step({ compilations: null }),
      { rule: 'list', key: 'compilations', value: null, step: 'one' },
    ],
    [
      'a test without exit_code',
      step({ tests: [{ exit_code: 0 }, {}] }),
      { rule: 'exit_code', key: 'tests[1].exit_code', value: undefined, step: 'one' },
    ],
    [
      'a time of an attempt',
      step({ compilations: [{ ended_at: {} }] }),
      { rule: 'time', key: 'compilations[0].ended_at', value: {}, step: 'one' },
    ],
    [
      'completed and never opened',
      step({ opened_at: undefined, completed_at: 1_700_000_000_000 }),
      { rule: 'unread', key: 'opened_at', value: undefined, step: 'one' },
    ],
  ])('%s', (_, snapshot, found) => {
    expect(unreceivable(snapshot)).toEqual([found])
  })

  it.each([
    undefined,
    null,
    7,
    'text',
    [],
    [[]],
    { steps: [null, 7, []] },
    { steps: [{ tests: [null, 7] }] },
  ])('is found in anything, whatever it is: %j', (whatever) => {
    expect(unreceivable(whatever).length).toBeGreaterThan(0)
  })
})
