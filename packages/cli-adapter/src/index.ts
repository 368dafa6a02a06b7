/**
 * `@learnpack/telemetry-cli-adapter`: the manager that takes the place of LearnPack's own, and all of it wired into a host in
 * one call. The plugin and the command are in the same package and need no import.
 * @module
 */

export { createTelemetryManager } from './host/manager'
export type { ManagerOptions, TelemetryManager, Urls, Urls as TTelemetryUrls } from './host/manager-api'
export type { Student } from './logins/student'
export type { ITelemetryJSONSchema, TStep } from './host/telemetry-json'
export type { EventParcel, Fetch, Outcome, Parcel, SnapshotParcel, Transport } from './sending/destination'
export { embed, type Embedded, type EmbedOptions } from './host/embed'
export type { ConfigObject, Exercise } from './host/host-course'
export type { SocketLike } from './host/wiring'
export { watchCourse, type WatchedCourse, type WatchOptions } from './host/watch-course'
export { replayLog, type ReplayedLog, type Until } from './reading/replay'
export { findLog } from './reading/find-log'
export { CommandError } from './shared/command-error'
export { nodeFetch } from './sending/node-fetch'
export { createRedactor } from './shared/redactor'
export type { RedactorOptions } from '@learnpack/telemetry-redaction'
export type { Limits, Redactor } from '@learnpack/telemetry-core'
