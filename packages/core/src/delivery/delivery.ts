// Delivery to one destination (SPEC §6): in order, one request at a time, at least once, with a durable
// cursor, full-jitter retries, pauses and dead letters. Plain logic over ports; it keeps no queue.

import { brief, messageOf } from '../events/describe'
import type { DeliveryEvents } from './delivery-events'
import type { Parcels } from './parcels'
import type { Clock, CursorStore, DeadLetter, DeadLetterStore, DeliveryState } from '../ports'
import { destinationOf, type Outcome, type Parcel, type Transport } from './transport'
import { createTurns } from './turns'

/**
 * Of a run of deliveries, the cursor is stored that often, ms: storing it costs more than a delivery. Whoever
 * is killed in between sends those again, which their ids tell the receiver (at least once).
 */
const STORE_MS = 1_000
/** Back-off: a random part of 1 s, doubling at every failure, to at most 5 min. */
const FIRST_RETRY_MS = 1_000
const LONGEST_RETRY_MS = 5 * 60_000
/** No destination may ask for more patience than this. */
const LONGEST_RETRY_AFTER_MS = 24 * 3_600_000

export interface DeliveryHooks extends DeliveryEvents {
  failed: (destination: string, error: unknown) => void
}

export interface DeliveryOptions {
  readonly transport: Transport
  readonly parcels: Parcels
  /** The parcel of a dead letter, to be sent again. */
  readonly revive: (letter: DeadLetter) => Parcel | undefined
  /** Whether anything may be sent now. */
  readonly allowed: () => boolean
  /** Whether this process delivers, and has done so since the state was loaded. */
  readonly leads: () => boolean
  /** What is stored of a destination, as far as it is about the log that is there now. */
  readonly ofThisLog: (state: DeliveryState) => DeliveryState
  /** Byte offset up to which the log is folded. */
  readonly position: () => number
  /** Byte offset of the latest login, -1 where there was none. */
  readonly lastLogin: () => number
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
  /** Whether nothing is sent until a student logs in, or it is sent in another way. */
  readonly paused: boolean
  /** Something may have come to send. */
  wake(): void
  /** Sends dead letters again, each once, before anything else. */
  resend(letters: readonly DeadLetter[]): void
  /** Another process may have delivered since: goes on from the stored cursor. */
  reload(): void
  /** The log is another one: goes on at its beginning. */
  restart(): void
  /** Resolves once nothing more can be sent now: all delivered, or waiting for a retry, a login or a pause. */
  settled(): Promise<void>
  /** Stores where it is now, for a process that is about to exit. */
  store(): void
  /** Aborts the request under way and sends nothing more. */
  stop(): void
}

/** Of a parcel that is settled, or not tried yet. */
const noWait = { attempts: 0, retryAt: undefined, retryAsked: undefined }

const KINDS: readonly unknown[] = ['delivered', 'retry', 'pause', 'reject'] satisfies Outcome['kind'][]

/** The state of a destination that was never tried: it starts at the first line of the log (SPEC §6). */
export const freshDelivery: DeliveryState = { offset: 0, delivered: 0, deadLettered: 0, attempts: 0 }

