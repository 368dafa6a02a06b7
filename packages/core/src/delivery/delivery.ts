// Delivery to one destination (SPEC §6): in order, one request at a time, at least once, with a durable
// cursor, full-jitter retries, pauses and dead letters. Plain logic over ports; it keeps no queue.

import { brief, messageOf } from '../events/describe'
import type { DeliveryEvents } from './delivery-events'
import {
  atBeginning,
  freshDelivery,
  isPaused,
  LONGEST_RETRY_AFTER_MS,
  noWait,
  restOfWait,
} from './delivery-state'
import type { Outbox } from './outbox'
import type { Clock, CursorStore, DeadLetter, DeadLetterStore, DeliveryState } from '../ports'
import { destinationOf, type Outcome, type Parcel, type Transport } from './transport'
import { isSameTerm, type Turn } from './turn'
import { createTurns } from './turns'

/**
 * How often the cursor is stored during a run of deliveries, ms: storing it costs more than a delivery. A process that is
 * killed in between sends the same ids again (at least once).
 */
const STORE_MS = 1_000
/** Back-off: a random part of 1 s, doubling at every failure, to at most 5 min. */
const FIRST_RETRY_MS = 1_000
const LONGEST_RETRY_MS = 5 * 60_000

export interface DeliveryHooks extends DeliveryEvents {
  failed: (destination: string, error: unknown) => void
}

export interface DeliveryOptions {
  readonly transport: Transport
  readonly outbox: Pick<Outbox, 'parcels' | 'revive' | 'ofThisLog'>
  /** Looks at the log and at the lease anew. */
  readonly look: () => Turn
  readonly cursors: CursorStore
  readonly deadLetters: DeadLetterStore
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  readonly hooks: DeliveryHooks
}

export interface Delivery {
  readonly destination: string
  readonly state: DeliveryState
  /** Something may have come to send. */
  wake(turn: Turn): void
  /** Sends dead letters again, each once, before anything else. */
  resend(letters: readonly DeadLetter[]): void
  /** Resolves once nothing more can be sent now: all delivered, or waiting for a retry, a login or a pause. */
  settled(): Promise<void>
  /** Stores where it is now, for a process that is about to exit. */
  store(): void
  /** Aborts the request under way and sends nothing more. */
  stop(): void
}

const KINDS: readonly unknown[] = ['delivered', 'retry', 'pause', 'reject'] satisfies Outcome['kind'][]

