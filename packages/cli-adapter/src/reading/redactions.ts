// What redaction took out, counted by the marks left in its place.

import {
  ATTEMPT_KINDS,
  countMarks,
  decodedAttempt,
  isKnown,
  type TelemetryEvent,
} from '@learnpack/telemetry-core'
import { attemptsOf } from './attempts'

/** How often each kind of mark occurs. */
export type Redactions = Readonly<Record<string, number>>

/** Adds the marks in an event to `counts`. What an import holds in base64 is decoded for it. */
export function countRedactions(event: TelemetryEvent, counts: Record<string, number>): void {
  countMarks(JSON.stringify(event['data'] ?? null), counts)
  if (!isKnown(event) || event.type !== 'import') return
  const { snapshot } = event['data'] as { snapshot: { steps: Record<string, unknown>[] } }
  for (const step of snapshot.steps) {
    for (const { list, type } of ATTEMPT_KINDS) {
      for (const attempt of attemptsOf(step, list)) {
        // An import may have anything in its place.
        for (const [name, text] of Object.entries(decodedAttempt(type, attempt ?? {})))
          if (text !== attempt?.[name]) countMarks(String(text), counts)
      }
    }
  }
}

export const describeRedactions = (counts: Redactions): string =>
  Object.entries(counts)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, count]) => `${count} x ${kind}`)
    .join(', ')
