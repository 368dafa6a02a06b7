/**
 * `@learnpack/telemetry-transport-http`: batch and stream over HTTP, in Node and in a browser. Every attempt is one POST with
 * the body its receivers know; what is new is in headers (SPEC §6).
 * @module
 */

export { batchTransport, streamTransport, USER_AGENT } from './http-transport'
export type { Authorization, HttpTransportOptions } from './http-transport'
export { rootCause } from './root-cause'
export { isSecret } from './signature'
export { shownLocation } from './shown-location'
