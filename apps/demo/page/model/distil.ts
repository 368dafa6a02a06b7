// What the charts show besides the measures of core, from telemetry.json alone.

import type { Snapshot } from '@learnpack/telemetry-core'
import { attemptsOf, type SnapshotStep } from './attempts'
import { isTime } from './words'

export interface FirstPass {
  /** Tests up to the first that passed, itself included; all of them where none did. */
  readonly tests: number
  readonly passed: boolean
}

export function firstPass(step: SnapshotStep): FirstPass {
  const tests = attemptsOf(step).filter(({ type }) => type === 'test')
  const passed = tests.findIndex(({ wire }) => wire['exit_code'] === 0)
  return { tests: passed < 0 ? tests.length : passed + 1, passed: passed >= 0 }
}

export interface SessionSpan {
  /** Local date, as `2026-11-21`. */
  readonly day: string
  /** Hours of that day, 0 to 24. */
  readonly from: number
  readonly to: number
}

/** The workout sessions, each on the days it touched; none of a time that no clock can show. @param now what a session that goes on has lasted to, epoch ms */
export function sessionDays({ workout_session }: Snapshot, now: number): SessionSpan[] {
  return workout_session.flatMap(({ started_at, ended_at = now }) => {
    const spans: SessionSpan[] = []
    if (!isTime(started_at) || !isTime(ended_at)) return spans
    let start = new Date(started_at)
    const end = new Date(Math.max(started_at, ended_at))
    // A session of more than a fortnight is a file that was made up.
    for (let days = 0; days < 14; days++) {
      const midnight = new Date(start.getFullYear(), start.getMonth(), start.getDate() + 1)
      const isLast = end < midnight
      spans.push({ day: dayOf(start), from: hourOf(start), to: isLast ? hourOf(end) : 24 })
      if (isLast) break
      start = midnight
    }
    return spans
  })
}

const hourOf = (date: Date): number => date.getHours() + date.getMinutes() / 60 + date.getSeconds() / 3_600

const dayOf = (date: Date): string =>
  [date.getFullYear(), date.getMonth() + 1, date.getDate()]
    .map((part) => String(part).padStart(2, '0'))
    .join('-')
