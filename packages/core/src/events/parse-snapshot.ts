import { describeIssues } from './describe'
import { DEEPEST, isTooDeep } from './nesting'
import { importedSnapshot, type ImportedSnapshot } from './snapshot-schema'

/**
 * The file as an {@link ImportedSnapshot}, or what is wrong with it, naming the field, for a person.
 * @inline
 */
export type ParsedSnapshot = { ok: true; snapshot: ImportedSnapshot } | { ok: false; reason: string }

/**
 * Reads the text of a telemetry.json, whoever wrote it. Nothing that says anything is dropped but the student's name:
 * a time or a student that is null or '' means that there is none. A byte order mark is passed over. Does not throw.
 */
export function parseSnapshot(text: string): ParsedSnapshot {
  let raw: unknown
  try {
    raw = normalized(JSON.parse(text.replace(/^\uFEFF/, '')))
  } catch (error) {
    return { ok: false, reason: `is not JSON (${(error as Error).message})` }
  }
  if (isTooDeep(raw)) return { ok: false, reason: `is nested more than ${DEEPEST} levels deep` }
  const parsed = importedSnapshot.safeParse(raw)
  return parsed.success
    ? { ok: true, snapshot: raw as ImportedSnapshot }
    : { ok: false, reason: `is no telemetry: ${describeIssues(parsed.error, raw)}` }
}

/** Fields of SPEC §4 that may be absent: a file that says `null`, or names a student of no name, means that. */
const optional = new Set(['user_id', 'last_interaction_at', 'opened_at', 'completed_at', 'ended_at'])

/** A parsed telemetry.json with what is said to be absent really absent, and without the student's name (SPEC §12). */
export function normalized(raw: unknown): unknown {
  if (!isObject(raw)) return raw
  const { fullname: _, ...file } = withoutEmpty(raw) as Record<string, unknown>
  const { steps, workout_session } = file
  return {
    ...file,
    ...(Array.isArray(steps) && { steps: steps.map(withoutEmpty) }),
    ...(Array.isArray(workout_session) && { workout_session: workout_session.map(withoutEmpty) }),
  }
}

function withoutEmpty(value: unknown): unknown {
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).filter(([key, inner]) => !(optional.has(key) && (inner === null || inner === ''))),
  )
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
