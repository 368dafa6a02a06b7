// telemetry.json (SPEC §4), in two strengths: `snapshot` is what we write, `importedSnapshot` is what we
// accept from an older installation, where only what identifies the telemetry and its steps must be there.

import * as z from 'zod'

const epochMs = z.int()
const attempt = z.record(z.string(), z.unknown())
const attempts = z.array(attempt)

const snapshotStep = z.looseObject({
  slug: z.string().min(1),
  position: z.int(),
  files: z.array(z.unknown()),
  ai_interactions: attempts,
  compilations: attempts,
  tests: attempts,
  is_testeable: z.boolean(),
  opened_at: epochMs.optional(),
  completed_at: epochMs.optional(),
})

export const workoutSession = z.looseObject({ started_at: epochMs, ended_at: epochMs.optional() })

export const snapshot = z.looseObject({
  telemetry_id: z.string().min(1),
  slug: z.string(),
  agent: z.string(),
  tutorial_started_at: epochMs,
  steps: z.array(snapshotStep),
  workout_session: z.array(workoutSession),
  last_interaction_at: epochMs.optional(),
  user_id: z.union([z.string().min(1), z.int()]).optional(),
})

export const importedSnapshot = snapshot.partial().extend({
  telemetry_id: z.string().min(1),
  steps: z.array(snapshotStep.partial().extend({ slug: z.string().min(1) })),
})

export type Snapshot = z.infer<typeof snapshot>
export type ImportedSnapshot = z.infer<typeof importedSnapshot>
export type SnapshotStep = z.infer<typeof snapshotStep>
export type ImportedStep = ImportedSnapshot['steps'][number]
export type WorkoutSession = z.infer<typeof workoutSession>
/** A compilation, a test or an AI interaction as telemetry.json holds it. */
export type Attempt = Readonly<Record<string, unknown>>
