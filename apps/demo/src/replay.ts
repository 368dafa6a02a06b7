// The main job: one session through the whole design, on real files and a real receiver.

import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTelemetry, type Snapshot } from '@learnpack/telemetry-core'
import { nodePorts, openCourseFolder } from '@learnpack/telemetry-transport-file'
import { batchTransport, streamTransport } from '@learnpack/telemetry-transport-http'
import type { Receiver } from './receiver'
import { withStudent, type Session } from './source'

export interface Summary {
  readonly session: string
  readonly events: number
  readonly steps: number
  readonly steps_opened: number
  readonly steps_completed: number
  readonly batches_received: number
  readonly stream_events_received: number
  /** Events that were refused or could not be delivered, with the reason. */
  readonly problems: readonly string[]
  readonly telemetry_json: string
  readonly log: string
}

/** @param progress called after every event with how many are done */
export async function replay(
  session: Session,
  receiver: Receiver,
  progress: (done: number, of: number) => void,
): Promise<Summary> {
  const folder = openCourseFolder(join(mkdtempSync(join(tmpdir(), 'learnpack-telemetry-')), '.learn'))
  const events = withStudent(session.events)
  const problems: string[] = []
  const telemetry = createTelemetry({
    storage: folder,
    ...nodePorts,
    transports: [
      batchTransport({ url: `${receiver.url}/batch` }),
      streamTransport({ url: `${receiver.url}/stream` }),
    ],
  })
  telemetry.on('fault', (what, error) => problems.push(`${what}: ${String(error)}`))
  telemetry.on('retrying', (destination, { id }, reason) => problems.push(`${destination}: ${id}: ${reason}`))
  for (const refused of ['deadLettered', 'rejected'] as const) {
    telemetry.on(refused, (destination, { id }, reason) => problems.push(`${destination}: ${id}: ${reason}`))
  }

  for (const [index, event] of events.entries()) {
    const recorded = telemetry.append(event)
    if (!recorded.ok) problems.push(recorded.reason)
    // At the learner's pace every batch would go out before the next event; here each waits for its turn.
    await telemetry.settled()
    progress(index + 1, events.length)
  }
  const { telemetry_id } = telemetry.status()
  const { steps }: Snapshot = telemetry.snapshot()
  await telemetry.close()
  folder.close()
  return {
    session: session.name,
    events: events.length,
    steps: steps.length,
    steps_opened: steps.filter(({ opened_at }) => opened_at !== undefined).length,
    steps_completed: steps.filter(({ completed_at }) => completed_at !== undefined).length,
    batches_received: receiver.batches.size,
    stream_events_received: receiver.events.size,
    problems,
    telemetry_json: folder.snapshotPath,
    log: folder.logPath(telemetry_id ?? ''),
  }
}
