// What LearnPack knows about a learner, in plain words and decoded.

import { ATTEMPT_KINDS, countMarks, progressOf, type Attempt, type Snapshot } from '@learnpack/telemetry-core'
import { attemptsOf, type List } from '../reading/attempts'
import type { Work } from '../reading/work'
import { describeRedactions } from '../reading/redactions'
import { oneLine, shown, visible, type Paint } from '../shared/output'

type Step = Snapshot['steps'][number]

const NAMES: Readonly<Record<List, string>> = {
  compilations: 'run',
  tests: 'tests',
  ai_interactions: 'question to the tutor',
  quiz_submissions: 'quiz',
}

/**
 * @param telemetry decoded; with the steps to show
 * @param work what it was rendered from
 * @param full with texts in full: source code, output, questions, answers
 */
export function describeWork(telemetry: Snapshot, work: Work, full: boolean, paint: Paint): string {
  // A step at a time: all of them as one text would be one more copy of everything.
  const marks: Record<string, number> = {}
  for (const step of telemetry.steps) countMarks(JSON.stringify(step), marks)
  const redacted = describeRedactions(countMarks(JSON.stringify({ ...telemetry, steps: [] }), marks))
  const lines = [
    paint.bold('What LearnPack knows about your work in this course'),
    '',
    row('course', oneLine(`${telemetry.slug}${telemetry.agent ? `, in ${telemetry.agent}` : ''}`)),
    row('student', describeStudent(work)),
    ...(work.byHost ? [row('recorded by', 'LearnPack itself, which may send it')] : []),
    row('begun', `${shortTime(telemetry.tutorial_started_at)} UTC`),
    row('last active', `${shortTime(telemetry.last_interaction_at)} UTC`),
    row('sessions', String(telemetry.workout_session.length)),
    ...telemetry.workout_session.map(
      ({ started_at, ended_at }) =>
        `${' '.repeat(14)}${shortTime(started_at)}${ended_at === undefined ? ', still going on' : `, ${duration(ended_at - started_at)}`}`,
    ),
    ...(redacted === '' ? [] : [row('redacted', redacted)]),
    '',
  ]
  return [...lines, ...telemetry.steps.flatMap((step) => describeStep(step, full, paint))]
    .join('\n')
    .trimEnd()
}

function describeStudent({ state: { student, user_id }, byHost }: Work): string {
  const name = oneLine(String(user_id))
  if (byHost) return user_id === undefined ? 'nobody is named' : name
  if (user_id === undefined) return 'nobody has logged in: nothing is sent anywhere'
  return `${name}, ${student === undefined ? 'logged out: nothing is sent' : 'logged in'}`
}

function describeStep(step: Step, full: boolean, paint: Paint): string[] {
  const { slug, opened_at, completed_at } = step
  const progress = progressOf(step)
  const mark = {
    done: paint.green('✓'),
    tried: paint.yellow('●'),
    opened: paint.yellow('●'),
    'not opened': paint.dim('○'),
  }[progress]
  const at = progress === 'done' ? completed_at : opened_at
  const what = progress === 'not opened' ? paint.dim(progress) : progress
  return [
    `${mark} ${paint.bold(oneLine(slug))}  ${what}${at === undefined ? '' : ` ${shortTime(at)}`}`,
    ...ATTEMPT_KINDS.flatMap(({ list }) =>
      attemptsOf(step, list).flatMap((attempt) => describeAttempt(NAMES[list], attempt, full, paint)),
    ),
  ]
}

const TEXTS = [
  ['source_code', 'your code'],
  ['stdout', 'its output'],
  ['stderr', 'its errors'],
  ['student_message', 'you asked'],
  ['ai_response', 'the tutor said'],
  ['question', 'the question'],
  ['answer', 'you answered'],
  ['feedback', 'the feedback'],
] as const

function describeAttempt(name: string, attempt: Attempt, full: boolean, paint: Paint): string[] {
  const { starting_at = attempt['started_at'] } = attempt
  const texts = [attempt, ...selectionsOf(attempt)].flatMap((texts) =>
    TEXTS.flatMap(([key, label]): [string, string][] => {
      const text = texts[key]
      return typeof text === 'string' && text !== '' ? [[label, text]] : []
    }),
  )
  const sizes = texts.map(([label, text]) => `${label} (${text.length} characters)`).join(', ')
  const head = `    ${name}${outcomeOf(attempt, paint)}${typeof starting_at === 'number' ? `, ${shortTime(starting_at)}` : ''}`
  if (!full) return [sizes === '' ? head : `${head}: ${paint.dim(sizes)}`]
  return [head, ...texts.flatMap(([label, text]) => [`      ${paint.dim(`${label}:`)}`, indented(text)])]
}

/** A quiz has a status instead of an exit code. */
function outcomeOf({ exit_code, status }: Attempt, paint: Paint): string {
  if (exit_code === 0 || status === 'SUCCESS') return paint.green(' passed')
  if (status === 'ERROR') return paint.red(' failed')
  return exit_code === undefined || exit_code === null ? '' : paint.red(` failed (${shown(exit_code)})`)
}

/** What was answered to each question of a quiz. */
const selectionsOf = ({ selections }: Attempt): Attempt[] =>
  Array.isArray(selections)
    ? selections.filter((one): one is Attempt => typeof one === 'object' && one !== null)
    : []

/** Without the colours of the learner's terminal: they are not part of what is known. */
const indented = (text: string): string =>
  visible(text.replace(COLOURS, '').replaceAll('\r\n', '\n')).trimEnd().replace(/^/gm, '        ')
const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`, 'g')
const row = (name: string, value: string): string => `${name.padEnd(14)}${value}`

/** Times of files by others may be anything. */
function shortTime(at: unknown): string {
  const date = new Date(typeof at === 'number' ? at : NaN)
  return Number.isNaN(date.getTime()) ? '-' : date.toISOString().replace('T', ' ').slice(0, 16)
}

function duration(ms: number): string {
  const minutes = Math.round(ms / 60_000)
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
