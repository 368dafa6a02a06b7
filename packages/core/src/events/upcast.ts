// The one place where an event of an older schema version becomes one of the present version.

import { EVENT_VERSION } from './events'

/** @inline */
type Raw = Record<string, unknown>

/** `upcasters[n]` turns an event of version n into one of version n + 1; `v` is set for it. */
export type Upcasters = Readonly<Record<number, (event: Raw) => Raw>>

/** Version 1 is the first, so there is nothing to upcast yet. */
const upcasters: Upcasters = {}

/**
 * Brings a parsed log line up to version `to`. What is no object, has no version, or is newer than
 * `to` is passed on untouched: the schema says what is wrong with it.
 * @param steps default: those of this package
 * @param to default: `EVENT_VERSION`
 */
export function upcast(raw: unknown, steps: Upcasters = upcasters, to: number = EVENT_VERSION): unknown {
  if (typeof raw !== 'object' || raw === null) return raw
  let event = raw as Raw
  for (let v = event['v']; typeof v === 'number' && v < to; v++) {
    const step = steps[v]
    if (step === undefined) return event
    event = { ...step(event), v: v + 1 }
  }
  return event
}
