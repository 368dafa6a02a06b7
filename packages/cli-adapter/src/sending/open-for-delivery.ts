// A course as its tools open it to deliver what waits: a runtime without a session.

import { existsSync } from 'node:fs'
import { createTelemetry, type Destinations, type Telemetry } from '@learnpack/telemetry-core'
import { nodePorts, type CourseFolder } from '@learnpack/telemetry-transport-file'
import { followConsent } from '../consent/consent'
import { readHostSession, sessionFolder } from '../logins/host-session'
import { machineId } from '../logins/machine-id'
import { noteShippedSession, whyNothingIsSent } from '../logins/session-origin'
import { createRedactor } from '../shared/redactor'
import { gated } from './gate'
import { transportsOf, type Sending } from './transports'

/**
 * Opens the current telemetry of the folder to deliver it; starts no session.
 * @param given the token, if the folder has no session file
 */
export function openForDelivery(
  folder: CourseFolder,
  destinations: Destinations,
  sending: Sending = {},
  given?: string,
): Telemetry {
  const { dirPath } = folder
  const token = (): string | undefined =>
    existsSync(sessionFolder(dirPath)) ? readHostSession(dirPath)?.token : given
  const choice = followConsent(dirPath)
  const telemetry: Telemetry = createTelemetry({
    storage: folder,
    ...nodePorts,
    transports: transportsOf(destinations, { token, ...sending }).map((transport) =>
      gated(transport, () => whyNothingIsSent(folder, telemetry.status().student)),
    ),
    machine: machineId,
    // Switched off under way, nothing more is sent.
    mayRecord: () => choice().enabled,
    // For a telemetry.json that another recorder wrote: it is imported.
    redact: createRedactor(),
  })
  noteShippedSession(folder)
  telemetry.open()
  return telemetry
}
