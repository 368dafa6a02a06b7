// A log with the state at every moment of it. Keeping each state would cost memory, folding from the
// beginning would cost time: a checkpoint every so often, and the events from there on, cost neither.

import {
  createFollower,
  evolve,
  initialState,
  type State,
  type TelemetryEvent,
} from '@learnpack/telemetry-core'
import { memoryLog } from '@learnpack/telemetry-core/memory'
import { crc32 } from './crc'

/** A state shares all but about 2 KB with the one before; an event folds in well under a millisecond. */
const CHECKPOINT_EVERY = 16

export interface Timeline {
  /** Events that were read. */
  readonly length: number
  readonly events: readonly TelemetryEvent[]
  /** When each happened, epoch ms; never earlier than the one before it in the log. */
  readonly when: readonly number[]
  /** What was odd or damaged, each naming its line. */
  readonly messages: readonly string[]
  /** Appends a line; `follow` reads it. */
  append(line: string): void
  follow(): void
  /** After the first `count` events. */
  stateAt(count: number): State
  /** The line the event stands on, as logged. */
  lineOf(index: number): { readonly number: number; readonly text: string }
}

export function createTimeline(): Timeline {
  const log = memoryLog()
  const events: TelemetryEvent[] = []
  const when: number[] = []
  const places: { offset: number; number: number }[] = []
  const messages: string[] = []
  const checkpoints: State[] = [initialState]
  let last = { count: 0, state: initialState }

  const follower = createFollower(log, crc32, {
    folded(event, state, { offset, number }) {
      events.push(event)
      when.push(Math.max(when.at(-1) ?? event.at, event.at))
      places.push({ offset, number })
      if (events.length % CHECKPOINT_EVERY === 0) checkpoints.push(state)
    },
    noticed: (message, { number }) => messages.push(`line ${number}: ${message}`),
  })

  return {
    get length() {
      return events.length
    },
    events,
    when,
    messages,
    append: (line) => log.append(line),
    follow: () => void follower.catchUp(),
    stateAt(count) {
      const checkpoint = Math.floor(count / CHECKPOINT_EVERY)
      const near = last.count <= count && last.count >= checkpoint * CHECKPOINT_EVERY
      let { state, count: folded } = near
        ? last
        : { state: checkpoints[checkpoint] as State, count: checkpoint * CHECKPOINT_EVERY }
      for (; folded < count; folded++) state = evolve(state, events[folded] as TelemetryEvent)
      last = { count, state }
      return state
    },
    lineOf(index) {
      const { offset, number } = places[index] as (typeof places)[number]
      return { number, text: log.read(offset, 1).lines[0]?.text ?? '' }
    },
  }
}
