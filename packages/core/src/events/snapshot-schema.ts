// telemetry.json (SPEC §4), in two strengths: `snapshot` is what we write, `importedSnapshot` is what we
// accept from an older installation, where only what identifies the telemetry and its steps must be there.

import * as z from 'zod'
import { byList, OPTIONAL_LISTS, type AttemptList, type OptionalList } from './attempt-kinds'

const epochMs = z.int()
const attempt = z.record(z.string(), z.unknown())
const attempts = z.array(attempt)

const snapshotStep = z.looseObject({
  slug: z.string().min(1),
  position: z.int(),
  files: z.array(z.unknown()),
  ...(byList(({ isOptional }) => (isOptional ? attempts.optional() : attempts)) as {
    [L in AttemptList]: L extends OptionalList ? z.ZodOptional<typeof attempts> : typeof attempts
  }),
  is_testeable: z.boolean(),
  opened_at: epochMs.optional(),
  completed_at: epochMs.optional(),
})

export const workoutSession = z.looseObject({ started_at: epochMs, ended_at: epochMs.optional() })

/** The zod schema of the telemetry.json we write (SPEC §4). Fields it does not name pass. */
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

/** Whatever somebody else keeps under the name of a list that not every course has is kept. */
const notAlwaysAttempts = Object.fromEntries(
  OPTIONAL_LISTS.map((list) => [list, z.unknown().optional()]),
) as Record<OptionalList, z.ZodOptional<z.ZodUnknown>>

/** The zod schema of a telemetry.json we take in: only `telemetry_id`, `steps` and their slugs must be there. */
export const importedSnapshot = snapshot.partial().extend({
  telemetry_id: z.string().min(1),
  steps: z.array(snapshotStep.partial().extend({ slug: z.string().min(1), ...notAlwaysAttempts })),
})

/**
 * telemetry.json as we write it (SPEC §4). Times are integers, epoch ms. `opened_at` and `completed_at` of a step tell the
 * first time of each; `ended_at` of a session, its last interaction, is there once it is over. Fields we do not know are kept
 * as they came.
 * @useDeclaredType
 */
export type Snapshot = z.infer<typeof snapshot>
/**
 * telemetry.json as an older installation, or LearnPack itself, wrote it: a {@link Snapshot} of
 * which nearly everything may be absent. Only `telemetry_id`, `steps` and their slugs are there for sure.
 * @useDeclaredType
 */
export type ImportedSnapshot = z.infer<typeof importedSnapshot>
export type SnapshotStep = z.infer<typeof snapshotStep>
export type ImportedStep = ImportedSnapshot['steps'][number]
export type WorkoutSession = z.infer<typeof workoutSession>
/**
 * A compilation, a test, an AI interaction or a quiz submission as telemetry.json holds it: `source_code`, `stdout` and
 * `stderr` are base64 (SPEC §4, §12), but for a quiz, which has none; `decodedAttempt` decodes them.
 */
export type Attempt = Readonly<Record<string, unknown>>
