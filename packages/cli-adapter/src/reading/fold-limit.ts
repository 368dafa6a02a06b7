// What a command folds: it holds the whole state in memory, several times over where it prints it.

import type { EventLog } from '@learnpack/telemetry-core'
import type { CourseFolder } from '@learnpack/telemetry-transport-file'
import { CommandError } from '../shared/command-error'
import { megabytes } from '../shared/sizes'

/** The largest log that a command folds, bytes: about 1,500 runs with their code and output. */
export const FOLD_BYTES = 24_000_000
/** The same in lines: the shortest events have 130 bytes. A file of line feeds takes as long as one of events. */
const FOLD_LINES = 200_000

/** A log is too large for a command that has to fold it. It can be copied. */
export class LogTooLarge extends CommandError {
  constructor(path: string, what: string) {
    super(
      `${path} ${what}: too large to be read as a whole. export copies it all the same; status, doctor and purge work`,
    )
  }
}

/** @throws LogTooLarge before anything of it is read */
function checkSize(path: string, bytes: number): void {
  if (bytes <= FOLD_BYTES) return
  throw new LogTooLarge(path, `has ${megabytes(bytes)}, more than ${megabytes(FOLD_BYTES)}`)
}

/** The same folder, whose logs throw `LogTooLarge` where they are read and are too large. */
export function limitedFolder(folder: CourseFolder): CourseFolder {
  return {
    ...folder,
    open(id) {
      const store = folder.open(id)
      return { ...store, log: limitedLog(store.log, folder.logPath(id)) }
    },
  }
}

/** The log at `path`, which throws `LogTooLarge` where it is read and is too large. */
export function limitedLog<L extends EventLog>(log: L, path: string): L {
  let lines = 0
  let end = 0
  return {
    ...log,
    read(from, maxBytes) {
      checkSize(path, log.size())
      const slice = log.read(from, maxBytes)
      if (slice.next > end) {
        lines += slice.lines.length
        end = slice.next
      }
      if (lines > FOLD_LINES)
        throw new LogTooLarge(path, `has more than ${FOLD_LINES.toLocaleString('en')} lines`)
      return slice
    },
  }
}
