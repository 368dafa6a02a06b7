// The body of a batch (SPEC §6): telemetry.json made fit for its receivers, who answer before they look. What apiv2 would
// raise on is filled in or left out, and the measures of the course are added, as LearnPack 5 adds them.

import { ATTEMPT_KINDS } from '../events/attempt-kinds'
import { listOf, toArray, type List } from '../fold/list'
import { measureCourse, measureStep, type CourseMeasures, type StepMeasures } from '../measures/measures'
import { listJson, objectJson, parts, refuseTooLarge, stepJson, type ShownStep } from '../fold/render'
import type { Attempt } from '../events/snapshot-schema'
import { noActivity, type Activity, type CourseStep, type State } from '../fold/state'

/**
 * The batch of a state as JSON on one line, in pieces like those of `snapshotJson`. What had to be made fit in a step,
 * and its measures, are remembered until that step changes.
 * @throws RangeError for a state that is `tooLarge`
 */
export function* batchJson(state: State): Generator<string> {
  refuseTooLarge(state)
  // Those that an imported file has are of another moment.
  const batch = { ...fitShell(parts(state)), global_metrics: {}, global_indicators: {} }
  const times = {
    tutorial_started_at: batch.tutorial_started_at ?? undefined,
    last_interaction_at: batch.last_interaction_at ?? undefined,
  }
  const measured: StepMeasures[] = []
  function* steps(): Generator<Iterable<string>> {
    for (const step of batch.steps) {
      const fit = fitStep(step)
      measured.push(measureFit(fit, times.last_interaction_at))
      yield stepJson(fit.shown)
    }
  }
  // Behind the steps: like writing them out, measuring them is work for several turns.
  const course = (): CourseMeasures =>
    measureCourse({ ...batch, ...times, steps: batch.steps.map(([, activity]) => activity) }, measured)
  function* metrics(): Generator<string> {
    const { engagement_indicator: _, frustration_indicator: __, ...global_metrics } = course()
    yield JSON.stringify(global_metrics)
  }
  function* indicators(): Generator<string> {
    const { engagement_indicator, frustration_indicator } = course()
    yield JSON.stringify({ engagement_indicator, frustration_indicator })
  }
  yield* objectJson(batch, {
    steps: listJson(steps()),
    global_metrics: metrics(),
    global_indicators: indicators(),
  })
}

/** The first and the last moment that a date of Python, Java or SQL can hold, years 1 to 9999, epoch ms. */
const EARLIEST = -62_135_596_800_000
const LATEST = 253_402_300_799_999

const isTime = (value: unknown): value is number =>
  typeof value === 'number' && value >= EARLIEST && value <= LATEST

/** `object` itself, unless one of those fields holds what is no time. */
function withTimes<T extends object>(object: T, names: readonly string[]): T {
  const fields = object as Readonly<Record<string, unknown>>
  const odd = names.filter((name) => fields[name] !== undefined && !isTime(fields[name]))
  if (odd.length === 0) return object
  return Object.fromEntries(Object.entries(object).filter(([name]) => !odd.includes(name))) as T
}

/** Whether a field that no file of LearnPack's spoils is one that apiv2 can work with. */
const ODD: Readonly<Record<string, (value: unknown) => boolean>> = {
  // It would be taken for a stream.
  event: () => true,
  // Personal (SPEC §12).
  fullname: () => true,
  // The number of a row, as text or not.
  package_id: (value) => typeof value === 'object' || !/^\d{1,9}$/.test(String(value)),
  asset_id: (value) => typeof value === 'object',
  package_slug: (value) => typeof value !== 'string' || value.length > 200,
}

/** All but the steps and what is measured. */
function fitShell(told: ReturnType<typeof parts>) {
  const shell = withTimes(
    Object.fromEntries(
      Object.entries(told).filter(([key, value]) => !(Object.hasOwn(ODD, key) && ODD[key]?.(value))),
    ) as typeof told,
    ['tutorial_started_at', 'last_interaction_at'],
  )
  const workout_session = shell.workout_session.map((session) =>
    withTimes(session, ['started_at', 'ended_at']),
  )
  // apiv2 fails where either is missing, and takes null for not known.
  const begun = workout_session.map(({ started_at }) => started_at).find(isTime)
  const tutorial_started_at = shell.tutorial_started_at ?? begun ?? shell.last_interaction_at ?? null
  const last_interaction_at = shell.last_interaction_at ?? tutorial_started_at
  return { ...shell, tutorial_started_at, workout_session, last_interaction_at }
}

interface Fit {
  readonly of: CourseStep
  readonly shown: ShownStep
  measured?: { readonly last: number | undefined; readonly measures: StepMeasures }
}

const fits = new WeakMap<Activity, Fit>()

function fitStep([step, activity]: ShownStep): Fit {
  const known = fits.get(activity)
  if (known?.of === step) return known
  const fit = { of: step, shown: fitTemplate(step, fitActivity(activity)) }
  if (activity !== noActivity) fits.set(activity, fit)
  return fit
}

/** An older file may tell of a step without its lists. */
function fitTemplate(step: CourseStep, activity: Activity): ShownStep {
  const lists = EVERY_COURSE_HAS.filter(({ list }) => step.template[list] === undefined)
  if (lists.length === 0) return [step, activity]
  const template = { ...step.template, ...Object.fromEntries(lists.map(({ list }) => [list, []])) }
  return [{ ...step, template }, activity]
}

const EVERY_COURSE_HAS = ATTEMPT_KINDS.filter(({ isOptional }) => !isOptional)

function fitActivity(activity: Activity): Activity {
  const { opened_at, completed_at } = activity
  const fit = {
    ...activity,
    ...Object.fromEntries(
      EVERY_COURSE_HAS.map(({ list, isRun }) => [list, fitList(activity[list], isRun ? fitRun : fitTimes)]),
    ),
    opened_at: isTime(opened_at) ? opened_at : undefined,
    completed_at: isTime(completed_at) ? completed_at : undefined,
  }
  const isFit = (Object.keys(fit) as (keyof Activity)[]).every((key) => fit[key] === activity[key])
  return isFit ? activity : fit
}

/** The list itself where all of it fits. */
function fitList(list: List<Attempt>, fit: (attempt: Attempt) => Attempt): List<Attempt> {
  const isFit = (attempts: readonly Attempt[]): boolean => attempts.every((one) => fit(one) === one)
  return list.full.every(isFit) && isFit(list.tail) ? list : listOf(toArray(list).map(fit))
}

const TIMES = ['starting_at', 'started_at', 'ended_at', 'ending_at']
const fitTimes = (attempt: Attempt): Attempt => withTimes(attempt, TIMES)

const fitRun = (attempt: Attempt): Attempt => {
  const fit = fitTimes(attempt)
  return fit['exit_code'] === undefined ? { ...fit, exit_code: null } : fit
}

function measureFit(fit: Fit, last: number | undefined): StepMeasures {
  if (fit.measured !== undefined && (fit.measured.last === last || isSettled(fit.measured.measures)))
    return fit.measured.measures
  const [{ slug }, { opened_at, completed_at, compilations, tests }] = fit.shown
  const runs = { compilations: toArray(compilations), tests: toArray(tests) }
  const measures = measureStep({ slug, opened_at, completed_at, ...runs }, last)
  fit.measured = { last, measures }
  return measures
}

/** What happens in other steps changes no number of it. */
const isSettled = ({ status }: StepMeasures): boolean => status === 'completed' || status === 'unread'
