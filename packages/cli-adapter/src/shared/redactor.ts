// The built-in redactor, made when the first text comes: what it looks up of the machine is needed by few commands.

import type { Redactor } from '@learnpack/telemetry-core'
import { createRedactor as create, type RedactorOptions } from '@learnpack/telemetry-redaction'

/**
 * The built-in redactor. It knows this machine's home directory and the name of its user, looked up when the first text
 * comes. Redacting twice changes nothing. To add rules: `const rules = createRedactor()`, then
 * `(text, name) => mine(rules(text, name))`.
 * @param options homes and names it cannot look up
 */
export function createRedactor(options: RedactorOptions = {}): Redactor {
  let redact: Redactor | undefined
  return (text, name) => (redact ??= create(options))(text, name)
}
