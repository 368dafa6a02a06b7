/**
 * `@learnpack/telemetry-core`: events, the fold, the snapshot, the wire, delivery, measures, the ports, and the
 * runtime that joins them. Pure: it has no clock, randomness, disk or network of its own.
 * @module
 */

// The runtime, and what it says of itself.
export { createTelemetry } from './runtime/telemetry'
export type { Recorded } from './record/recorded'
export type { Telemetry, TelemetryEvents, TelemetryOptions } from './runtime/api'

// Events: the facts of the log. `ATTEMPT_KINDS` says which of them a learner's attempts are.
export {
  isKnown,
  isStepEvent,
  isStudentId,
  sameStudent,
  type CourseInput,
  type StepEvent,
  type TelemetryEvent,
} from './events/events'
export { ATTEMPT_KINDS } from './events/attempt-kinds'

// Lines of the log, and reading it from its beginning.
export { decodeLine, encodeLine } from './events/codec'
export { createFollower, type FollowerHooks } from './log/follower'

// The fold: what a log means.
export { evolve } from './fold/evolve'
export { initialState, type State } from './fold/state'

// The snapshot: telemetry.json, ours and of others.
export { snapshot, snapshotText } from './fold/render'
export type { Attempt, ImportedSnapshot, Snapshot } from './events/snapshot-schema'
export { parseSnapshot } from './events/parse-snapshot'
export { history } from './fold/history'
export { isLearnPack5, snapshotForEditor } from './fold/host-file'
export { decodedAttempt } from './fold/wire'

// What the ports of a host share: the time it gives, ids that depend on a name alone, and failures that pass.
export { steadyNow } from './runtime/steady-clock'
export { deterministicId } from './events/deterministic-id'
export { isOfTheMoment } from './record/of-the-moment'

// Configuration: where a course is delivered to.
export { configOf, type Destinations } from './config'

// Transports: what a destination implements.
export {
  destinationOf,
  type EventParcel,
  type Outcome,
  type Parcel,
  type SnapshotParcel,
  type Transport,
} from './delivery/transport'

// Delivery: what waits, and what was refused.
export { triggersBatch } from './delivery/parcels'
export { readWaiting } from './delivery/waiting'
export { stillDead } from './delivery/dead-letters'
export { AI_NEEDS_LOGIN } from './record/refusals'

// Ports: what core needs of the world.
export type {
  Clock,
  CourseIndex,
  Crc,
  DeadLetter,
  DeliveryState,
  EventLog,
  Ids,
  Lease,
  LogLine,
  LogSlice,
  Refusal,
  Replacement,
  SnapshotFile,
  SnapshotStore,
  Storage,
  StudentId,
  TelemetryStore,
} from './ports'
export { readCourseIndex } from './record/course-index'

// What is kept of a text: how long it may be, and the marks that a redactor leaves.
export type { Limits } from './record/limits'
export type { Redactor } from './record/redactor'
export { countMarks, type RedactionKind } from './record/redaction-mark'

// Measures: what a snapshot says in numbers.
export { measure, type Measures } from './measures/measures'
export { progressOf } from './measures/progress'
