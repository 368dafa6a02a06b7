// Of several processes on a folder the one that holds the lease delivers and writes telemetry.json.

import type { Storage } from '../ports'

/**
 * Returns whether this process leads, for as long as whoever asked goes on without waiting.
 * @param taken called when it begins to: another may have led before, and what it left is what is there
 */
export function createLeader(storage: Pick<Storage, 'lease'>, taken: () => void): () => boolean {
  let term: number | undefined
  return () => {
    const before = term
    term = storage.lease.acquire()
    if (term !== undefined && term !== before) taken()
    return term !== undefined
  }
}
