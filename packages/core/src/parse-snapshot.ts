import { describeIssues } from './describe'
import { importedSnapshot, type ImportedSnapshot } from './snapshot-schema'

export type ParsedSnapshot = { ok: true; snapshot: ImportedSnapshot } | { ok: false; reason: string }

/** Reads the text of a telemetry.json, whoever wrote it. Nothing of it is dropped. */
export function parseSnapshot(text: string): ParsedSnapshot {
  let raw: unknown
  try {
    raw = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    return { ok: false, reason: `is not JSON (${(error as Error).message})` }
  }
  const parsed = importedSnapshot.safeParse(raw)
  return parsed.success
    ? { ok: true, snapshot: raw as ImportedSnapshot }
    : { ok: false, reason: `is no telemetry: ${describeIssues(parsed.error, raw)}` }
}
