// Redaction of what is about to be written: texts wherever they are in an event, but for what identifies.

import type { Redactor } from './redactor'
import { byList, isAttemptList } from '../events/attempt-kinds'
import type { CourseInput, StepEventType } from '../events/events'
import { decodeText, toBase64 } from '../fold/base64'
import type { Data } from './admit'
import type { RedactionMark } from './redaction-mark'
import type { Attempt, ImportedSnapshot, ImportedStep } from '../events/snapshot-schema'
import { encodedFields } from '../fold/wire'

/** A redactor that cannot fail: a text it fails on is not kept. `failed` is not told the error, which may quote it. */
const careful =
  (redact: Redactor, failed: () => void): Redactor =>
  (text, name) => {
    try {
      const cleaned: unknown = redact(text, name)
      if (typeof cleaned === 'string') return cleaned
    } catch {
      // What it says may be what must not be kept.
    }
    failed()
    return '[redacted:unreadable]' satisfies RedactionMark
  }

/** Applied to everything that is about to be written. Without a redactor it changes nothing. */
export interface Cleaner {
  text(text: string): string
  data(data: Data): Data
  course(course: CourseInput): CourseInput
  snapshot(file: ImportedSnapshot): ImportedSnapshot
  /** Why something was refused, which quotes it. */
  reason(quoting: string): string
}

/** @param failed see `careful` */
export function createCleaner(redact: Redactor | undefined, failed: () => void): Cleaner {
  if (redact === undefined) {
    const same = <T>(value: T): T => value
    return { text: same, data: same, course: same, snapshot: same, reason: same }
  }
  const safely = careful(redact, failed)
  return {
    text: (text) => safely(text),
    data: (data) => cleaned(data, safely),
    course: (course) => cleanCourse(course, safely),
    snapshot: (file) => cleanSnapshot(file, safely),
    reason: (quoting) => cleanReason(quoting, safely),
  }
}

/**
 * Every text inside a JSON value, also where it is the name of a field: some count by path, or by address.
 * @param field in which the value is
 */
function cleaned<T>(value: T, redact: Redactor, field?: string): T
function cleaned(value: unknown, redact: Redactor, field?: string): unknown {
  if (typeof value === 'string') return redact(value, field)
  if (Array.isArray(value)) return value.map((item) => cleaned(item as unknown, redact, field))
  if (typeof value !== 'object' || value === null) return value
  return mapFields(value, redact, (name, inner) => cleaned(inner, redact, name))
}

/** Too short and too plain to be anything but a name. */
const plainName = /^\w{0,15}$/

/** Of names that become the same, each is kept. */
function mapFields(
  object: object,
  redact: Redactor,
  change: (name: string, value: unknown) => unknown,
): Record<string, unknown> {
  const fields = new Map<string, unknown>()
  for (const [name, value] of Object.entries(object)) {
    const kept = plainName.test(name) ? name : redact(name)
    let unused = kept
    for (let n = 2; kept !== name && (fields.has(unused) || Object.hasOwn(object, unused)); n++)
      unused = `${kept} ${n}`
    fields.set(unused, change(name, value))
  }
  return Object.fromEntries(fields)
}

/** A course, whose slugs are what it and its steps are known by. Some hosts pass the attempts along. */
const cleanCourse = (course: CourseInput, redact: Redactor): CourseInput => ({
  ...cleaned(course, redact),
  slug: course.slug,
  steps: course.steps.map((step) => cleanStep(step, redact) as typeof step),
})

/** What a telemetry and a student are known by. */
const identity = new Set(['telemetry_id', 'slug', 'user_id'])

/** A telemetry.json from elsewhere: lossless but for what is redacted, in its base64 as well. */
const cleanSnapshot = (file: ImportedSnapshot, redact: Redactor): ImportedSnapshot =>
  mapFields(file, redact, (name, value) => {
    if (name === 'steps') return file.steps.map((step) => cleanStep(step, redact))
    return identity.has(name) ? value : cleaned(value, redact, name)
  }) as ImportedSnapshot

const cleanStep = (step: Pick<ImportedStep, 'slug'>, redact: Redactor): ImportedStep =>
  mapFields(step, redact, (name, value) => {
    if (name === 'slug') return value
    if (!isAttemptList(name) || !Array.isArray(value)) return cleaned(value, redact, name)
    return value.map((attempt: Attempt) => cleanAttempt(typeOfList[name], attempt, redact))
  }) as ImportedStep

const typeOfList = byList(({ type }) => type)

const cleanAttempt = (type: StepEventType, attempt: Attempt, redact: Redactor): Attempt =>
  mapFields(attempt, redact, (name, value) =>
    typeof value === 'string' && encodedFields[type].includes(name)
      ? cleanBase64(value, (text) => redact(text, name))
      : cleaned(value, redact, name),
  )

/** Base64 of text, of other bytes, or text that was never encoded; encoded anew only where something was found. */
function cleanBase64(value: string, redact: Redactor): string {
  const decoded = decodeText(value)
  if (decoded !== undefined) {
    const cleaned = redact(decoded.text)
    return cleaned === decoded.text ? value : toBase64(cleaned, decoded.encoding)
  }
  const bytes = bytesOf(value)
  if (bytes === undefined) return redact(value)
  const cleaned = redact(bytes)
  return cleaned === bytes ? redact(value) : encoded(cleaned)
}

/** One character a byte. */
function bytesOf(base64: string): string | undefined {
  try {
    return atob(base64)
  } catch {
    return undefined
  }
}

function encoded(bytes: string): string {
  try {
    return btoa(bytes)
  } catch {
    // Somebody's redactor put in what is no byte.
    return toBase64(bytes)
  }
}

/** Why something was refused, which quotes it: in base64 perhaps, or in half a word, which is not recognised. */
const cleanReason = (quoting: string, redact: Redactor): string =>
  redact(
    quoting
      .replace(/[^\s"]+…/g, '…')
      .replace(/[A-Za-z0-9+/]{16,}={0,2}/g, (word) => (cleanBase64(word, redact) === word ? word : '…')),
  )
