// Everything that 4Geeks' apiv2 reads in a body, rule by rule (SPEC §10, §11): it answers 2xx before it looks, so nobody
// else would tell. Raises where apiv2 raises, in the words of its language; what it makes of a body is returned, to be
// compared. Whether there is such a student, asset or task is its own affair.

type Body = Readonly<Record<string, unknown>>

export interface Metrics {
  readonly total_time_on_platform: number
  readonly num_sessions: number
  readonly completion_rate: number
  readonly total_interactions: number
  readonly steps_not_completed: number
  readonly time_on_incomplete: number
  readonly avg_comp_struggles: number
  readonly avg_test_struggles: number
  readonly skipped_steps: number
  readonly total_steps: number
}

export type Taken =
  | { readonly kind: 'stream' }
  | {
      readonly kind: 'batch'
      /** Its own, in seconds; negative where clocks were set back. */
      readonly metrics: Metrics
      /** What it shows as progress: of the body's `global_metrics`. */
      readonly progress: { readonly total: number; readonly completed: number }
    }

/** @throws where apiv2 would, or would take the body for something it is not */
export function takenByApiv2(body: unknown): Taken {
  const payload = uploaded(body)
  if ('event' in payload) return stream(payload)
  work(payload)
  return { kind: 'batch', metrics: metricsOf(payload), progress: progressOf(payload) }
}

/** The request itself: what goes into columns of its database must fit them. */
function uploaded(body: unknown): Body {
  if (!isDict(body) || Object.keys(body).length === 0) raise('400', 'a body that is no object, or empty')
  const slug = truthy(body['package_slug']) ? body['package_slug'] : body['slug']
  if (isThere(slug) && asText(slug).length > 200) raise('DataError', 'package_slug: over 200 characters')
  const id = integer(body['package_id'])
  if (id !== undefined && Math.abs(id) >= 2 ** 63) raise('DataError', 'package_id: out of range')
  return body
}

function stream(payload: Body): Taken {
  const { event } = payload
  if (typeof event !== 'string' || event === '' || event.length > 60) raise('DataError', 'event')
  slugAndStudent(payload)
  return { kind: 'stream' }
}

/** The task that works on a batch later. */
function work(payload: Body): void {
  slugAndStudent(payload)
  if ('package_id' in payload) {
    const id = integer(payload['package_id'])
    if (id === undefined) raise('TypeError', 'int(package_id)')
    if (Math.abs(id) >= 2 ** 31) raise('DataError', 'learnpack_id: out of range')
  }
  // A command of its administrators keys bodies by it.
  if (typeof payload['asset_id'] === 'object' && payload['asset_id'] !== null)
    raise('TypeError', 'asset_id: unhashable')
}

function slugAndStudent(payload: Body): void {
  if (!('slug' in payload) && !('package_slug' in payload)) raise('Exception', 'no slug')
  if (!('user_id' in payload)) raise('Exception', 'no user_id')
  const { user_id } = payload
  if (!(typeof user_id === 'string' && user_id !== '') && !Number.isInteger(user_id))
    raise('ValueError', 'user_id')
}

function metricsOf(payload: Body): Metrics {
  const last = time(required(payload, 'last_interaction_at'))
  const begun = time(required(payload, 'tutorial_started_at'))
  const steps = list(required(payload, 'steps'), 'steps').map((step, index) => {
    if (!isDict(step)) raise('AttributeError', `steps[${index}].get`)
    return step
  })
  const sessions = list(required(payload, 'workout_session'), 'workout_session')
  const measured = steps.map((step) => stepMetrics(step, last))
  steps.forEach((step) => required(step, 'slug'))
  const total = steps.length
  const count = (status: string) => measured.filter((one) => one.status === status).length
  const mean = (values: number[]) => (total === 0 ? 0 : sum(values) / total)
  const incomplete = measured.filter(({ status }) => status === 'attempted' || status === 'skipped')
  return rounded({
    total_time_on_platform: last === undefined || begun === undefined ? 0 : seconds(begun, last),
    num_sessions: sessions.length,
    completion_rate: total === 0 ? 0 : (count('completed') / total) * 100,
    total_interactions: sum(
      steps.flatMap((step) => [runs(step, 'compilations').length, runs(step, 'tests').length]),
    ),
    steps_not_completed: total - count('completed'),
    time_on_incomplete: sum(incomplete.map(({ time_spent }) => time_spent)),
    avg_comp_struggles: mean(measured.map(({ comp_struggles }) => comp_struggles)),
    avg_test_struggles: mean(measured.map(({ test_struggles }) => test_struggles)),
    skipped_steps: count('skipped'),
    total_steps: total,
  })
}

