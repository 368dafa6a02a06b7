// Errors of storage that are temporary: asked again, it may answer.

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
 * Whether a failure of storage is temporary. What could not be read is not missing: to treat it as missing would begin a
 * second record beside the first.
 */
export const isOfTheMoment = (error: unknown): boolean =>
  CODES.includes((error as { readonly code?: unknown } | null)?.code)
