export {
  EVENT_VERSION,
  STEP_EVENT_TYPES,
  eventSchemas,
  isKnown,
  isStepEvent,
  parseEvent,
  sameStudent,
} from './events'
export type {
  Course,
  EventOf,
  EventType,
  KnownEvent,
  ParsedEvent,
  StepEvent,
  StepEventType,
  StudentId,
} from './events'
export type { TelemetryEvent, UnknownEvent } from './events'
export { snapshot as snapshotSchema, importedSnapshot as importedSnapshotSchema } from './snapshot-schema'
export type { Attempt, ImportedSnapshot, Snapshot, SnapshotStep, WorkoutSession } from './snapshot-schema'
export { upcast, type Upcasters } from './upcast'
export { decodeLine, encodeLine, type DecodedLine } from './codec'
export {
  ATTEMPT_TYPES,
  initialState,
  type Activity,
  type CourseStep,
  type Session,
  type State,
} from './state'
export { evolve, fold } from './evolve'
export { snapshot, snapshotJson } from './render'
export { LONGEST_STRING } from './snapshot-writer'
export { history } from './history'
export { deterministicId } from './deterministic-id'
export { parseSnapshot, type ParsedSnapshot } from './parse-snapshot'
export { fromWire, streamBody, toWire } from './wire'
export { configOf, readConfig, telemetryConfig, type Destinations, type ReadConfig } from './config'
export { createFollower, type Follower, type FollowerHooks } from './follower'
export { readCourseIndex } from './course-index'
export { stillDead } from './dead-letters'
export { freshDelivery } from './delivery'
export { triggersBatch } from './parcels'
export * from './ports'
export { destinationOf } from './transport'
export type { EventParcel, Outcome, Parcel, SnapshotParcel, Transport } from './transport'
export { createRedactor, type RedactorOptions } from './redactor'
export { countMarks, type RedactionKind } from './redaction-mark'
export type { Limits } from './limits'
export { createTelemetry } from './telemetry'
export { EXIT_BUDGET_MS } from './api'
export { readWaiting, type HeldBack, type Waiting } from './waiting'
export { unreceivable, type Rule, type Unreceivable } from './receivable'
export { ALGO_VERSION, measure } from './measures'
export type { CourseMeasures, Measures, StepMeasures, StepStatus } from './measures'
export type {
  CourseInput,
  Recorded,
  Redactor,
  Status,
  Telemetry,
  TelemetryEvents,
  TelemetryOptions,
} from './api'
