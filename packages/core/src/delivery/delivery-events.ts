import type { Parcel } from './transport'

/** What a runtime says of its deliveries. Destinations are named as `destinationOf` does. */
export interface DeliveryEvents {
  /** A destination took a parcel. Said again for the same id where a cursor was lost: delivery is at least once. */
  delivered: (destination: string, parcel: Parcel) => void
  /** An attempt failed; the next one is made at `at`, epoch ms. */
  retrying: (destination: string, parcel: Parcel, reason: string, at: number) => void
  /** Nothing more is sent there until a student logs in, or the destination is another one. */
  paused: (destination: string, parcel: Parcel, reason: string) => void
  /** An event was refused for good: it is kept as a dead letter, and the next one is sent. */
  deadLettered: (destination: string, parcel: Parcel, reason: string) => void
  /** A batch was refused for good; the next one is tried. */
  rejected: (destination: string, parcel: Parcel, reason: string) => void
}
