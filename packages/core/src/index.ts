/**
 * `@learnpack/telemetry-core`: events, the fold, the snapshot, the wire, delivery, redaction, measures, the ports, and the
 * runtime that joins them. Pure: it has no clock, randomness, disk or network of its own.
 * @module
 */

// The runtime, and what it says of itself.
export { createTelemetry } from './telemetry'
export {
  type CourseInput,
  type Recorded,
  type Redactor,
  type Status,
  type Telemetry,
  type TelemetryEvents,
  type TelemetryOptions,
} from './api'

// Events: the facts of the log, and older ones brought up to date.
export {
  EVENT_VERSION,
  STEP_EVENT_TYPES,
  eventSchemas,
  isKnown,
  isStepEvent,
  parseEvent,
  sameStudent,
  type Course,
  type EventOf,
  type EventType,
  type KnownEvent,
  type ParsedEvent,
  type StepEvent,
  type StepEventType,
  type StudentId,
  type TelemetryEvent,
  type UnknownEvent,
} from './events'
export { upcast, type Upcasters } from './upcast'

// Lines of the log, and reading it from its beginning.
export { decodeLine, encodeLine, type DecodedLine } from './codec'
export { createFollower, type Follower, type FollowerHooks, type NumberedLine } from './follower'

// The fold: what a log means.
export { evolve, fold } from './evolve'
export {
  ATTEMPT_TYPES,
  initialState,
  type Activity,
  type CourseStep,
  type Session,
  type State,
  type Unclaimed,
} from './state'
export type { List } from './list'

// The snapshot: telemetry.json, ours and of others.
export { snapshot, snapshotJson } from './render'
export { LONGEST_STRING } from './snapshot-writer'
export { steadyNow } from './steady-clock'
export {
  snapshot as snapshotSchema,
  type Attempt,
  type ImportedSnapshot,
  type Snapshot,
  type SnapshotStep,
  type WorkoutSession,
} from './snapshot-schema'
export { parseSnapshot, type ParsedSnapshot } from './parse-snapshot'
export { history } from './history'
export { differences, type Observed } from './differences'
export { isLearnPack5, snapshotForEditor } from './host-file'
export { deterministicId } from './deterministic-id'

// The wire: bodies and their base64.
export { decodedAttempt, fromWire, streamBody, toWire } from './wire'
export type { TextEncoding } from './base64'

// Configuration: where a course is delivered to.
export { configOf, readConfig, telemetryConfig, type Destinations, type ReadConfig } from './config'

// Transports: what a destination implements.
export {
  destinationOf,
  type EventParcel,
  type Outcome,
  type Parcel,
  type SnapshotParcel,
  type Transport,
} from './transport'

// Delivery: what waits, what holds it back, what was refused.
export { freshDelivery } from './delivery'
export { triggersBatch } from './parcels'
export { readWaiting, type HeldBack, type Waiting } from './waiting'
export { stillDead } from './dead-letters'
export { AI_NEEDS_LOGIN } from './refusals'

// Ports: what core needs of the world.
export * from './ports'
export { readCourseIndex } from './course-index'

// Limits and redaction: what is kept of a text.
export type { Limits } from './limits'
export { createRedactor, type RedactorOptions } from './redactor'
export { countMarks, type RedactionKind } from './redaction-mark'

// Measures: what a snapshot says in numbers.
export {
  ALGO_VERSION,
  measure,
  type CourseMeasures,
  type Measures,
  type StepMeasures,
  type StepStatus,
} from './measures'
export { isOfTheMoment } from './of-the-moment'
