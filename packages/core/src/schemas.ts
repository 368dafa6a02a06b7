/**
 * `@learnpack/telemetry-core/schemas`: what we write and send, as JSON Schema (draft 2020-12) for whoever reads it.
 * @module
 */

import * as z from 'zod'
import { byList } from './events/attempt-kinds'
import { eventSchemas, STEP_EVENT_TYPES } from './events/events'
import { importedSnapshot, workoutSession } from './events/snapshot-schema'

const told = (what: string) => z.unknown().optional().describe(what)
const base64 = (what: string) =>
  told(`${what}: base64 of UTF-8; an empty string stays empty, what is no string stays as it is`)

const run = z.looseObject({
  source_code: base64('What the learner wrote'),
  stdout: base64('Standard output'),
  stderr: base64('Standard error'),
  exit_code: told('0 for a pass; null when unknown. As the compiler told it, so not always an integer'),
  starting_at: told('Epoch ms; older files say `started_at`'),
  ended_at: told('Epoch ms; older files say `ending_at`'),
})

const question = z.looseObject({
  student_message: told('Text'),
  source_code: base64('What the learner wrote'),
  ai_response: told('Text'),
  starting_at: told('Epoch ms'),
  ending_at: told('Epoch ms'),
})

const given = importedSnapshot.shape
const ofStep = given.steps.element.shape
const ofSession = workoutSession.shape
const ofEvent = eventSchemas.compile.shape

const step = given.steps.element
  .extend({
    slug: ofStep.slug.describe('Identity of the step: it stays when steps are reordered'),
    position: ofStep.position.describe('Place in the course, from 0'),
    files: ofStep.files.describe('{ path, name, hidden } each; paths as the host gave them'),
    ...byList(({ isOptional, isRun, about }) =>
      isOptional
        ? told(about)
        : z
            .array(isRun ? run : question)
            .optional()
            .describe(about),
    ),
    is_testeable: ofStep.is_testeable.describe('Whether the step has tests'),
    opened_at: ofStep.opened_at.describe('First opened, epoch ms'),
    completed_at: ofStep.completed_at.describe('First completed, epoch ms'),
  })
  .describe('One exercise. Only one that an older file alone tells of lacks more than its two times')

const session = workoutSession.extend({
  started_at: ofSession.started_at.describe('Epoch ms'),
  ended_at: ofSession.ended_at.describe('Its last interaction, epoch ms; shown once it is over'),
})

const snapshot = importedSnapshot.extend({
  telemetry_id: given.telemetry_id.describe("Names one learner's record of one course folder"),
  slug: given.slug.describe('The course'),
  agent: given.agent.describe('The editor: vscode, os, ...'),
  tutorial_started_at: given.tutorial_started_at.describe('The first session, epoch ms'),
  steps: z.array(step).describe('The present course, in its order'),
  workout_session: z.array(session).optional().describe('Sessions, in order'),
  last_interaction_at: given.last_interaction_at.describe('Epoch ms'),
  user_id: given.user_id.describe('The student: always there in what we send, not in what stock sends'),
})

const seconds = (what: string) => z.number().describe(`${what}, s`)
const metrics = z.looseObject({
  total_steps: z.int().describe('Steps of the course'),
  completion_rate: z.number().describe('Completed steps, percent of all'),
  steps_not_completed: z.int().describe('Steps that are not completed'),
  skipped_steps: z.int().describe('Steps that were opened, and neither run nor tested'),
  num_sessions: z.int().describe('Sessions'),
  total_interactions: z.int().describe('Runs and tests'),
  total_time_on_platform: seconds('From the first session to the last interaction'),
  time_on_incomplete: seconds('On steps that were opened and are not completed'),
  avg_comp_struggles: z.number().describe('Failed runs, per step'),
  avg_test_struggles: z.number().describe('Failed tests, per step'),
})
const indicators = z.looseObject({
  engagement_indicator: z.number().describe('0 to 100'),
  frustration_indicator: z.number().describe('0 to 100'),
})

/** A body with `event` is taken as a stream (SPEC §10). */
const batch = snapshot.extend({
  slug: given.slug.unwrap().describe('The course'),
  tutorial_started_at: z
    .union([ofEvent.at, z.null()])
    .optional()
    .describe('The first session, epoch ms; null where an older file tells no time at all'),
  last_interaction_at: z
    .union([ofEvent.at, z.null()])
    .optional()
    .describe('Epoch ms; the first session where nothing happened yet'),
  global_metrics: metrics.optional().describe('The course in numbers: always there in what we send'),
  global_indicators: indicators.optional().describe('The same in two: always there in what we send'),
  event: z.never().optional().describe('Never there: it tells a stream body from a batch'),
})

const stream = z.looseObject({
  slug: ofEvent.step.shape.slug.describe('The step (not the course)'),
  telemetry_id: snapshot.shape.telemetry_id,
  user_id: snapshot.shape.user_id,
  step_position: ofEvent.step.shape.position.describe('Place of the step in the course, from 0'),
  event: z
    .enum(STEP_EVENT_TYPES)
    .describe('A step was opened, run, tested, the AI tutor was asked, or a quiz was answered'),
  data: z
    .looseObject({ ...run.shape, ...question.shape })
    .describe('What was recorded of it, with the base64 of the snapshot; {} for most of open_step'),
})

/** A line whose type is known. The log may hold others, which a reader passes over (SPEC §3). */
const logLine = z.union(
  Object.values(eventSchemas).map((schema) =>
    z.looseObject({
      ...schema.shape,
      v: ofEvent.v.describe('Schema version of the line'),
      id: ofEvent.id.describe('UUIDv7; a line whose id came before is a copy'),
      at: ofEvent.at.describe('When it happened, epoch ms'),
      session: ofEvent.session.describe('Id of its session start'),
      crc: z
        .string()
        .regex(/^[0-9a-f]{8}$/)
        .describe('Last key: CRC-32 of the bytes of the line before it'),
    }),
  ),
)

const published = {
  snapshot: [snapshot, 'telemetry.json', 'The state of one telemetry, folded from its log.'],
  batch: [batch, 'Batch body', 'The whole snapshot, and what it measures; each one replaces the one before.'],
  stream: [stream, 'Stream body', 'One event, as it happens.'],
  event: [
    logLine,
    'Line of events.ndjson',
    'One event of the log. Text is text here, except under `wire` and in imports.',
  ],
} as const

/** `snapshot`: telemetry.json. `batch` and `stream`: what is sent (SPEC §6). `event`: a line of the log. */
export type SchemaName = keyof typeof published
/** A JSON Schema as an object, draft 2020-12. */
export type JsonSchema = Record<string, unknown>

/**
 * A JSON Schema by name, made at every call. It refers to nothing outside itself, and accepts everything that can come: a
 * field that a stranger's file or a compiler filled is described, and its type left open.
 */
export function jsonSchema(name: SchemaName): JsonSchema {
  const [schema, title, description] = published[name]
  const { $schema, ...rest } = z.toJSONSchema(schema)
  return { $schema, title, description, ...rest }
}
