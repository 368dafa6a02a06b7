// What waits to be delivered of a telemetry, read from its files.

import { readWaiting, type FollowerHooks, type TelemetryStore } from '@learnpack/telemetry-core'
import { crc32, nodePorts } from '@learnpack/telemetry-transport-file'

export type Waiting = ReturnType<typeof readWaiting>

/** Folds the whole log. @param hooks told of its events and of what is odd in it */
export const waitingIn = (store: TelemetryStore, hooks: FollowerHooks = {}): Waiting =>
  readWaiting(store, crc32, hooks, nodePorts.memoryBytes)
