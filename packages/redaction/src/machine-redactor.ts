// The built-in redactor, told of the machine it runs on.

import { homedir, userInfo } from 'node:os'
import type { Redactor } from '@learnpack/telemetry-core'
import { redactorOf, type RedactorOptions } from './redactor'

/**
 * A redactor for home directories and user names in paths, e-mail addresses and credentials. It knows this machine's home
 * directory and the name of its user, looked up when it is made. Each finding becomes `[redacted:<kind>]` (see core's
 * `RedactionKind`); redacting twice changes nothing. Takes linear time and does not throw. A text that is the value of a
 * field called `password` or the like is taken out where it looks like a secret. To add rules:
 * `const rules = createRedactor()`, then `(text, name) => mine(rules(text, name))`.
 * @param options homes and names it cannot look up
 */
export const createRedactor = ({ homes = [], names = [] }: RedactorOptions = {}): Redactor =>
  redactorOf({
    homes: [...told(homedir), ...told(() => userInfo().homedir), ...homes],
    names: [...told(() => userInfo().username), ...names],
  })

/** A user without an entry in the system's list has neither. */
function told(ask: () => string): string[] {
  try {
    return [ask()]
  } catch {
    return []
  }
}
