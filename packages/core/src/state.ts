// What a log folds to. Attempts are held in wire form, so every text is encoded once, at the event that
// brings it, and rendering only assembles.

import { emptyList, type List } from './list'
import type { StepEventType, StudentId } from './events'
import type { Attempt } from './snapshot-schema'

export interface State {
  readonly telemetry_id?: string | undefined
  /** Owner: the first student identified (SPEC §4 rule 5). */
  readonly user_id?: StudentId | undefined
  /** The student logged in now. Only while this is the owner may anything be sent. */
  readonly student?: StudentId | undefined
  readonly slug?: string | undefined
  readonly agent?: string | undefined
  readonly tutorial_started_at?: number | undefined
  readonly last_interaction_at?: number | undefined
  /** The present course in its order; undefined until a session start or an import tells of one. */
  readonly course?: readonly CourseStep[] | undefined
  /** Whether a session start has told of the course: from then on an import does not change it (rule 6). */
  readonly started: boolean
  /** Activity by slug, also of steps that left the course: it comes back with its slug (rule 6). */
  readonly activity: ReadonlyMap<string, Activity>
  readonly sessions: readonly Session[]
  /** Slug of the step open now: leaving it may complete it, also after a restart. No import tells it. */
  readonly open?: string | undefined
  /** Fields of telemetry.json that we do not know, kept as they came. */
  readonly rest: Readonly<Record<string, unknown>>
  /** Id of the last event folded in: with telemetry_id it names a batch. */
  readonly last_event_id?: string | undefined
}

export interface CourseStep {
  readonly slug: string
  readonly position: number | undefined
  readonly is_testeable: boolean | undefined
  /** The step as rendered before anything happened in it. */
  readonly template: Readonly<Record<string, unknown>>
}

export const ATTEMPT_LISTS = ['ai_interactions', 'compilations', 'tests'] as const
export type AttemptList = (typeof ATTEMPT_LISTS)[number]
/** The events that a list of a step is made of. */
export const ATTEMPT_TYPES = {
  ai_interactions: 'ai_interaction',
  compilations: 'compile',
  tests: 'test',
} as const satisfies Record<AttemptList, StepEventType>

export interface Activity extends Readonly<Record<AttemptList, List<Attempt>>> {
  readonly opened_at?: number | undefined
  readonly completed_at?: number | undefined
  readonly rest: Readonly<Record<string, unknown>>
}

export const noActivity: Activity = Object.freeze({
  ai_interactions: emptyList<Attempt>(),
  compilations: emptyList<Attempt>(),
  tests: emptyList<Attempt>(),
  rest: Object.freeze({}),
})

export interface Session {
  /** Id of its session start; undefined when it is known from an import only. */
  readonly id?: string | undefined
  readonly started_at: number
  /** As an import told it. */
  readonly ended_at?: number | undefined
  /** Time of its latest interaction. */
  readonly last?: number | undefined
  /** It has ended, or a later one has started. */
  readonly over: boolean
  /** It was told to have ended. */
  readonly ended?: boolean | undefined
  readonly rest: Readonly<Record<string, unknown>>
}

export const initialState: State = Object.freeze({
  started: false,
  activity: Object.freeze(new Map<string, Activity>()),
  sessions: Object.freeze([]),
  rest: Object.freeze({}),
})
