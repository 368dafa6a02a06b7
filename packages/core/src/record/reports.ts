// How the write side tells what happens, and that nothing in it throws into the host.

import type { TelemetryEvent } from '../events/events'
import type { Recorded } from './recorded'

export interface Reports {
  /** An event was appended. */
  recorded(event: TelemetryEvent): void
  /** What could not be used, or is odd, for a person. */
  noticed(message: string): void
  fault(what: string, error: unknown): void
  /** What `action` returns; undefined where it throws, which is told as a fault. */
  guarded<T>(what: string, action: () => T): T | undefined
  /** Whatever a caller passes, also what throws when it is looked at, is at worst refused. */
  answered(run: () => Recorded): Recorded
  /** The answer to a call that recorded nothing. @param reason quotes what it is about; it is redacted */
  refuse(reason: string): Recorded
}
