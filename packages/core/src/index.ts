/**
 * `@learnpack/telemetry-core`: events, the fold, the snapshot, the wire, delivery, measures, the ports, and the
 * runtime that joins them. Pure: it has no clock, randomness, disk or network of its own.
 * @module
 */

// The runtime, and what it says of itself.
export { createTelemetry } from './runtime/telemetry'
export type { Recorded } from './record/recorded'
export { type Status, type Telemetry, type TelemetryEvents, type TelemetryOptions } from './runtime/api'

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
  type CourseInput,
  type EventOf,
  type EventType,
  type KnownEvent,
  type ParsedEvent,
  type StepEvent,
  type StepEventType,
  type TelemetryEvent,
  type UnknownEvent,
} from './events/events'
export { upcast, type Upcasters } from './events/upcast'

// Lines of the log, and reading it from its beginning.
export { decodeLine, encodeLine, type DecodedLine } from './events/codec'
export { createFollower, type Follower, type FollowerHooks, type NumberedLine } from './log/follower'

export { ATTEMPT_KINDS } from './events/attempt-kinds'

// The fold: what a log means.
export { evolve, fold } from './fold/evolve'
export {
  initialState,
  type Activity,
  type CourseStep,
  type Session,
  type State,
  type Unclaimed,
} from './fold/state'
export type { List } from './fold/list'

// The snapshot: telemetry.json, ours and of others.
export { snapshot, snapshotJson, snapshotText } from './fold/render'
export { steadyNow } from './runtime/steady-clock'
export {
  snapshot as snapshotSchema,
  type Attempt,
  type ImportedSnapshot,
  type Snapshot,
  type SnapshotStep,
  type WorkoutSession,
} from './events/snapshot-schema'
export { parseSnapshot, type ParsedSnapshot } from './events/parse-snapshot'
export { history } from './fold/history'
export { differences, type Observed } from './fold/differences'
export { isLearnPack5, snapshotForEditor } from './fold/host-file'
export { deterministicId } from './events/deterministic-id'

// The wire: bodies and their base64.
export { decodedAttempt, fromWire, streamBody, toWire } from './fold/wire'
export type { TextEncoding } from './fold/base64'

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
} from './delivery/transport'

// Delivery: what waits, what holds it back, what was refused.
export { freshDelivery } from './delivery/delivery-state'
export { triggersBatch } from './delivery/parcels'
export { readWaiting, type HeldBack, type Waiting } from './delivery/waiting'
export { stillDead } from './delivery/dead-letters'
export { AI_NEEDS_LOGIN } from './record/refusals'

// Ports: what core needs of the world.
export * from './ports'
export { readCourseIndex } from './record/course-index'

// What is kept of a text: how long it may be, and the marks that a redactor leaves.
export type { Limits } from './record/limits'
export type { Redactor } from './record/redactor'
export { countMarks, type RedactionKind, type RedactionMark } from './record/redaction-mark'

// Measures: what a snapshot says in numbers.
export {
  ALGO_VERSION,
  measure,
  type CourseMeasures,
  type Measures,
  type StepMeasures,
  type StepStatus,
} from './measures/measures'
export { progressOf, type Progress } from './measures/progress'
export { isOfTheMoment } from './record/of-the-moment'
