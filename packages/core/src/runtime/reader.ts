// The telemetry that is followed: its log, what is folded of it, and what is sent.

import { createDeliveries, type Deliveries } from '../delivery/deliveries'
import { createOutbox, type Outbox } from '../delivery/outbox'
import { destinationOf, type Transport } from '../delivery/transport'
import type { Turn } from '../delivery/turn'
import { initialState } from '../fold/state'
import type { FollowerHooks, NumberedLine } from '../log/follower'
import type { Clock, Crc, Storage, TelemetryStore } from '../ports'
import type { ReadSide } from '../record/read-side'
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
  readonly leader: Pick<Leader, 'look'>
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

export interface Reader extends ReadSide {
  /** The telemetry that is followed; undefined before one is open. */
  readonly open: OpenTelemetry | undefined
  /** A log is folded to its end: only then is it known who is logged in, and what to render. */
  reachedEnd(read: OpenTelemetry): void
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
  /** A login or logout may be in the log that is not folded yet. */
  let isBehind = false

  function turn(term: number | undefined): Turn {
    if (open === undefined) return NOTHING
    const { outbox } = open
    const { position, restarts } = outbox.follower
    const maySend = term !== undefined && caughtUp && !isHeld && !isBehind && outbox.maySend
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
    const read = open
    reports.guarded('log', () => {
      read.follower.catchUp()
      caughtUp ||= read === open
    })
    return open.follower.state
  }

  return {
    get open() {
      return open
    },
    switchTo(id) {
      open?.deliveries.store()
      open?.deliveries.stop()
      caughtUp = false
      open = reports.guarded('log', () => opened(id))
      return open
    },
    hold(is) {
      isHeld = is
      isBehind = true
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
    reachedEnd(read) {
      // A listener may have logged in somebody else while it was read.
      if (read !== open) return
      caughtUp = true
      isBehind = false
    },
    turn,
    waits: () => open !== undefined && !isHeld && open.outbox.maySend && open.deliveries.waits(),
    get transports() {
      return transports
    },
    deliverTo(given) {
      // One that stays goes on with what it has begun.
      const before = new Map(transports.map((transport) => [destinationOf(transport), transport]))
      transports = given.map((transport) => before.get(destinationOf(transport)) ?? transport)
      open?.deliveries.deliverTo(transports)
    },
  }
}
