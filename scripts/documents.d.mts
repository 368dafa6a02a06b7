/** Paths from the root of the repository. */
export const documents: readonly string[]
