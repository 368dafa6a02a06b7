// What `history` and `differences` share: events that a telemetry.json stands for, with ids that depend on it alone.

import { deterministicId } from '../events/deterministic-id'
import type { KnownEvent } from '../events/events'
import type { ImportedSnapshot, ImportedStep } from '../events/snapshot-schema'
import { evolve } from './evolve'
import type { State } from './state'

/** The id of what happened at `at`, epoch ms, and is named so. The same for every version of the file. */
export const idOf = ({ telemetry_id }: ImportedSnapshot, at: number, ...name: readonly unknown[]): string =>
  deterministicId(at, JSON.stringify([telemetry_id, ...name]))

/** A step as its events name it. @param index its place in the file, for a file that does not say */
export const stepRef = ({ slug, position }: ImportedStep, index: number) => ({
  slug,
  position: Math.max(0, position ?? index),
})

/** Marks the events at which our rules would complete a step that the file does not say was completed then. */
export function completingNothingElse(
  state: State,
  events: readonly KnownEvent[],
  file: ImportedSnapshot,
): KnownEvent[] {
  const completedAt = new Map(file.steps.map(({ slug, completed_at }) => [slug, completed_at]))
  let now = state
  return events.map((event) => {
    const next = evolve(now, event)
    const invents =
      (event.type === 'open_step' || event.type === 'test') &&
      [...next.activity].some(
        ([slug, { completed_at }]) =>
          completed_at !== now.activity.get(slug)?.completed_at && completed_at !== completedAt.get(slug),
      )
    const told = invents ? ({ ...event, completes: false } as KnownEvent) : event
    now = invents ? evolve(now, told) : next
    return told
  })
}
