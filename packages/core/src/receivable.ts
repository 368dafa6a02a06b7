// What apiv2 would not take in a batch (SPEC §10). It answers 2xx before it looks and its errors reach nobody,
// so this is checked here.

/** What apiv2 asks of a batch (SPEC §10). */
export type ReceivableRule =
  /** A slug is mandatory, of the course and of each step. */
  | 'slug'
  /** The student must be named. */
  | 'student'
  /** A body with `event` is taken for a stream. */
  | 'event'
  /** Times are integers, epoch ms. */
  | 'time'
  /** Compilations and tests are arrays or absent. */
  | 'list'
  /** A test without `exit_code` makes it fail (SPEC §4). */
  | 'exit_code'
  /** A completed step without `opened_at` counts as unread. */
  | 'unread'

/** One place in a batch at which apiv2 would fail, or take it for something else. */
export interface Unreceivable {
  readonly rule: ReceivableRule
  /** Slug of the step, or its place in `steps` where it has none. */
  readonly step?: string
  /** The key within the step, or within the snapshot: `tests[2].exit_code`. */
  readonly key: string
  /** What is there; undefined where nothing is. */
  readonly value: unknown
}

type Keyed = Readonly<Record<string, unknown>>

/** Epoch ms before this (1973) are taken for seconds. */
const EARLIEST_MS = 100_000_000_000

/**
 * What apiv2 would not take in a batch (SPEC §10); nothing where it takes it. Needed because it answers 2xx before it looks.
 * Does not throw, whatever it is given.
 * @param snapshot a telemetry.json as it would be sent, of whoever wrote it
 */
export function unreceivable(snapshot: unknown): Unreceivable[] {
  const body = keyed(snapshot)
  const { slug = body['package_slug'], user_id, event, steps = [], workout_session = [] } = body
  return [
    ...unless(isText(slug), { rule: 'slug', key: 'slug', value: slug }),
    ...unless(isStudent(user_id), { rule: 'student', key: 'user_id', value: user_id }),
    ...unless(event === undefined, { rule: 'event', key: 'event', value: event }),
    ...times(body, ['tutorial_started_at', 'last_interaction_at']),
    ...items(workout_session).flatMap((session, index) =>
      times(session, ['started_at', 'ended_at'], `workout_session[${index}].`),
    ),
    ...unless(Array.isArray(steps), { rule: 'list', key: 'steps', value: steps }),
    ...items(steps).flatMap((step, index) => {
      const name = isText(step['slug']) ? step['slug'] : String(index)
      return ofStep(step).map((found) => ({ ...found, step: name }))
    }),
  ]
}

function ofStep(step: Keyed): Unreceivable[] {
  const { slug, opened_at, completed_at } = step
  const attempts = ['compilations', 'tests'].flatMap((list) => {
    const value = step[list]
    if (value !== undefined && !Array.isArray(value)) return [{ rule: 'list' as const, key: list, value }]
    return items(value).flatMap((attempt, index) => ofAttempt(attempt, list, index))
  })
  const unread = isThere(completed_at) && !isThere(opened_at)
  return [
    ...unless(isText(slug), { rule: 'slug', key: 'slug', value: slug }),
    ...times(step, ['opened_at', 'completed_at']),
    ...unless(!unread, { rule: 'unread', key: 'opened_at', value: opened_at }),
    ...attempts,
  ]
}

function ofAttempt(attempt: Keyed, list: string, index: number): Unreceivable[] {
  const key = `${list}[${index}].`
  return [
    ...unless(list !== 'tests' || 'exit_code' in attempt, {
      rule: 'exit_code',
      key: `${key}exit_code`,
      value: undefined,
    }),
    ...times(attempt, ['starting_at', 'started_at', 'ended_at', 'ending_at'], key),
  ]
}

const times = (of: Keyed, names: readonly string[], prefix = ''): Unreceivable[] =>
  names.flatMap((name) =>
    unless(!isThere(of[name]) || isTime(of[name]), { rule: 'time', key: prefix + name, value: of[name] }),
  )

const unless = (holds: boolean, found: Unreceivable): Unreceivable[] => (holds ? [] : [found])
const keyed = (value: unknown): Keyed => (typeof value === 'object' && value !== null ? (value as Keyed) : {})
const items = (value: unknown): Keyed[] => (Array.isArray(value) ? value.map(keyed) : [])
const isThere = (value: unknown): boolean => value !== undefined && value !== null
const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const isStudent = (value: unknown): boolean => isText(value) || Number.isInteger(value)
const isTime = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= EARLIEST_MS
