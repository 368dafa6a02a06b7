// Bytes written, log and telemetry.json together, for a burst of 1,000 events of 16 KB. Prints one JSON object.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTelemetry } from '@learnpack/telemetry-core'
import { nodePorts, openCourseFolder } from '@learnpack/telemetry-transport-file'

const EVENTS = 1_000
const BYTES = 16 * 1_024
const folder = mkdtempSync(join(tmpdir(), 'telemetry-bench-'))
const storage = openCourseFolder(join(folder, '.learn'))
const telemetry = createTelemetry({
  storage,
  ...nodePorts,
})
const written = () => Number(/wchar: (\d+)/.exec(readFileSync('/proc/self/io', 'utf8'))?.[1] ?? NaN)

const before = written()
let snapshots = 0
telemetry.on('snapshot', () => snapshots++)
telemetry.start({
  slug: 'bench',
  agent: 'os',
  steps: [{ slug: 'a', position: 0, files: [], is_testeable: true }],
})
for (let n = 0; n < EVENTS; n++) {
  telemetry.record(0, 'compile', { stdout: 'x'.repeat(BYTES), starting_at: n })
  await new Promise((resolve) => setImmediate(resolve))
}
await telemetry.close()
const all = written() - before
rmSync(folder, { recursive: true })
console.log(
  JSON.stringify({
    events: EVENTS,
    event_bytes: EVENTS * BYTES,
    written_bytes: all,
    ratio: Math.round((all / (EVENTS * BYTES)) * 100) / 100,
    snapshots,
  }),
)
