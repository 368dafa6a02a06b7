// Times, spans and events in words.

import type { TelemetryEvent } from '@learnpack/telemetry-core'
import type { StepAttempt } from './attempts'

const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
const time = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })

/** @param at epoch ms; what is no time a clock can show is given as it is */
export const whenInWords = (at: number): string => (isTime(at) ? dateTime.format(at) : String(at))
export const timeInWords = (at: number): string => (isTime(at) ? time.format(at) : String(at))
export const isoInWords = (at: number): string => (isTime(at) ? new Date(at).toISOString() : String(at))

export const isTime = (at: number): boolean => Math.abs(at) <= 8.64e15

export const countInWords = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`

/** @param ms of a span */
export function spanInWords(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  const seconds = Math.round(ms / 1_000)
  if (seconds < 60) return `${(ms / 1_000).toFixed(1)} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.round(hours / 24)} days`
}

/** What an attempt of each type is called: one, and several. */
export const ATTEMPT_NAMES: Readonly<Record<StepAttempt['type'], readonly [string, string]>> = {
  compile: ['run', 'runs'],
  test: ['test', 'tests'],
  ai_interaction: ['question', 'questions'],
  quiz_submission: ['quiz', 'quizzes'],
}

export function attemptTitle(type: StepAttempt['type']): string {
  const [name] = ATTEMPT_NAMES[type]
  return name.charAt(0).toUpperCase() + name.slice(1)
}

/** The colour, by its name, of an event or of the attempt it made. */
export type EventTone = 'session' | 'open' | 'run' | 'passed' | 'failed' | 'ai' | 'student' | 'other'

/** @param data of the event, or the attempt */
export function toneOf(type: string, data: unknown): EventTone {
  const { exit_code, status } = (data ?? {}) as { exit_code?: unknown; status?: unknown }
  switch (type) {
    case 'session_start':
    case 'session_end':
    case 'session_moved':
      return 'session'
    case 'open_step':
      return 'open'
    case 'compile':
      return exit_code === 0 || exit_code === undefined ? 'run' : 'failed'
    case 'test':
      return exit_code === 0 ? 'passed' : 'failed'
    case 'ai_interaction':
      return 'ai'
    case 'quiz_submission':
      return status === 'SUCCESS' ? 'passed' : 'failed'
    case 'student_identified':
    case 'student_cleared':
      return 'student'
    default:
      return 'other'
  }
}

export function eventInWords(event: TelemetryEvent): string {
  const { step, data } = event as { step?: { slug?: string }; data?: Record<string, unknown> }
  const slug = step?.slug ?? ''
  const code = data?.['exit_code']
  switch (event.type) {
    case 'session_start':
      return `session starts: ${String(data?.['slug'] ?? '')}`
    case 'session_end':
      return `session ends: ${String(data?.['reason'] ?? '')}`
    case 'session_moved':
      return 'another student logs in: this work goes on in their telemetry'
    case 'open_step':
      return `opens ${slug}`
    case 'compile':
      return `runs ${slug}${code === 0 || code === undefined ? '' : `: exit code ${String(code)}`}`
    case 'test':
      return `tests ${slug}: ${code === 0 ? 'passes' : 'fails'}`
    case 'ai_interaction':
      return `asks the tutor in ${slug}`
    case 'quiz_submission':
      return `answers a quiz in ${slug}: ${data?.['status'] === 'SUCCESS' ? 'right' : 'wrong'}`
    case 'student_identified':
      return `student ${String(data?.['user_id'])} logs in`
    case 'student_cleared':
      return 'student logs out'
    case 'import':
      return 'a telemetry.json is taken in'
    case 'patch':
      return 'the host changes what it keeps beside'
    default:
      return `unknown event ${event.type}`
  }
}
