// What the write side asks of the read side, and tells it: which log is followed, and what it says.

import type { State } from '../fold/state'
import type { Lines } from './moves'
import type { Open } from './recorder'

export interface ReadSide {
  /** From here on that telemetry is followed, and no other. Undefined where it cannot be opened. */
  switchTo(telemetry_id: string): Open | undefined
  /** While a login or logout is not in the log, whose work may leave is not known, and none does. */
  hold(isHeld: boolean): void
  /** What the log says, which is folded to its end for it. */
  state(): State
  /** The same as far as it is folded. */
  readonly folded: State
  /** Whether it is folded to its end already. */
  readonly caughtUp: boolean
  /** Whether the event of that id is in what is folded. */
  has(id: string): boolean
  /** Lines of the log, behind what is folded. */
  readonly lines: Lines
}
