// What a run ended with: plugins and stock say `exitCode`, everything here says `exit_code` (SPEC §4).

import { ATTEMPT_KINDS } from '../events/attempt-kinds'
import type { StepEventType } from '../events/events'
import type { Attempt } from '../events/snapshot-schema'

/** Whether events of that type end with one. */
export const isRun = (type: StepEventType): boolean => runs.has(type)
const runs = new Set<string>(ATTEMPT_KINDS.filter((kind) => kind.isRun).map(({ type }) => type))

/** `exit_code`, by whichever name; undefined where neither is there. */
export const exitCodeOf = ({ exit_code, exitCode }: Attempt): unknown =>
  exit_code === undefined ? exitCode : exit_code

/** The attempt with `exitCode` renamed, in its place. Where both are there, `exit_code` counts and both stay. */
export function withExitCode(attempt: Attempt): Attempt {
  if (attempt['exitCode'] === undefined || attempt['exit_code'] !== undefined) return attempt
  const { exit_code: _, ...others } = attempt
  return Object.fromEntries(
    Object.entries(others).map(([key, value]) => [key === 'exitCode' ? 'exit_code' : key, value]),
  )
}
