// The built-in redactor. Its rules are loaded with the first text: reading them takes a fifth of an import of the adapter,
// and most commands redact nothing.

import { createRequire } from 'node:module'
import type { Redactor } from '@learnpack/telemetry-core'
import type { createRedactor as create, RedactorOptions } from '@learnpack/telemetry-redaction'

const require = createRequire(import.meta.url)

/**
 * The built-in redactor. It knows this machine's home directory and the name of its user, looked up when the first text
 * comes. Redacting twice changes nothing. To add rules: `const rules = createRedactor()`, then
 * `(text, name) => mine(rules(text, name))`.
 * @param options homes and names it cannot look up
 */
export function createRedactor(options: RedactorOptions = {}): Redactor {
  let redact: Redactor | undefined
  return (text, name) => (redact ??= load()(options))(text, name)
}

/** Beside this file when it is built, and from its source. */
const load = (): typeof create =>
  (require('../dist/redaction.cjs') as { readonly createRedactor: typeof create }).createRedactor
