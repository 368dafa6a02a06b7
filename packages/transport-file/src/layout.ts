// What lies in a course's folder, by its names (SPEC §7): who writes it, looks at it or deletes it asks here.

/** What a course's `dirPath` may be called (SPEC §5), in the order in which the host looks for it. */
export const COURSE_FOLDERS: readonly string[] = ['.breathecode', '.learn']
/** Where a host that names no folder keeps its record. */
export const DEFAULT_FOLDER = '.learn'

/** The snapshot of the current telemetry ... */
export const SNAPSHOT_NAME = 'telemetry.json'
/** ... and the folder beside it, with what is of all of them: ... */
export const RECORD_NAME = 'telemetry'
export const INDEX_NAME = 'index.json'
/** (which telemetry.json is ours) */
export const FINGERPRINT_NAME = 'written.json'
/** (the login that came with the course) */
export const FOREIGN_SESSION_NAME = 'session-of-course.json'
/** ... and a folder for each, with these and a cursor for each destination. */
export const LOG_NAME = 'events.ndjson'
export const DEAD_LETTERS_NAME = 'dead-letters.ndjson'
export const REFUSALS_NAME = 'refusals.ndjson'

export const cursorName = (digest: string): string => `cursor-${digest}.json`
export const isCursor = (name: string): boolean => /^cursor-[0-9a-f]+\.json$/.test(name)

/** Of who delivers; the highest number counts. */
export const leaseName = (number: number): string => `lease-${number}`
export const leaseNumber = (name: string): number | undefined => numberIn(/^lease-(\d+)$/, name)
export const LEASE_ASKED_NAME = 'lease-asked'

/** What lay there as telemetry.json, could not be read, and is kept. */
export const asideName = (at: Date): string =>
  `${SNAPSHOT_NAME}.aside-${at.toISOString().replace(/[:.]/g, '-')}`
/** Whether that is the name of such a file: kept until the learner deletes it. */
export const isAside = (name: string): boolean => /^telemetry\.json\.aside-[\dTZ-]+$/.test(name)

let temporaries = 0

/** Of a file that will replace `name`: nobody else uses it, and its pid tells later whether its process is still there. */
export const temporaryName = (name: string): string => `.${name}.${process.pid}-${temporaries++}.tmp`
/** The process that writes, or wrote, the temporary file of that name; undefined for any other file. */
export const writerOf = (name: string): number | undefined => numberIn(/^\..+\.(\d+)-\d+\.tmp$/, name)

function numberIn(pattern: RegExp, name: string): number | undefined {
  const digits = pattern.exec(name)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** Whether an entry of a course's `dirPath` is of the record: the host keeps other things there. */
export const isOurs = (name: string): boolean =>
  name === SNAPSHOT_NAME ||
  name === RECORD_NAME ||
  isAside(name) ||
  (writerOf(name) !== undefined && name.startsWith(`.${SNAPSHOT_NAME}.`))

/** Of running processes, not of the learner: who delivers, which telemetry.json is ours, what is half written. */
export const isPassing = (name: string): boolean =>
  name === FINGERPRINT_NAME ||
  name === LEASE_ASKED_NAME ||
  leaseNumber(name) !== undefined ||
  name.startsWith('.')
