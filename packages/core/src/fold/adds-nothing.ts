// Whether an import would change what is known. A host that writes back what it read would else have the whole of it
// appended each time.

import type { ImportedSnapshot } from '../events/snapshot-schema'
import { snapshot } from './render'
import { stableJson } from './stable-json'
import type { State } from './state'
import { unite } from './unite'

/**
 * Whether `file`, redacted as an import of it would be, holds nothing that `state` does not show. What no import changes
 * does not count: the course, once a session has started, and that a session of ours ended when we say it did. Of a state that
 * is `tooLarge`, nobody can tell.
 */
export function addsNothing(state: State, file: ImportedSnapshot): boolean {
  if (state.tooLarge) return false
  const united = unite(state, file)
  const slugs = [...united.activity.keys()]
  return stableJson(shown(state, slugs)) === stableJson(shown(united, slugs))
}

/** All that is ever rendered of it: also the steps that left the course, and how a session that is open would end. */
function shown(state: State, slugs: readonly string[]): unknown {
  const { course = [], sessions } = state
  const inCourse = new Set(course.map(({ slug }) => slug))
  const left = slugs
    .filter((slug) => !inCourse.has(slug))
    .map((slug) => ({ slug, position: undefined, is_testeable: undefined, template: { slug } }))
  return [
    snapshot({
      ...state,
      course: [...course, ...left],
      sessions: sessions.map((one) => ({ ...one, over: true })),
    }),
    sessions.map(({ over }) => over),
    state.course === undefined,
  ]
}
