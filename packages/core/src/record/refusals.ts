// What was refused, counted by reason until there is a chance to store it: a full disk must not make a
// host that keeps calling fill the memory as well.

import type { Refusal, RefusalStore } from '../ports'

/** Why a question to the AI tutor was refused: nobody was logged in (SPEC §3). No fault of anybody's. */
export const AI_NEEDS_LOGIN = 'ai_interaction is recorded only while a student is logged in'

/** Why a call was refused that came after `close`. */
export const AFTER_CLOSE = 'nothing is recorded after close'

/** Different reasons kept apart; beyond that they are counted together. */
const REASONS = 100
const OTHERS = 'for other reasons'

export interface Refusals {
  add(reason: string, at: number): void
  /** @throws when the store fails; what it did not take is kept for the next time */
  store(store: RefusalStore): void
}

export function createRefusals(): Refusals {
  const kept = new Map<string, Refusal>()
  return {
    add(given, at) {
      const reason = kept.has(given) || kept.size < REASONS ? given : OTHERS
      kept.set(reason, { at, reason, count: (kept.get(reason)?.count ?? 0) + 1 })
    },
    store(store) {
      for (const [reason, refusal] of kept) {
        store.append(refusal)
        kept.delete(reason)
      }
    },
  }
}