export function createDelivery(options: DeliveryOptions): Delivery {
  const {
    transport,
    parcels,
    revive,
    allowed,
    leads,
    ofThisLog,
    position,
    lastLogin,
    cursors,
    deadLetters,
    clock,
    random,
    hooks,
  } = options
  const destination = destinationOf(transport)
  const abort = new AbortController()
  let state = cursors.read(destination) ?? freshDelivery
  /** No attempt before that, by `clock.elapsed`. */
  let dueAt = clock.elapsed() + restOfWait(state, clock.now())
  let stored = true
  let storedAt = -Infinity
  /** Counts how often the state was replaced by another one: an answer to a request from before is not for it. */
  let replaced = 0
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
    // Who begins to lead loads what is stored, and then there is nothing to store.
    if (stored || !leads() || stored) return
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
    cancelRetry = clock.after(Math.max(0, dueAt - clock.elapsed()), wake)
  }

  async function run(): Promise<void> {
    const nextTurn = createTurns(clock)
    while (!abort.signal.aborted && allowed()) {
      const known = ofThisLog(state)
      if (known !== state) dueAt = -Infinity
      state = known
      if (isPaused(state, lastLogin(), settings())) return
      if (clock.elapsed() < dueAt) return retryLater()
      await nextTurn()
      const letter = revived[0]
      const before = replaced
      if (letter === undefined) await parcels.prepare?.(state, nextTurn)
      // That may have taken long.
      if (replaced !== before || abort.signal.aborted || !allowed()) continue
      const next = letter === undefined ? parcels(state) : undefined
      const parcel = letter === undefined ? next?.parcel : revive(letter)
      if (parcel === undefined) {
        if (revived.shift() === undefined) return
        continue
      }
      const asked = position()
      const outcome = await attempt(parcel)
      if (abort.signal.aborted) return
      // Whoever delivers now, or what the log is now, knows nothing of this request: it is made again.
      if (!leads() || replaced !== before) continue
      const done = { ...next?.cursor, ...noWait, paused: undefined }
      if (outcome.kind === 'delivered') {
        if (letter !== undefined) bury(letter, { deliveredAt: clock.now() })
        const resent = letter === undefined ? 0 : 1
        state = {
          ...state,
          ...done,
          delivered: state.delivered + 1,
          deadLettered: state.deadLettered - resent,
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
        save({ paused: { reason, offset: asked, settings: settings() }, ...noWait, lastError: reason })
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

  function wake(): void {
    if (abort.signal.aborted) return
    if (running !== undefined) {
      again = true
      return
    }
    // The next microtask, so that a caller is never inside a transport's code.
    running = Promise.resolve()
      .then(run)
      .finally(() => abort.signal.aborted || store())
      .catch((error: unknown) => hooks.failed(destination, error))
      .finally(() => {
        running = undefined
        if (!again) return
        again = false
        wake()
      })
  }

  return {
    destination,
    get state() {
      return state
    },
    get paused() {
      return isPaused(ofThisLog(state), lastLogin(), settings())
    },
    wake,
    resend(letters) {
      for (const letter of letters) {
        const isNew = revived.every(({ id }) => id !== letter.id)
        if (letter.destination === destination && isNew) revived.push(letter)
      }
      wake()
    },
    reload() {
      replaced++
      stored = true
      const { retryAt } = state
      state = cursors.read(destination) ?? freshDelivery
      // Of a wait that we set, it is known when it is over.
      if (state.retryAt !== retryAt) dueAt = clock.elapsed() + restOfWait(state, clock.now())
    },
    restart() {
      replaced++
      dueAt = -Infinity
      save(atBeginning(state))
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

/** Offsets are of a log that is gone; a login in the new one ends a pause. */
export const atBeginning = (state: DeliveryState): DeliveryState => ({
  ...state,
  offset: 0,
  id: undefined,
  ...noWait,
  paused: state.paused && { ...state.paused, offset: 0 },
})

/**
 * Nothing is sent until a student logs in behind it, or it is sent in another way.
 * @param lastLogin byte offset of the latest login
 * @param settings as of the transport; undefined where they are not known
 */
export const isPaused = ({ paused }: DeliveryState, lastLogin: number, settings?: string): boolean =>
  paused !== undefined &&
  lastLogin < paused.offset &&
  (settings === undefined || settings === (paused.settings ?? settings))

/**
 * How long a process that begins to deliver makes no attempt, ms: as long as the receiver asked for. A back-off of another
 * process is not waited for, because what stood in its way, a network that was away for one, may be over. A time further
 * away than any that is ever set is of a clock that was wrong.
 * @param now epoch ms
 */
export function restOfWait({ retryAt = 0, retryAsked = 0 }: DeliveryState, now: number): number {
  const rest = retryAt - now
  return rest > 0 && rest <= LONGEST_RETRY_AFTER_MS ? Math.min(rest, retryAsked) : 0
}

function backOff(attempts: number, random: () => number): number {
  return random() * Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (attempts - 1))
}

/** A least: a receiver that says "at once" every time is not asked without end. */
function askedFor(after: number | undefined): number | undefined {
  return after !== undefined && Number.isFinite(after) && after > 0
    ? Math.min(after, LONGEST_RETRY_AFTER_MS)
    : undefined
}
