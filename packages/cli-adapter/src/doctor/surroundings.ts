// What doctor looks at beside the course.

import { statfsSync } from 'node:fs'
import type { Clock } from '@learnpack/telemetry-core'
import { systemClock } from '@learnpack/telemetry-transport-file'

export interface Surroundings {
  readonly env: NodeJS.ProcessEnv
  /** As in `process.versions.node`. */
  readonly nodeVersion: string
  readonly clock: Clock
  /** Bytes that may still be written where `path` is. */
  freeBytes(path: string): number
}

export const here: Surroundings = {
  env: process.env,
  nodeVersion: process.versions.node,
  clock: systemClock,
  freeBytes(path) {
    const { bavail, bsize } = statfsSync(path)
    return bavail * bsize
  },
}
