// What is read back from the small files of a course folder. A course may bring files of its own making, so each value is
// checked where it is read: what does not have its shape is as if it were not there.

import type { CourseIndex, DeadLetter, DeliveryState, Refusal } from '@learnpack/telemetry-core'

type Check = (value: unknown) => boolean
type Shape = Readonly<Record<string, Check>>

const text: Check = (value) => typeof value === 'string'
const whole: Check = Number.isSafeInteger
const count: Check = (value) => whole(value) && (value as number) >= 0
/** Epoch ms that a Date can show; the end of a wait is no integer. */
const time: Check = (value) => typeof value === 'number' && Math.abs(value) <= 8.64e15
const student: Check = (value) => whole(value) || (text(value) && value !== '')

const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)
const object =
  (shape: Shape): Check =>
  (value) =>
    isObject(value) && Object.entries(shape).every(([key, check]) => check(value[key]))
const recordOf =
  (check: Check): Check =>
  (value) =>
    isObject(value) && Object.values(value).every(check)

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A value of that type, or undefined for what is none. */
type Parse<T> = (value: unknown) => T | undefined
const parser =
  <T>(check: Check): Parse<T> =>
  (value) =>
    check(value) ? (value as T) : undefined

export const parseIndex = parser<CourseIndex>(
  object({
    current: text,
    student: optional(student),
    owners: recordOf(student),
    read: optional(recordOf(count)),
    machine: optional(text),
  }),
)

export const parseCursor = parser<DeliveryState & { readonly destination: string }>(
  object({
    destination: text,
    offset: count,
    id: optional(text),
    delivered: count,
    deadLettered: count,
    attempts: count,
    retryAt: optional(time),
    retryAsked: optional(time),
    paused: optional(object({ reason: text, offset: count, settings: optional(text) })),
    lastError: optional(text),
  }),
)

export const parseDeadLetter = parser<DeadLetter>(
  object({ destination: text, id: text, offset: count, at: time, reason: text, deliveredAt: optional(time) }),
)

export const parseRefusal = parser<Refusal>(object({ at: time, reason: text, count }))
