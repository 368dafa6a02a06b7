// Takes in the telemetry.json that somebody else wrote, or sets aside what cannot be (SPEC §7).

import { deterministicId } from '../events/deterministic-id'
import { findForeignFile } from '../log/foreign-file'
import type { Clock, Storage } from '../ports'
import type { Reports } from './reports'
import type { ImportSnapshot } from './importer'

/** How long after a failed import the next one is tried, ms. */
const AGAIN_MS = 5_000

export interface FileImporterOptions {
  /** Not looked at before it is called: where the folder is may not be known yet. */
  readonly storage: Pick<Storage, 'snapshot'>
  readonly clock: Clock
  readonly reports: Reports
  /** Applied to why it is set aside, which may quote it. */
  readonly clean: (reason: string) => string
  readonly importSnapshot: ImportSnapshot
}

/**
 * Returns whether a log was appended to.
 * @param patiently what cannot be read may be a file that somebody is writing at the moment: it is set aside when it
 *   is found unchanged the next time
 */
export type ImportFile = (how: { readonly patiently: boolean }) => boolean

export function createFileImporter({
  storage,
  clock,
  reports,
  clean,
  importSnapshot,
}: FileImporterOptions): ImportFile {
  let againAt = -Infinity
  let unreadable: { readonly text: string | undefined; readonly at: number } | undefined

  function setAside(reason: string): void {
    const name = reports.guarded('telemetry.json', () => storage.snapshot.setAside())
    if (name === undefined) againAt = clock.elapsed() + AGAIN_MS
    else reports.noticed(`telemetry.json ${clean(reason)}; it is kept as ${name}`)
  }

  return ({ patiently }) => {
    const lookedAt = clock.elapsed()
    if (lookedAt < againAt) return false
    const found = reports.guarded('telemetry.json', () => findForeignFile(storage.snapshot))
    if (found === undefined || found.kind === 'clear') {
      unreadable = undefined
      return false
    }
    if (found.kind === 'unreadable') {
      const seenBefore =
        unreadable !== undefined && unreadable.text === found.text && lookedAt > unreadable.at
      if (patiently && !seenBefore) unreadable = { text: found.text, at: lookedAt }
      else setAside(found.reason)
      return false
    }
    // The same file taken in by two processes is one event.
    const { last_interaction_at, tutorial_started_at } = found.file
    const id = deterministicId(last_interaction_at ?? tutorial_started_at ?? 0, found.text)
    const { ok } = reports.answered(() => importSnapshot(found.file, { id, at: clock.now() }))
    const isNoted = ok && reports.guarded('telemetry.json', () => (found.adopted(), true)) === true
    if (!isNoted) againAt = lookedAt + AGAIN_MS
    return ok
  }
}
