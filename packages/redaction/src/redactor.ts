// The built-in redactor (SPEC §8): what must not be kept is replaced by a visible mark. Rules of our own: each is
// passed over by a search for a short text, and none takes more than linear time, whatever it is given.

import type { Redactor } from '@learnpack/telemetry-core'
import { isMachineName, redactHomes, redactNames } from './redact-machine'
import { redactAssignments, redactField } from './redact-assignments'
import { redactEmails } from './redact-emails'
import { redactLogins } from './redact-logins'
import { redactPaths } from './redact-paths'
import { redactPrivateKeys } from './redact-private-keys'
import { redactTokens } from './redact-tokens'

/** What the built-in redactor is told of the machine it runs on, besides what it can look up. */
export interface RedactorOptions {
  /** Home directories of this machine, absolute: wherever they occur, their last part is taken out. Default: none. */
  readonly homes?: readonly string[]
  /**
   * Names of users of this machine: taken out wherever they occur as a word. Shorter than four characters, or a
   * word such as `root`, `user` or `python`, they are left alone. Default: none.
   */
  readonly names?: readonly string[]
}

const ESC = String.fromCharCode(27)
/** A terminal's colours and the like: `ESC[32m`, `ESC[K`. */
const CONTROLS = new RegExp(`${ESC}\\[[\\d;]{0,16}[A-Za-z]`, 'g')

/** The rest of what was taken out up to a colour, which may be coloured itself: `grep` does that to what it found. */
const TAIL = new RegExp(
  `(\\[redacted:[a-z-]{1,20}\\])(?:(?:${CONTROLS.source}){1,4}[\\w+-][\\w+/=-]*){0,1000}(?:${CONTROLS.source}){1,4}[\\w+-][\\w+/=-]{7,}`,
  'g',
)

/** Bounded, so that it takes linear time. */
const PASSES = 3

/** The redactor of what is known, which does not look at the machine itself: see `createRedactor`. */
export function redactorOf({ homes = [], names = [] }: RedactorOptions = {}): Redactor {
  const ofMachine = [...homes.flatMap(redactHomes), ...names.filter(isMachineName).map(redactNames)]
  const rules = [
    redactPrivateKeys,
    redactLogins,
    redactTokens,
    redactAssignments,
    redactEmails,
    redactPaths,
    ...ofMachine,
  ]
  const once = (text: string): string => rules.reduce((cleaned, redact) => redact(cleaned), text)
  // What stood behind something that was taken out may be seen for what it is only then.
  const plain = (text: string, more = PASSES): string => {
    const cleaned = once(text)
    return cleaned === text || more === 0 ? cleaned : plain(cleaned, more - 1)
  }
  const whole = (text: string): string => {
    const bland = plain(text)
    if (!bland.includes(ESC)) return bland
    const coloured = bland.replace(TAIL, '$1')
    // What colours cut in two is seen without them only; then they go, too.
    const bare = coloured.replace(CONTROLS, '')
    if (bare === text) return coloured
    const cleaned = plain(bare)
    return cleaned === bare ? coloured : cleaned
  }
  return (text, name) => (name === undefined ? whole(text) : redactField(whole(text), name))
}
