// What of a host's newer telemetry.json no event explains, as one small patch (SPEC §12): a JSON merge patch of the
// snapshot with its lists as objects, steps by slug, elements by hash and sessions by place.

import { isAttemptList } from '../events/attempt-kinds'
import type { EventOf } from '../events/events'
import { isKeyed, own, patchBetween, type SetValue } from './merge-patch'
import { renderedStep, snapshot } from './render'
import { type State } from './state'
import type { ImportedSnapshot, ImportedStep } from '../events/snapshot-schema'
import { attemptsIn } from './unite'

type PatchData = EventOf<'patch'>['data']
type Keyed = Readonly<Record<string, unknown>>

/** The element list of LearnPack 5, which a step shows under this name. */
export const ELEMENTS = 'testeable_elements'

/**
 * The patch that makes `state` show what `file` shows; undefined where it does. What the file no longer has stays: attempts,
 * an opening, a completion, an owner.
 * @param isOurs of a session that the file does not tell: whether the host cannot know of it, so that it is not shown
 */
export function snapshotPatch(
  state: State,
  file: ImportedSnapshot,
  isOurs: (session: State['sessions'][number]) => boolean = () => false,
): PatchData | undefined {
  const shown = snapshot(state) as unknown as Keyed
  const sets: SetValue[] = []
  const patch = new Map(topFields(shown, file, state, sets))

  const slugs = file.steps.map(({ slug }) => slug)
  const isOtherCourse = slugs.join('\n') !== (state.course ?? []).map(({ slug }) => slug).join('\n')
  const steps = new Map<string, unknown>()
  const last = new Map<string, string[]>()
  for (const step of file.steps) {
    const fields = stepFields(renderedStep(state, step.slug), step, sets, (hashes) =>
      last.set(step.slug, hashes),
    )
    if (fields.size > 0) steps.set(step.slug, Object.fromEntries(fields))
  }
  if (steps.size > 0) patch.set('steps', Object.fromEntries(steps))

  const sessions = sessionFields(state, shown, file, isOurs, sets)
  if (sessions.size > 0) patch.set('workout_session', Object.fromEntries(sessions))

  if (patch.size === 0 && sets.length === 0 && !isOtherCourse && last.size === 0) return undefined
  return {
    patch: Object.fromEntries(patch),
    ...(sets.length > 0 && { set: sets }),
    ...(isOtherCourse && { steps: slugs }),
    ...(last.size > 0 && { last: Object.fromEntries(last) }),
  }
}

/** What is kept where a file does not tell it. */
const kept = new Set([
  ...['telemetry_id', 'slug', 'agent', 'tutorial_started_at', 'last_interaction_at'],
  ...['steps', 'workout_session', 'user_id'],
])
const keptOfStep = new Set(['slug', 'opened_at', 'completed_at'])

function* topFields(
  shown: Keyed,
  file: Keyed,
  { student }: State,
  sets: SetValue[],
): Generator<[string, unknown]> {
  for (const key of Object.keys(shown)) if (!Object.hasOwn(file, key) && !kept.has(key)) yield [key, null]
  for (const [key, value] of Object.entries(file)) {
    if (['telemetry_id', 'steps', 'workout_session'].includes(key)) continue
    if (key === 'user_id') {
      // '' says that nobody is logged in. The owner stays who it is.
      const now = shown['user_id']
      if (value === '' ? now !== '' && student === undefined : now === '' || now === undefined)
        yield [key, value]
      continue
    }
    const patch = patchBetween(own(shown, key), value, [key], sets)
    if (patch !== undefined) yield [key, patch]
  }
}

function stepFields(
  shown: Keyed,
  step: ImportedStep,
  sets: SetValue[],
  moved: (hashes: string[]) => void,
): Map<string, unknown> {
  const fields = new Map<string, unknown>()
  const path = ['steps', step.slug]
  const isList = (key: string): boolean => isAttemptList(key) && Array.isArray(own(shown, key))
  for (const key of Object.keys(shown)) {
    const isEmptied = !isList(key) || (own(shown, key) as unknown[]).length === 0
    if (!Object.hasOwn(step, key) && !keptOfStep.has(key) && isEmptied) fields.set(key, null)
  }
  const isCompleted = (step.completed_at ?? own(shown, 'completed_at')) !== undefined
  for (const [key, value] of Object.entries(step)) {
    if (key === 'slug') continue
    // Shown as true as soon as the step is completed.
    if (key === 'is_completed' && isCompleted && typeof own(shown, key) === 'boolean') continue
    if (isAttemptList(key) && attemptsIn(step, key) !== undefined) {
      if (!isList(key)) fields.set(key, [])
      continue
    }
    const patch =
      key === ELEMENTS
        ? elementsPatch(own(shown, key), value, [...path, key], sets, moved)
        : patchBetween(own(shown, key), value, [...path, key], sets)
    if (patch !== undefined) fields.set(key, patch)
  }
  return fields
}

function elementsPatch(
  from: unknown,
  to: unknown,
  path: string[],
  sets: SetValue[],
  moved: (hashes: string[]) => void,
): unknown {
  const [before, after] = [byHash(from), byHash(to)]
  if (before === undefined || after === undefined) return patchBetween(from, to, path, sets)
  const patch = patchBetween(Object.fromEntries(before), Object.fromEntries(after), path, sets)
  const order = elementOrder([...before.keys()], isKeyed(patch) ? patch : {})
  const target = [...after.keys()]
  let place = 0
  for (const hash of order) if (hash === target[place]) place++
  if (place < target.length) moved(target.slice(place))
  return patch
}

/** Elements by hash, in order; undefined where they are no such list. */
export function byHash(list: unknown): Map<string, unknown> | undefined {
  if (!Array.isArray(list)) return undefined
  const elements = new Map<string, unknown>()
  for (const element of list as unknown[]) {
    const hash = isKeyed(element) ? own(element, 'hash') : undefined
    if (typeof hash !== 'string' || elements.has(hash)) return undefined
    elements.set(hash, element)
  }
  return elements
}

/** The order of elements once they are patched: new ones come last. */
export const elementOrder = (before: readonly string[], patch: Keyed): string[] => [
  ...before.filter((hash) => own(patch, hash) !== null),
  ...Object.keys(patch).filter((hash) => own(patch, hash) !== null && !before.includes(hash)),
]

/** By place in ours, found by when they started. */
function sessionFields(
  { sessions }: State,
  shown: Keyed,
  { workout_session = [] }: ImportedSnapshot,
  isOurs: (session: State['sessions'][number]) => boolean,
  sets: SetValue[],
): Map<string, unknown> {
  const fields = new Map<string, unknown>()
  const waiting = sessions.map((session, place) => ({ session, place }))
  let added = sessions.length
  for (const session of workout_session) {
    const found = waiting.findIndex((one) => one.session.started_at === session.started_at)
    const place = found < 0 ? added++ : (waiting.splice(found, 1)[0]?.place as number)
    const before = (shown['workout_session'] as readonly unknown[])[place]
    const patch = patchBetween(before, session, ['workout_session', String(place)], sets)
    if (patch !== undefined) fields.set(String(place), patch)
  }
  for (const { session, place } of waiting) if (isOurs(session)) fields.set(String(place), null)
  return fields
}