export function createDelivery(options: DeliveryOptions): Delivery {
  const { transport, outbox, look, cursors, deadLetters, clock, random, hooks } = options
  const destination = destinationOf(transport)
  const parcels = outbox.parcels(transport.wants)
  const abort = new AbortController()
  let state = cursors.read(destination) ?? freshDelivery
  /** No attempt before that, by `clock.elapsed`. */
  let dueAt = clock.elapsed() + restOfWait(state, clock.now())
  /** The lease term at whose beginning `state` was read; undefined before the first. */
  let term: number | undefined
  /** `Turn.restarts` of the log that `state` is about. */
  let restarts: number | undefined
  let stored = true
  let storedAt = -Infinity
  let running: Promise<void> | undefined
  let again = false
  const revived: DeadLetter[] = []
  let cancelRetry: (() => void) | undefined

  function save(change: Partial<DeliveryState>): void {
    state = { ...state, ...change }
    stored = false
    store()
  }

  /** What cannot be stored now is stored at the next chance; delivery does not wait for it. */
  function store(): void {
    // In another term, what is stored may be another process's, which knows more.
    if (stored || term === undefined || look().term !== term) return
    storedAt = clock.elapsed()
    try {
      cursors.write(destination, state)
      stored = true
    } catch (error) {
      hooks.failed(destination, error)
    }
  }

  const settings = (): string | undefined => transport.settings?.()

  async function attempt(parcel: Parcel): Promise<Outcome> {
    try {
      const outcome = await transport.deliver(parcel, abort.signal)
      if (KINDS.includes(outcome?.kind)) return outcome
      return { kind: 'retry', reason: `the transport answered ${brief(outcome)}` }
    } catch (error) {
      return { kind: 'retry', reason: messageOf(error) }
    }
  }

  function retryLater(): void {
    cancelRetry?.()
    cancelRetry = clock.after(Math.max(0, dueAt - clock.elapsed()), () => wake(look()))
  }

  /**
   * A replaced log is sent from its beginning. In a new term the stored state is read again: another process may have
   * delivered in between.
   */
  function enter(turn: Turn): Turn {
    if (turn.restarts !== (restarts ??= turn.restarts)) {
      restarts = turn.restarts
      dueAt = -Infinity
      state = atBeginning(state)
      stored = false
    }
    if (turn.term === undefined || turn.term === term) return turn
    const { retryAt } = state
    state = cursors.read(destination) ?? freshDelivery
    term = turn.term
    stored = true
    // The end of a wait that this process set is in `dueAt` already.
    if (state.retryAt !== retryAt) dueAt = clock.elapsed() + restOfWait(state, clock.now())
    return turn
  }

  async function run(woken: Turn): Promise<void> {
    const nextTurn = createTurns(clock)
    for (let turn = enter(woken); turn.maySend && !abort.signal.aborted; turn = enter(look())) {
      const known = outbox.ofThisLog(state)
      if (known !== state) dueAt = -Infinity
      state = known
      if (isPaused(state, turn.lastLogin, settings())) return
      if (clock.elapsed() < dueAt) return retryLater()
      await nextTurn()
      const letter = revived[0]
      if (letter === undefined) await parcels.prepare?.(state, nextTurn)
      // That may have taken long.
      const now = look()
      if (!now.maySend || !isSameTerm(now, turn) || abort.signal.aborted) continue
      const next = letter === undefined ? parcels(state) : undefined
      const parcel = letter === undefined ? next?.parcel : outbox.revive(letter)
      if (parcel === undefined) {
        if (revived.shift() === undefined) return
        continue
      }
      const outcome = await attempt(parcel)
      if (abort.signal.aborted) return
      // The lease was lost, or the log replaced, during the request: its outcome is not noted, and the parcel is sent again.
      if (!isSameTerm(look(), turn)) continue
      const done = { ...next?.cursor, ...noWait, paused: undefined }
      if (outcome.kind === 'delivered') {
        if (letter !== undefined) bury(letter, { deliveredAt: clock.now() })
        const resent = letter === undefined ? 0 : 1
        state = {
          ...state,
          ...done,
          delivered: state.delivered + 1,
          // A crash between the two may have stored a letter that the cursor does not count.
          deadLettered: Math.max(0, state.deadLettered - resent),
          lastError: undefined,
        }
        stored = false
        // What became of a letter is stored already: the two must not tell different things.
        if (letter !== undefined || clock.elapsed() - storedAt >= STORE_MS) store()
        hooks.delivered(destination, parcel)
      } else if (outcome.kind === 'retry') {
        const attempts = state.attempts + 1
        const retryAsked = askedFor(outcome.after)
        const wait = Math.max(retryAsked ?? 0, backOff(attempts, random))
        const retryAt = clock.now() + wait
        dueAt = clock.elapsed() + wait
        save({ attempts, retryAt, retryAsked, paused: undefined, lastError: outcome.reason })
        hooks.retrying(destination, parcel, outcome.reason, retryAt)
        return retryLater()
      } else if (outcome.kind === 'pause') {
        const { reason } = outcome
        save({ paused: { reason, offset: now.position, settings: settings() }, ...noWait, lastError: reason })
        hooks.paused(destination, parcel, reason)
      } else {
        const { reason } = outcome
        const isNew = next !== undefined && parcel.kind === 'event'
        if (letter !== undefined) bury(letter, { reason })
        if (isNew)
          deadLetters.append({ destination, id: parcel.id, offset: next.offset, at: clock.now(), reason })
        save({ ...done, deadLettered: state.deadLettered + (isNew ? 1 : 0), lastError: reason })
        hooks[parcel.kind === 'event' ? 'deadLettered' : 'rejected'](destination, parcel, reason)
      }
    }
  }

  /** Notes what became of a letter that was sent again. */
  function bury(letter: DeadLetter, fate: Partial<DeadLetter>): void {
    deadLetters.append({ ...letter, at: clock.now(), ...fate })
    revived.shift()
  }

  function wake(turn: Turn): void {
    if (abort.signal.aborted) return
    if (running !== undefined) {
      again = true
      return
    }
    // The next microtask, so that a caller is never inside a transport's code.
    running = Promise.resolve()
      .then(() => run(turn))
      .finally(() => abort.signal.aborted || store())
      .catch((error: unknown) => hooks.failed(destination, error))
      .finally(() => {
        running = undefined
        if (!again) return
        again = false
        wake(look())
      })
  }

  return {
    destination,
    get state() {
      return state
    },
    wake,
    resend(letters) {
      for (const letter of letters) {
        const isNew = revived.every(({ id }) => id !== letter.id)
        if (letter.destination === destination && isNew) revived.push(letter)
      }
      wake(look())
    },
    async settled() {
      while (running !== undefined) await running
    },
    store,
    stop() {
      cancelRetry?.()
      abort.abort()
    },
  }
}

function backOff(attempts: number, random: () => number): number {
  return random() * Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (attempts - 1))
}

/** The wait a receiver asks for can only lengthen the back-off: one that always answers "at once" is not called in a loop. */
function askedFor(after: number | undefined): number | undefined {
  return after !== undefined && Number.isFinite(after) && after > 0
    ? Math.min(after, LONGEST_RETRY_AFTER_MS)
    : undefined
}
