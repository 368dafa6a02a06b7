// A destination of the host's own: core's `Transport`, declared without core's schemas, so that a host needs neither them
// nor a recent TypeScript to read it. Each of the two is accepted where the other is.

/**
 * The global `fetch` as the host's own types declare it.
 * @useDeclaredType
 */
export type Fetch = typeof globalThis extends { fetch: infer T }
  ? T
  : (url: string, init?: object) => Promise<unknown>

/** The global `AbortSignal` as the host's own types declare it. */
type Signal = typeof globalThis extends { AbortSignal: { prototype: infer T } }
  ? T
  : { readonly aborted: boolean }

interface ParcelBase {
  /** The same id always means the same bytes: a receiver may drop an id it knows. */
  readonly id: string
  /** When the event happened, epoch ms; for a snapshot the last event folded in. */
  readonly at: number
  readonly contentType: 'application/json'
  /** JSON, redacted as the log is. To be sent unchanged. */
  readonly body: string
}

/** One streamed event. Its body is JSON (SPEC §6): `slug`, `telemetry_id`, `user_id`, `step_position`, `event`, `data`. */
export interface EventParcel extends ParcelBase {
  readonly kind: 'event'
  /** The event as the log holds it: its texts are text here and base64 in `body`. */
  readonly event: {
    readonly id: string
    readonly at: number
    readonly session: string
    readonly type: string
    readonly step: { readonly slug: string; readonly position: number }
    readonly data: { readonly [field: string]: unknown }
  }
}

/** One batch. Its body is the whole telemetry.json; its id is `<telemetry_id>-<id of the last event folded in>`. */
export interface SnapshotParcel extends ParcelBase {
  readonly kind: 'snapshot'
}

/** What is delivered in one attempt; `Transport.wants` decides which of the two. */
export type Parcel = EventParcel | SnapshotParcel

/** What one attempt came to. `reason` is for a person: `status` shows it, and a dead letter keeps it. */
export type Outcome =
  /** The destination has it: the cursor moves on. */
  | { readonly kind: 'delivered' }
  /** Try again: after the engine's own back-off, at least after `after` ms; more than 24 h count as that. */
  | { readonly kind: 'retry'; readonly reason: string; readonly after?: number | undefined }
  /** Send nothing more until the next login or another configuration. */
  | { readonly kind: 'pause'; readonly reason: string }
  /** This parcel will never be taken: an event goes to the dead letters, a snapshot waits for the next one. */
  | { readonly kind: 'reject'; readonly reason: string }

/**
 * A destination: one method that makes one attempt. Order, one attempt at a time, retries, back-off, pauses, dead letters
 * and cursors are the engine's.
 */
export interface Transport {
  /** With `address` it keys the durable cursor, so it must not change between versions. Printable ASCII. */
  readonly name: string
  /** Where it delivers to, when it can deliver to more than one place. */
  readonly address?: string
  /** Single events, each as it happens, in order; or whole snapshots, where a newer one replaces one that waits. */
  readonly wants: 'events' | 'snapshots'
  /** Makes one attempt. A throw or a rejection counts as `retry`. `signal` aborts at the host's exit. */
  deliver(parcel: Parcel, signal: Signal): Promise<Outcome>
  /** Called once, last when the manager closes, which waits for it within its budget. A rejection is ignored. */
  close?(): Promise<void>
}
