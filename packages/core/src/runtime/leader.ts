// Of several processes on a folder the one that holds the lease delivers and writes telemetry.json.

import type { Reports } from '../record/reports'
import type { Storage } from '../ports'

export interface Leader {
  /** The lease term while this process leads, else undefined. Valid until the caller awaits something. */
  look(): number | undefined
  /** Leads no more. */
  resign(): void
  readonly hasResigned: boolean
}

export function createLeader(
  /** Not looked at before it is asked: where the folder is may not be known yet. */
  storage: Pick<Storage, 'lease'>,
  { guarded }: Pick<Reports, 'guarded'>,
  mayRecord: () => boolean,
): Leader {
  let hasResigned = false
  return {
    look: () => (hasResigned || !mayRecord() ? undefined : guarded('lease', () => storage.lease.acquire())),
    resign() {
      hasResigned = true
    },
    get hasResigned() {
      return hasResigned
    },
  }
}
