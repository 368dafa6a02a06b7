// Errors that say nothing of what is stored: asked again, storage may answer.

/** Of a disk that fails, or of a host that has too many files open, for one. */
const CODES: readonly unknown[] = [
  'EIO',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'EAGAIN',
  'EBUSY',
  'EINTR',
  'ETIMEDOUT',
  'ESTALE',
]

/**
 * Whether a failure of storage is of the moment. What could not be read then is not missing: to take it for that would begin
 * anew beside what is there.
 */
export const isOfTheMoment = (error: unknown): boolean =>
  CODES.includes((error as { readonly code?: unknown } | null)?.code)
