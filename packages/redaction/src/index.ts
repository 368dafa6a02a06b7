/**
 * `@learnpack/telemetry-redaction`: the built-in redactor, which takes names of people, e-mail addresses and credentials
 * out of a text. Runs in Node.
 * @module
 */

export { createRedactor } from './machine-redactor'
export type { RedactorOptions } from './redactor'
