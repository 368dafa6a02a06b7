// What a destination implements: one method that makes one attempt. Order, retries, back-off, pauses and
// dead letters are the delivery engine's, once for all transports.

import type { StepEvent } from './events'

interface ParcelBase {
  /** The same id always means the same bytes: a receiver may drop an id it knows. */
  readonly id: string
  /** When the event happened, epoch ms; for a snapshot the last event folded in. */
  readonly at: number
  readonly contentType: 'application/json'
  readonly body: string
}

export interface EventParcel extends ParcelBase {
  readonly kind: 'event'
  readonly event: StepEvent
}

export interface SnapshotParcel extends ParcelBase {
  readonly kind: 'snapshot'
}

export type Parcel = EventParcel | SnapshotParcel

export type Outcome =
  | { readonly kind: 'delivered' }
  /** Try again: after `after` ms if given, else after the engine's own back-off. */
  | { readonly kind: 'retry'; readonly reason: string; readonly after?: number | undefined }
  /** Send nothing more until the next login or another configuration. */
  | { readonly kind: 'pause'; readonly reason: string }
  /** This parcel will never be taken: an event goes to the dead letters, a snapshot waits for the next one. */
  | { readonly kind: 'reject'; readonly reason: string }

export interface Transport {
  /** With `address` it keys the durable cursor, so it must not change between versions. */
  readonly name: string
  /** Where it delivers to, when it can deliver to more than one place. */
  readonly address?: string
  readonly wants: 'events' | 'snapshots'
  /** Makes one attempt. A throw or a rejection counts as `retry`. `signal` aborts at the host's exit. */
  deliver(parcel: Parcel, signal: AbortSignal): Promise<Outcome>
  close?(): Promise<void>
}

export const destinationOf = ({ name, address }: Transport): string =>
  address === undefined ? name : `${name} ${address}`
