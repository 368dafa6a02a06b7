/**
 * `@learnpack/telemetry-cli-adapter`: the manager that takes the place of LearnPack's own, and all of it wired into a host in
 * one call. The plugin and the command are in the same package and need no import.
 * @module
 */

export { createTelemetryManager } from './manager'
export type { ManagerOptions, Student, TelemetryManager, Urls, Urls as TTelemetryUrls } from './manager-api'
export type { ITelemetryJSONSchema, TStep } from './telemetry-json'
export type { EventParcel, Fetch, Outcome, Parcel, SnapshotParcel, Transport } from './destination'
export { embed, type Embedded, type EmbedOptions } from './embed'
export type { ConfigObject, Exercise } from './host-course'
export type { SocketLike } from './wiring'
export { watchCourse, type WatchedCourse, type WatchOptions } from './watch-course'
export { replayLog, type ReplayedLog, type Until } from './replay'
export { findLog } from './find-log'
export { CommandError } from './command-error'
export { nodeFetch } from './node-fetch'
export { createRedactor } from './redactor'
export type { RedactorOptions } from '@learnpack/telemetry-redaction'
export type { Limits, Redactor } from '@learnpack/telemetry-core'
