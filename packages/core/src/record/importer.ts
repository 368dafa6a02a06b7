// Unites a telemetry.json from elsewhere with the telemetry of the student whose it is (SPEC §4 rule 7).

import { sameStudent } from '../events/events'
import type { ImportedSnapshot } from '../events/snapshot-schema'
import { addsNothing } from '../fold/adds-nothing'
import { differences } from '../fold/differences'
import { isLearnPack5, isNewer } from '../fold/host-file'
import type { State } from '../fold/state'
import type { Crc } from '../ports'
import type { Cleaner } from './clean'
import type { Folder } from './folder'
import { isIn, linesOf } from './moves'
import type { ReadSide } from './read-side'
import type { Recorded } from './recorded'
import type { Call, Open, Recorder } from './recorder'
import { envelopeOf, type Session } from './session'

/** Of a log that is folded at once, bytes, to tell what is new in a file: a start takes a moment longer for it. */
const FOLDED_AT_ONCE = 4 * 1024 * 1024

export interface ImporterOptions {
  readonly crc: Crc
  readonly clean: Pick<Cleaner, 'snapshot'>
  readonly recorder: Recorder
  readonly folder: Folder
  readonly session: Session
  readonly reading: ReadSide
}

/**
 * Appends the import with the id of the call, unless the log holds it already or it says nothing new. A file that goes by the
 * present telemetry's id is united with it whoever it names: what is whose in it cannot be told.
 */
export type ImportSnapshot = (file: ImportedSnapshot, call: Call) => Recorded

export function createImporter({
  crc,
  clean,
  recorder,
  folder,
  session,
  reading,
}: ImporterOptions): ImportSnapshot {
  const { append } = recorder

  /** A file whose import could not be noted comes again with the id it had: it is in the log already. */
  function isTakenIn(id: string, to: Open): boolean {
    if (reading.caughtUp && to === folder.current) return reading.has(id)
    return isIn(linesOf(to.log), 0, id, crc)
  }

  const isShort = ({ log }: Open, file: ImportedSnapshot): boolean =>
    isLearnPack5(file) && log.size() <= FOLDED_AT_ONCE

  function importInto(to: Open | undefined, file: ImportedSnapshot, call: Call): Recorded {
    if (to !== undefined && isTakenIn(call.id, to)) return { ok: true, id: call.id }
    const cleaned = clean.snapshot(file)
    // Folding a long log first would hold up a start: what is appended instead folds to the same.
    const isFolded = to !== undefined && to === folder.current && (reading.caughtUp || isShort(to, cleaned))
    const known = isFolded ? reading.state() : undefined
    if (known?.last_event_id !== undefined && isNewer(known, cleaned)) return appendNews(known, cleaned, call)
    if (known?.last_event_id !== undefined && addsNothing(known, cleaned))
      return { ok: true, id: known.last_event_id }
    const envelope = to?.id === folder.current?.id ? session.envelope(call) : envelopeOf(call)
    const recorded = append({ ...envelope, type: 'import', data: { snapshot: cleaned } }, to)
    if (recorded.ok && to !== undefined) folder.whose?.own(to.id, file.user_id)
    return recorded
  }

  /** What happened since, by a newer version of the file of this telemetry. */
  function appendNews(known: State, file: ImportedSnapshot, { at }: Call): Recorded {
    const { current, whose } = folder
    let last: Recorded = { ok: true, id: known.last_event_id as string }
    for (const event of differences(known, file, { at, live: false })) {
      last = append(event, current)
      if (!last.ok) return last
    }
    if (current !== undefined) whose?.own(current.id, file.user_id)
    return last
  }

  return (file, call) => {
    const { current, whose } = folder
    const owner = current && whose?.ownerOf(current.id)
    const { user_id, telemetry_id } = file
    const another = owner !== undefined && user_id !== undefined && !sameStudent(owner, user_id)
    if (!another || telemetry_id === current?.id) return importInto(current, file, call)
    return importInto(folder.logOf(folder.telemetryFor(user_id, call.at, telemetry_id)), file, call)
  }
}
