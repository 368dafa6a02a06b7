// A telemetry.json that we did not write: of an older installation, or of stock that ran in between.

import { parseSnapshot } from './parse-snapshot'
import type { SnapshotStore } from './ports'
import type { ImportedSnapshot } from './snapshot-schema'

export type FoundFile =
  /** There is none, it is ours, or it was no telemetry and has been set aside under the name in `notice`. */
  | { readonly kind: 'clear'; readonly notice?: string }
  | { readonly kind: 'foreign'; readonly file: ImportedSnapshot }

/** @throws when the file can neither be read nor moved out of the way: then it must not be written over */
export function findForeignFile(store: SnapshotStore): FoundFile {
  const found = store.read()
  if (found.kind === 'none' || found.kind === 'ours') return { kind: 'clear' }
  const parsed =
    found.kind === 'foreign' ? parseSnapshot(found.text) : { ok: false as const, reason: found.reason }
  if (parsed.ok) return { kind: 'foreign', file: parsed.snapshot }
  return { kind: 'clear', notice: `telemetry.json ${parsed.reason}; it is kept as ${store.setAside()}` }
}
