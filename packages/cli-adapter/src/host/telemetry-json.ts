// The types that LearnPack's own telemetry module exports. LearnPack declares fields of attempts that plugins leave out;
// here attempts and files are `any`, which fits what was compiled against that and promises nothing.
/* eslint-disable @typescript-eslint/no-explicit-any -- the `any` of the types that hosts were compiled against */

/** One step of telemetry.json. Fields that are not named here are kept as they came. */
export interface TStep {
  slug: string
  /** In the course, from 0. */
  position: number
  /** `{ path, name, hidden }` each. */
  files: any[]
  /** Whether it has tests. */
  is_testeable: boolean
  /** The first time, epoch ms. */
  opened_at?: number | undefined
  /** The first time, epoch ms. */
  completed_at?: number | undefined
  /** What the compiler plugin returned, in order; `source_code`, `stdout` and `stderr` are base64 of UTF-8. */
  compilations: any[]
  /** As `compilations`; `exit_code` is always there, null where it is unknown. */
  tests: any[]
  /** Questions to the tutor with their answers; `source_code` is base64 of UTF-8. */
  ai_interactions: any[]
}

/** telemetry.json (SPEC §4). Times are integers, epoch ms. Fields that are not named here are kept as they came. */
export interface ITelemetryJSONSchema {
  /** 16 characters of [a-z0-9]. */
  telemetry_id?: string
  /** Only if a student was identified. */
  user_id?: number | string | undefined
  /** Of the course. */
  slug: string
  /** The editor: `vscode`, `os`, ... */
  agent?: string
  tutorial_started_at?: number
  last_interaction_at?: number | undefined
  /** In the order of the course. */
  steps: TStep[]
  /** `ended_at` is the last interaction, there once the session is over. */
  workout_session: { started_at: number; ended_at?: number | undefined }[]
}
