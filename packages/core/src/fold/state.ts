// What a log folds to. Attempts are held in wire form, so every text is encoded once, at the event that
// brings it, and rendering only assembles.

import type { StudentId } from '../ports'
import { emptyList, type List } from './list'
import { byList, type AttemptList } from '../events/attempt-kinds'
import type { Attempt } from '../events/snapshot-schema'

/**
 * What a log folds to. Immutable: every event makes a new one that shares what did not change. Times are epoch ms.
 */
export interface State {
  /** That of the first session start or import; undefined before. */
  readonly telemetry_id?: string | undefined
  /** Owner: the first student identified (SPEC §4 rule 5). */
  readonly user_id?: StudentId | undefined
  /** The student logged in now. Only while this is the owner may anything be sent. */
  readonly student?: StudentId | undefined
  /** Of the course. */
  readonly slug?: string | undefined
  /** The editor: `vscode`, `os`, ... */
  readonly agent?: string | undefined
  /** The first session start. */
  readonly tutorial_started_at?: number | undefined
  /** The latest event at a step. */
  readonly last_interaction_at?: number | undefined
  /** The present course in its order; undefined until a session start or an import tells of one. */
  readonly course?: readonly CourseStep[] | undefined
  /** Whether a session start has told of the course: from then on an import does not change it (rule 6). */
  readonly started: boolean
  /** Activity by slug, also of steps that left the course: it comes back with its slug (rule 6). */
  readonly activity: ReadonlyMap<string, Activity>
  /** In the order of the log; an import puts its own in between by time. */
  readonly sessions: readonly Session[]
  /** Slug of the step open now: leaving it may complete it, also after a restart. No import tells it. */
  readonly open?: string | undefined
  /** Work done while nobody was logged in, which another student may still turn out to have done (SPEC §4 rule 5). */
  readonly unclaimed?: Unclaimed | undefined
  /** Ids of the events that went on in another student's telemetry: they are shown and sent there, not here. */
  readonly moved?: ReadonlySet<string> | undefined
  /** Fields of telemetry.json that we do not know, kept as they came. */
  readonly rest: Readonly<Record<string, unknown>>
  /** Id of the last event folded in: with telemetry_id it names a batch. */
  readonly last_event_id?: string | undefined
  /** Its attempts were too many to be kept: they are missing, and there is no telemetry.json of it. */
  readonly tooLarge?: boolean | undefined
}

/**
 * What one session did since nobody is logged in to a telemetry that has an owner.
 * @inline
 */
export interface Unclaimed {
  /** Id of its session start. */
  readonly session: string
  /** The state as it would be without that. */
  readonly without: State
}

/**
 * A step of the present course, as it was told, apart from what happened in it.
 * @inline
 */
export interface CourseStep {
  readonly slug: string
  /** From 0; undefined where an older file does not say. */
  readonly position: number | undefined
  /** Undefined where only an older file or its own events tell of the step. */
  readonly is_testeable: boolean | undefined
  /** The step as rendered before anything happened in it. */
  readonly template: Readonly<Record<string, unknown>>
}

/**
 * What happened in one step: its attempts in order, in wire form, and its first opening and completion, epoch ms.
 * @inline
 */
export interface Activity extends Readonly<Record<AttemptList, List<Attempt>>> {
  readonly opened_at?: number | undefined
  readonly completed_at?: number | undefined
  /** Fields of the step in telemetry.json that we do not know, kept as they came. */
  readonly rest: Readonly<Record<string, unknown>>
}

export const noActivity: Activity = Object.freeze({
  ...byList(() => emptyList<Attempt>()),
  rest: Object.freeze({}),
})

/**
 * One workout session. When it ended is worked out in rendering: at its last interaction. Times are epoch ms.
 * @inline
 */
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
  /** Fields of the session in telemetry.json that we do not know, kept as they came. */
  readonly rest: Readonly<Record<string, unknown>>
}

/** What is left of a state that has become too large to be kept: everything that says whose it is and where it stands. */
export const withoutAttempts = (state: State): State => ({
  ...state,
  tooLarge: true,
  rest: {},
  unclaimed: state.unclaimed && { ...state.unclaimed, without: withoutAttempts(state.unclaimed.without) },
  activity: new Map(
    [...state.activity].map(([slug, { opened_at, completed_at }]) => [
      slug,
      { ...noActivity, opened_at, completed_at },
    ]),
  ),
})

/** What an empty log folds to. Frozen. */
export const initialState: State = Object.freeze({
  started: false,
  activity: Object.freeze(new Map<string, Activity>()),
  sessions: Object.freeze([]),
  rest: Object.freeze({}),
})
