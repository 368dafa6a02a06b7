// What the runtime tells of itself, and that nothing in it throws into the host.

import type { Recorded } from '../record/recorded'
import { EventEmitter } from 'eventemitter3'
import type { TelemetryEvents } from './api'
import type { DeliveryHooks } from '../delivery/delivery'
import { messageOf } from '../events/describe'
import type { Clock } from '../ports'
import { createRefusals, type Refusals } from '../record/refusals'
import type { Reports as WriteReports } from '../record/reports'
import type { TelemetryEvent } from '../events/events'

export interface Reports extends WriteReports {
  readonly events: EventEmitter<TelemetryEvents>
  /** What was refused, until it can be stored. */
  readonly refusals: Refusals
  /** How many calls were refused. */
  readonly refused: number
  /** Tells the listeners. One that throws is a fault of its own, not of the call it was told of. */
  readonly emit: EventEmitter<TelemetryEvents>['emit']
  /** What a delivery tells. */
  readonly deliveryHooks: DeliveryHooks
}

const stepOf = ({ step }: TelemetryEvent): string | undefined => (step as { slug?: string } | undefined)?.slug

/** @param clean applied to a reason, which is told and stored, and quotes what it is about */
export function createReports(clock: Clock, clean: (reason: string) => string): Reports {
  const events = new EventEmitter<TelemetryEvents>()
  const refusals = createRefusals()
  let refused = 0

  const emit: typeof events.emit = (name, ...args) => {
    try {
      return events.emit(name, ...args)
    } catch (error) {
      if (name !== 'fault') fault(`listener of ${name}`, error)
      return true
    }
  }

  function fault(what: string, error: unknown): void {
    emit('fault', what, error)
  }

  function refuse(quoting: string): Recorded {
    const reason = clean(quoting)
    refused++
    refusals.add(reason, clock.now())
    emit('refused', reason)
    return { ok: false, reason }
  }

  return {
    events,
    refusals,
    get refused() {
      return refused
    },
    emit,
    deliveryHooks: {
      delivered: (...args) => emit('delivered', ...args),
      retrying: (...args) => emit('retrying', ...args),
      paused: (...args) => emit('paused', ...args),
      deadLettered: (...args) => emit('deadLettered', ...args),
      rejected: (...args) => emit('rejected', ...args),
      failed: (destination, error) => fault(`delivery to ${destination}`, error),
    },
    recorded(event) {
      if (events.listenerCount('recorded') === 0) return
      emit('recorded', { id: event.id, at: event.at, type: event.type, step: stepOf(event) })
    },
    noticed: (message) => void emit('noticed', message),
    fault,
    refuse,
    guarded(what, action) {
      try {
        return action()
      } catch (error) {
        fault(what, error)
        return undefined
      }
    },
    answered(run) {
      try {
        return run()
      } catch (error) {
        return refuse(`cannot be recorded: ${messageOf(error)}`)
      }
    },
  }
}
