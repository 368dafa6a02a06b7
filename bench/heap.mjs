// What 100,000 events that cannot be delivered add to the heap. Run with --expose-gc. Prints MB of heap.
//
// heap.mjs <none | offline>

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTelemetry } from '@learnpack/telemetry-core'
import { nodePorts, openCourseFolder } from '@learnpack/telemetry-transport-file'

const folder = mkdtempSync(join(tmpdir(), 'telemetry-bench-'))
const offline = {
  name: 'offline',
  wants: 'events',
  deliver: async () => ({ kind: 'retry', reason: 'offline' }),
}
const transports = process.argv[2] === 'offline' ? [offline] : []
const telemetry = createTelemetry({
  storage: openCourseFolder(join(folder, '.learn')),
  ...nodePorts,
  transports,
})
telemetry.start({
  slug: 'bench',
  agent: 'os',
  steps: [{ slug: 'a', position: 0, files: [], is_testeable: true }],
})
telemetry.identify(7)
for (let n = 0; n < 100_000; n++) telemetry.record(0, 'compile', { stdout: `line ${n}`, starting_at: n })
await telemetry.settled()
global.gc()
console.log(JSON.stringify({ heap_mb: Math.round((process.memoryUsage().heapUsed / 2 ** 20) * 10) / 10 }))
rmSync(folder, { recursive: true })
process.exit(0)
