// The events of the log (SPEC §3), one schema a type. A schema names what the fold relies on and lets
// every other field through: what a newer version or a plugin adds must survive.

import type { StudentId } from '../ports'
import { ATTEMPT_KINDS, byType, type AttemptType } from './attempt-kinds'
import * as z from 'zod'
import { importedSnapshot } from './snapshot-schema'
import { describeIssues } from './describe'

/** Schema version of the events this package writes. */
export const EVENT_VERSION = 1

/** A student as the receiver names them; two ids are the same student when they are equal as strings. */
export const studentId = z.union([z.string().min(1), z.int()])

/** Whether it is a `StudentId`: an integer, or a string that is not empty. */
export const isStudentId = (id: unknown): id is StudentId => studentId.safeParse(id).success

/** Whether two ids name the same student: `42` and `'42'` do (SPEC §4 rule 5). False where one is undefined. */
export const sameStudent = (a: StudentId | undefined, b: StudentId | undefined): boolean =>
  a !== undefined && b !== undefined && String(a) === String(b)

/** A course at the moment of a session start. Steps carry whatever else the host knows of them. */
const courseStep = z.looseObject({
  slug: z.string().min(1),
  position: z.int().min(0),
  files: z.array(z.unknown()).optional(),
  is_testeable: z.boolean().optional(),
})

const stepRef = z.looseObject({ slug: z.string().min(1), position: z.int().min(0) })

const envelope = z.looseObject({
  v: z.int().min(1),
  id: z.string().min(1),
  at: z.int(),
  session: z.string().min(1),
  type: z.string().min(1),
})

const data = z.record(z.string(), z.unknown())

const stepEvent = <T extends string>(type: T) =>
  z.looseObject({
    ...envelope.shape,
    type: z.literal(type),
    step: stepRef,
    data,
    /** Only in the history of a legacy file: `false` where that file knows of no completion here. */
    completes: z.literal(false).optional(),
    /** Only of what a file told: `data` is in wire form, because its base64 is not of text. */
    wire: z.literal(true).optional(),
    /** Only of what LearnPack 5 told: its texts are base64 of `encodeURIComponent` on the wire, not of UTF-8. */
    encoding: z.literal('uri').optional(),
  })

/**
 * Every event type of SPEC §3 with the zod schema of its log line (`crc` apart, which is the codec's). A schema names
 * what the fold relies on and lets every other field through. To check a line, use `parseEvent`.
 */
export const eventSchemas = {
  session_start: z.looseObject({
    ...envelope.shape,
    type: z.literal('session_start'),
    data: z.looseObject({
      telemetry_id: z.string().min(1),
      slug: z.string(),
      agent: z.string(),
      steps: z.array(courseStep),
    }),
  }),
  session_end: z.looseObject({
    ...envelope.shape,
    type: z.literal('session_end'),
    data: z.looseObject({ reason: z.string() }),
  }),
  open_step: stepEvent('open_step'),
  ...(byType(({ type }) => stepEvent(type)) as { [T in AttemptType]: ReturnType<typeof stepEvent<T>> }),
  student_identified: z.looseObject({
    ...envelope.shape,
    type: z.literal('student_identified'),
    data: z.looseObject({
      user_id: studentId,
      /** Where the student began without a login: the telemetry, the session, and the ids of what they did in it. */
      takes: z
        .looseObject({
          telemetry_id: z.string().min(1),
          session: z.string().min(1),
          events: z.array(z.string()),
        })
        .optional(),
    }),
  }),
  student_cleared: z.looseObject({
    ...envelope.shape,
    type: z.literal('student_cleared'),
    data: z.looseObject({}),
  }),
  session_moved: z.looseObject({
    ...envelope.shape,
    type: z.literal('session_moved'),
    data: z.looseObject({
      /** The telemetry it goes on in ... */
      telemetry_id: z.string().min(1),
      /** ... in which session, by the id of that session's start ... */
      session: z.string().min(1),
      /** ... and the ids of the events that go with it. */
      events: z.array(z.string()),
    }),
  }),
  patch: z.looseObject({
    ...envelope.shape,
    type: z.literal('patch'),
    data: z.looseObject({
      /**
       * A JSON merge patch (RFC 7396) of telemetry.json. Its lists are patched by objects: steps by slug, testeable_elements
       * by hash, other lists by place.
       */
      patch: data,
      /** What a merge patch cannot say: values by path, such as null. */
      set: z.array(z.tuple([z.array(z.string()), z.unknown()])).optional(),
      /** Slugs of the course in its order, where it has changed. */
      steps: z.array(z.string().min(1)).optional(),
      /** Hashes of the elements that have moved to the end of their list, by slug of the step. */
      last: z.record(z.string(), z.array(z.string())).optional(),
    }),
  }),
  import: z.looseObject({
    ...envelope.shape,
    type: z.literal('import'),
    data: z.looseObject({ snapshot: importedSnapshot }),
  }),
} as const

