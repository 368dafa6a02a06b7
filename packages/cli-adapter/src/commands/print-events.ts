// Prints what a telemetry does, a line each, for `--debug`.

import type { Telemetry } from '@learnpack/telemetry-core'
import { isoTime } from '../shared/output'

/** Says everything that happens from now on. */
export function printEvents(telemetry: Telemetry, say: (line: string) => void): void {
  telemetry.on('recorded', ({ type, id }) => say(`recorded ${type} ${id}`))
  telemetry.on('refused', (reason) => say(`refused: ${reason}`))
  telemetry.on('noticed', (message) => say(`noticed: ${message}`))
  telemetry.on('snapshot', () => say('telemetry.json written'))
  telemetry.on('delivered', (to, { id }) => say(`delivered ${id} to ${to}`))
  telemetry.on('retrying', (to, { id }, reason, at) =>
    say(`not delivered ${id} to ${to}, next attempt at ${isoTime(at)}: ${reason}`),
  )
  telemetry.on('paused', (to, { id }, reason) => say(`not delivered ${id} to ${to}, paused: ${reason}`))
  telemetry.on('deadLettered', (to, { id }, reason) => say(`dead letter ${id} of ${to}: ${reason}`))
  telemetry.on('rejected', (to, { id }, reason) => say(`refused ${id} by ${to}: ${reason}`))
  telemetry.on('fault', (what, error) => say(`fault in ${what}: ${String(error)}`))
}
