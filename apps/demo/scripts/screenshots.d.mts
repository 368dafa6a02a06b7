export function pageDigest(): string
/** The digest of the page that the pictures in docs/images were taken of. */
export function takenOf(): string
