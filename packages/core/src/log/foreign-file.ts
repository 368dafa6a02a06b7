// A telemetry.json that we did not write: of an older installation, or of stock that ran in between.

import { parseSnapshot } from '../events/parse-snapshot'
import type { SnapshotStore } from '../ports'
import type { ImportedSnapshot } from '../events/snapshot-schema'

export type FoundFile =
  /** There is none, or it is ours. */
  | { readonly kind: 'clear' }
  /** A telemetry: to be imported, and then `adopted`. */
  | { readonly kind: 'foreign'; readonly text: string; readonly file: ImportedSnapshot; adopted(): void }
  /** No telemetry, or one that cannot be kept: to be set aside. */
  | { readonly kind: 'unreadable'; readonly text?: string; readonly reason: string }

/** @throws when the file cannot be looked at: then it must not be written over */
export function findForeignFile(store: SnapshotStore): FoundFile {
  const found = store.read()
  if (found.kind === 'none' || found.kind === 'ours') return { kind: 'clear' }
  if (found.kind === 'unreadable') return found
  const { text, adopted } = found
  const parsed = parseSnapshot(text)
  if (!parsed.ok) return { kind: 'unreadable', text, reason: parsed.reason }
  try {
    JSON.stringify(parsed.snapshot)
  } catch (error) {
    return { kind: 'unreadable', text, reason: `cannot be kept (${(error as Error).message})` }
  }
  return { kind: 'foreign', text, file: parsed.snapshot, adopted }
}
