// The telemetry that is followed: its log, what is folded of it, and what is sent.

import { createDeliveries, type Deliveries } from '../delivery/deliveries'
import { createOutbox, type Outbox } from '../delivery/outbox'
import type { Transport } from '../delivery/transport'
import type { Turn } from '../delivery/turn'
import { initialState } from '../fold/state'
import type { FollowerHooks, NumberedLine } from '../log/follower'
import type { Clock, Crc, Storage, TelemetryStore } from '../ports'
import type { Reading } from '../record/reading'
import type { Leader } from './leader'
import type { Reports } from './reports'

export interface ReaderOptions {
  readonly storage: Storage
  readonly clock: Clock
  readonly crc: Crc
  readonly random: () => number
  readonly transports?: readonly Transport[] | undefined
  /** As of `createTelemetry`. */
  readonly memoryBytes?: number | undefined
  readonly leader: Leader
  readonly reports: Reports
  /** The log was deleted or replaced, and is to be read from its beginning. */
  readonly restarted: () => void
}

/** One telemetry that is open. */
export interface OpenTelemetry
  extends Pick<TelemetryStore, 'log' | 'refusals'>, Pick<Outbox, 'follower' | 'submit'> {
  readonly id: string
  readonly deliveries: Deliveries
}

export interface Reader extends Reading {
  /** The telemetry that is followed; undefined before one is open. */
  readonly open: OpenTelemetry | undefined
  /** The log is folded to its end: only then is it known who is logged in, and what to render. */
  reachedEnd(): void
  /** @param term of the lease, as it was looked at just now */
  turn(term: number | undefined): Turn
  /** Whether something waits that may be sent now; as far as it is folded. */
  waits(): boolean
  readonly transports: readonly Transport[]
  /** From here on it is delivered there, and nowhere else. */
  deliverTo(transports: readonly Transport[]): void
}

const NOTHING: Turn = { term: undefined, maySend: false, position: 0, lastLogin: -1, restarts: 0 }

export function createReader(options: ReaderOptions): Reader {
  const { storage, leader, reports, restarted } = options
  let { transports = [] } = options
  let open: (OpenTelemetry & { readonly outbox: Outbox }) | undefined
  let caughtUp = false
  let isHeld = false

  function turn(term: number | undefined): Turn {
    if (open === undefined) return NOTHING
    const { outbox } = open
    const { position, restarts } = outbox.follower
    const maySend = term !== undefined && caughtUp && !isHeld && outbox.isSent
    return { term, maySend, position, lastLogin: outbox.lastLogin, restarts }
  }

  function opened(id: string) {
    const { log, cursors, deadLetters, refusals } = storage.open(id)
    const notice = (message: string, { number }: NumberedLine): void =>
      reports.noticed(`${id}/events.ndjson line ${number}: ${message}`)
    const hooks: FollowerHooks = {
      restarted() {
        caughtUp = false
        restarted()
      },
      noticed: notice,
      outgrown: notice,
    }
    const outbox = createOutbox(log, options.crc, hooks, options.memoryBytes)
    const deliveries = createDeliveries({
      ...options,
      transports,
      outbox,
      look: () => (open?.outbox === outbox ? turn(leader.look()) : NOTHING),
      cursors,
      deadLetters,
      hooks: reports.deliveryHooks,
    })
    const { follower, submit } = outbox
    return { id, log, refusals, follower, submit, outbox, deliveries }
  }

  function state() {
    if (open === undefined) return initialState
    reports.guarded('log', () => {
      open?.follower.catchUp()
      caughtUp = true
    })
    return open.follower.state
  }

  return {
    get open() {
      return open
    },
    switchTo(id) {
      open?.deliveries.stop()
      caughtUp = false
      open = reports.guarded('log', () => opened(id))
      return open
    },
    hold(is) {
      isHeld = is
    },
    state,
    get folded() {
      return open?.follower.state ?? initialState
    },
    get caughtUp() {
      return caughtUp
    },
    has: (id) => open?.follower.behind(id) !== undefined,
    get lines() {
      return open?.follower.lines ?? (() => [])
    },
    reachedEnd() {
      caughtUp = true
    },
    turn,
    waits: () => open !== undefined && !isHeld && open.outbox.isSent && open.deliveries.waits(),
    get transports() {
      return transports
    },
    deliverTo(given) {
      transports = [...given]
      open?.deliveries.deliverTo(transports)
    },
  }
}
