// `measure`: the measures as a table or CSV.

import type { Measures } from '@learnpack/telemetry-core'
import { oneLine, type Paint } from '../shared/output'

const STEP_COLUMNS: readonly [keyof Measures['steps'][number], string][] = [
  ['slug', 'step'],
  ['status', 'status'],
  ['time_spent', 'time, s'],
  ['comp_struggles', 'failed runs'],
  ['test_struggles', 'failed tests'],
  ['quiz_struggles', 'failed quizzes'],
  ['total_ai_interactions', 'AI questions'],
  ['engagement_indicator', 'engagement'],
  ['frustration_indicator', 'frustration'],
]

const COURSE_ROWS: readonly [keyof Measures['course'], string][] = [
  ['total_steps', 'steps'],
  ['completion_rate', 'completed, %'],
  ['steps_not_completed', 'not completed'],
  ['skipped_steps', 'skipped'],
  ['total_time_on_platform', 'time from first to last, s'],
  ['time_on_incomplete', 'time on incomplete steps, s'],
  ['num_sessions', 'sessions'],
  ['total_interactions', 'runs and tests'],
  ['avg_comp_struggles', 'failed runs a step'],
  ['avg_test_struggles', 'failed tests a step'],
  ['engagement_indicator', 'engagement'],
  ['frustration_indicator', 'frustration'],
]

export function describeMeasures({ steps, course }: Measures, paint: Paint): string {
  const cells = steps.map((step) => STEP_COLUMNS.map(([name]) => oneLine(String(step[name]))))
  const widths = STEP_COLUMNS.map(([, title], column) =>
    Math.max(title.length, ...cells.map((row) => (row[column] as string).length)),
  )
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        column < 2 ? cell.padEnd(widths[column] as number) : cell.padStart(widths[column] as number),
      )
      .join('  ')
  const longest = Math.max(...COURSE_ROWS.map(([, title]) => title.length))
  return [
    paint.bold(line(STEP_COLUMNS.map(([, title]) => title))),
    ...cells.map(line),
    '',
    paint.bold('course'),
    ...COURSE_ROWS.map(([name, title]) => `${title.padEnd(longest)}  ${course[name]}`),
  ].join('\n')
}

/** A spreadsheet runs a cell that begins like a formula, and slugs are the course's to choose (OWASP, CSV injection). */
const noFormula = (text: string): string => text.replace(/^(?=[=+\-@\t\r\n＝＋－＠])/, "'")

/** RFC 4180; a line a step, then the course, whose columns of its own follow those of the steps. */
export function csvOf({ steps, course }: Measures): string {
  const stepNames = STEP_COLUMNS.map(([name]) => name)
  const courseNames = COURSE_ROWS.map(([name]) => name).filter(
    (name) => !(stepNames as string[]).includes(name),
  )
  const names = ['scope', ...stepNames, ...courseNames]
  const rows = [...steps.map((step) => ({ scope: 'step', ...step })), { scope: 'course', ...course }]
  const cell = (value: unknown): string => {
    const text = value === undefined ? '' : typeof value === 'string' ? noFormula(value) : String(value)
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  return [names, ...rows.map((row) => names.map((name) => (row as Record<string, unknown>)[name]))]
    .map((row) => row.map(cell).join(','))
    .join('\r\n')
}
