// The built-in redactor, told of the machine it runs on.

import { homedir, userInfo } from 'node:os'
import { createRedactor as create, type Redactor, type RedactorOptions } from '@learnpack/telemetry-core'

/**
 * Core's redactor, which also knows this machine's home directory and the name of its user, looked up when it is made. Does
 * not throw.
 * @param options what is to be known besides
 */
export const createRedactor = ({ homes = [], names = [] }: RedactorOptions = {}): Redactor =>
  create({
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