/** The types of event this version knows. */
export type EventType = keyof typeof eventSchemas
/** The event of one type, as its schema describes it; fields it does not name are `unknown`. */
export type EventOf<T extends EventType> = z.infer<(typeof eventSchemas)[T]>
/** An event of any type this version knows; `type` tells which. */
export type KnownEvent = { [T in EventType]: EventOf<T> }[EventType]
/**
 * An event of a type or a version this one does not know: kept, passed on, and folded to no effect. `at`: epoch ms;
 * `session`: the id of its session start.
 * @useDeclaredType
 * @inline
 */
export type UnknownEvent = z.infer<typeof envelope>
/** A line of the log without its checksum. `isKnown` and `isStepEvent` tell the kinds apart. */
export type TelemetryEvent = KnownEvent | UnknownEvent

export type CourseStepInput = z.infer<typeof courseStep>
/**
 * A course as the host starts it. Each step has a `slug` that is not empty and a `position`, an integer from 0;
 * `files`, `is_testeable` and whatever else a host knows of it go into telemetry.json.
 */
export type CourseInput = Pick<EventOf<'session_start'>['data'], 'slug' | 'agent' | 'steps'>

/** The buttons (SPEC §3) and the quizzes (SPEC §12): what `Telemetry.record` takes, and what is streamed. */
export const STEP_EVENT_TYPES: readonly StepEventType[] = [
  'open_step',
  ...ATTEMPT_KINDS.map(({ type }) => type),
]
/**
 * One of `STEP_EVENT_TYPES`.
 * @inline
 */
export type StepEventType = 'open_step' | (typeof ATTEMPT_KINDS)[number]['type']
/**
 * An event at a step: `step` names it by slug, with the position it had then; `data` holds text as text, but for
 * `wire` events of an import, whose base64 is no text.
 */
export type StepEvent = EventOf<StepEventType>

export const isStepEventType = (type: unknown): type is StepEventType =>
  (STEP_EVENT_TYPES as readonly unknown[]).includes(type)

/** Tells by version and type alone; what `decodeLine` gave has the fields as well. */
export const isStepEvent = (event: TelemetryEvent): event is StepEvent =>
  isKnown(event) && isStepEventType(event.type)

/** Whether this version folds it: told by version and type alone, as for `isStepEvent`. */
export const isKnown = (event: TelemetryEvent): event is KnownEvent =>
  event.v === EVENT_VERSION && Object.hasOwn(eventSchemas, event.type)

/** The event, or what is wrong with it, naming the field, for a person. */
export type ParsedEvent = { ok: true; event: TelemetryEvent } | { ok: false; reason: string }

/**
 * Checks an upcast event. The given object itself is returned, so no field can be lost on the way. An unknown type or
 * version is fine as long as the fields are there that every event has. Does not throw.
 */
export function parseEvent(raw: unknown): ParsedEvent {
  const outer = envelope.safeParse(raw)
  if (!outer.success) return { ok: false, reason: describeIssues(outer.error, raw) }
  const event = raw as TelemetryEvent
  if (!isKnown(event)) return { ok: true, event }
  const inner = eventSchemas[event.type].safeParse(event)
  return inner.success ? { ok: true, event } : { ok: false, reason: describeIssues(inner.error, raw) }
}
