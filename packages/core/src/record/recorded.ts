/**
 * What a call to record came to: the id of its event, or why it recorded nothing, for a person, redacted. A call
 * that waits for a `start` is told ok; if it is refused after all, only `refused` and `Telemetry.status` say so.
 */
export type Recorded =
  { readonly ok: true; readonly id: string } | { readonly ok: false; readonly reason: string }