function stepMetrics(step: Body, last: number | undefined) {
  const compilations = runs(step, 'compilations')
  const tests = runs(step, 'tests')
  const opened = 'opened_at' in step ? time(step['opened_at']) : undefined
  const none = { status: 'unread', time_spent: 0, comp_struggles: 0, test_struggles: 0 }
  if (opened === undefined) return none
  const completed = 'completed_at' in step ? time(step['completed_at']) : undefined
  const known = (ran: Body[]) => ran.filter((one) => 'exit_code' in one)
  if (completed !== undefined)
    return {
      status: 'completed',
      time_spent: seconds(opened, completed),
      comp_struggles: untilSuccess(known(inOrder(compilations))),
      test_struggles: untilSuccess(inOrder(tests)),
    }
  if (compilations.length + tests.length === 0)
    return {
      ...none,
      status: 'skipped',
      time_spent: last === undefined ? 0 : Math.min(seconds(opened, last), 1_800),
    }
  const ends = [...compilations, ...tests]
    .map((one) => time(one['ended_at']))
    .filter((end) => end !== undefined)
  const end = ends.length > 0 ? ends.reduce((a, b) => Math.max(a, b)) : last
  return {
    status: 'attempted',
    time_spent: end === undefined ? 0 : Math.min(seconds(opened, end), 1_800),
    comp_struggles: known(compilations).filter((one) => !passed(one)).length,
    test_struggles: tests.filter((one) => !passed(one)).length,
  }
}

/** Of a step: with `started_at` and `ended_at` filled in from their other spellings, as apiv2 does in place. */
function runs(step: Body, name: string): Body[] {
  return list(name in step ? step[name] : [], name).map((one, index) => {
    if (!isDict(one)) raise('TypeError', `${name}[${index}] is no object`)
    return {
      ...('starting_at' in one && { started_at: one['starting_at'] }),
      ...('ending_at' in one && { ended_at: one['ending_at'] }),
      ...one,
    }
  })
}

/** Sorted by when they began: what cannot be compared with another raises. */
function inOrder(ran: Body[]): Body[] {
  const key = (one: Body): unknown => (truthy(one['started_at']) ? one['started_at'] : 0)
  const kinds = new Set(ran.map((one) => (typeof key(one) === 'boolean' ? 'number' : typeof key(one))))
  if (ran.length > 1 && (kinds.size > 1 || kinds.has('object')))
    raise('TypeError', 'started_at: not comparable')
  const before = (a: Body, b: Body) => (key(a) as number) < (key(b) as number)
  return [...ran].sort((a, b) => (before(a, b) ? -1 : before(b, a) ? 1 : 0))
}

/** What failed before the first success: what comes behind that is not looked at. */
function untilSuccess(ran: Body[]): number {
  const success = ran.findIndex(passed)
  return success === -1 ? ran.length : success
}

/** To Python `False` and `0` are equal. */
function passed(ran: Body): boolean {
  const exit_code = required(ran, 'exit_code')
  return exit_code === 0 || exit_code === false
}

/** What apiv2 shows of a learner who is not done. */
function progressOf({ global_metrics }: Body): { total: number; completed: number } {
  if (!isDict(global_metrics)) return raise('uncounted', 'no global_metrics: progress stays 0')
  const number = (name: string): number => {
    const value = truthy(global_metrics[name]) ? integer(global_metrics[name]) : 0
    return value ?? raise('ValueError', `global_metrics.${name}`)
  }
  const total = number('total_steps')
  if (total <= 0) return { total: 0, completed: 0 }
  const rate = global_metrics['completion_rate']
  const completed =
    typeof rate === 'number' ? Math.round((rate / 100) * total) : total - number('steps_not_completed')
  return { total, completed: Math.min(Math.max(completed, 0), total) }
}

/** Years that a date of Python can have, epoch ms. */
const FIRST = -62_135_596_800_000
const LAST = 253_402_300_800_000

/** Epoch ms of epoch ms, of a text that says them, or of an ISO date; undefined for what is none. */
function time(value: unknown): number | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') {
    const ms = Number(value)
    return ms >= FIRST && ms < LAST ? ms : raise('ValueError', `${value}: year out of range`)
  }
  if (typeof value !== 'string' || value.trim() === '') return undefined
  const ms = Number(value)
  if (Math.abs(ms) === Infinity) raise('OverflowError', value)
  if (ms >= FIRST && ms < LAST) return ms
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : date
}

/** Its differences are of whole microseconds. */
const seconds = (from: number, to: number): number => (to - from) / 1_000

/** Python's `int()`: undefined where it raises. */
function integer(value: unknown): number | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return Math.trunc(Number(value))
  return typeof value === 'string' && /^\s*[+-]?\d+\s*$/.test(value) ? Number(value) : undefined
}

const list = (value: unknown, name: string): readonly unknown[] =>
  Array.isArray(value) ? (value as unknown[]) : raise('TypeError', `${name} is no list`)
const required = (of: Body, key: string): unknown => (key in of ? of[key] : raise('KeyError', key))
const isDict = (value: unknown): value is Body =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isThere = (value: unknown): boolean => value !== undefined && value !== null
/** To Python an empty list or object is false, too. */
const truthy = (value: unknown): boolean =>
  typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : Boolean(value)
const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
const rounded = (metrics: Metrics): Metrics =>
  Object.fromEntries(
    Object.entries(metrics).map(([name, value]) => [name, roundHalfEven(value as number)]),
  ) as never

/** As Python's `round(value, 2)`: a tie has to be a multiple of 1/8 to be one in binary. */
function roundHalfEven(value: number): number {
  const isTie = Number.isInteger(value * 8) && !Number.isInteger(value * 4)
  if (!isTie) return Number(value.toFixed(2))
  const lower = Math.floor(value * 100)
  return (lower % 2 === 0 ? lower : lower + 1) / 100
}

function raise(what: string, why: string): never {
  throw new Error(`apiv2: ${what}: ${why}`)
}
