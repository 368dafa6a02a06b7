// What an answer means for the parcel that was sent (SPEC §6, the table of answers).

import type { Outcome } from '@learnpack/telemetry-core'
import { shownLocation } from './shown-location'

/** Statuses that ask for patience. */
const RETRIED = new Set([408, 425, 429])
/** Statuses by which a destination shows that it does not want us. */
const UNWELCOME = new Set([401, 403, 410])

/** @param now epoch ms, for a `Retry-After` that is a date */
export function outcomeOf(response: Response, now: number): Outcome {
  const { status, headers } = response
  if (response.ok) return { kind: 'delivered' }
  // A browser hides where a redirect points and its status: the type is all it shows.
  if (response.type === 'opaqueredirect' || (status >= 300 && status < 400)) {
    const location = headers.get('location')
    return {
      kind: 'pause',
      reason: `redirected (${status}) to ${shownLocation(location ?? 'an unknown place')}: redirects are not followed`,
    }
  }
  if (UNWELCOME.has(status)) return { kind: 'pause', reason: `answered ${status}` }
  if (RETRIED.has(status) || status >= 500) {
    return { kind: 'retry', reason: `answered ${status}`, after: retryAfter(headers.get('retry-after'), now) }
  }
  return { kind: 'reject', reason: `answered ${status}` }
}

/** Both forms of RFC 9110 §10.2.3, as ms from now; undefined for anything else. */
function retryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1_000
  if (!/^[A-Za-z]{3,9},? /.test(value)) return undefined
  // The oldest form of a date names no zone, and is GMT all the same (RFC 9110 §5.6.7).
  const date = Date.parse(/\d{4}\s*$/.test(value) ? `${value} GMT` : value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
