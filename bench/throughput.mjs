// The stream against a loopback receiver, and a bare keep-alive fetch loop that posts the same bodies in order.
//
// throughput.mjs <url> <events>

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeFetch } from '@learnpack/telemetry-cli-adapter'
import { createTelemetry } from '@learnpack/telemetry-core'
import { nodePorts, openCourseFolder, systemClock } from '@learnpack/telemetry-transport-file'
import { streamTransport } from '@learnpack/telemetry-transport-http'

const [url, count] = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'telemetry-bench-'))
process.on('exit', () => rmSync(folder, { recursive: true }))
const fetch = nodeFetch()
const bodies = []
const http = streamTransport({ url, fetch })
const noting = {
  ...http,
  deliver: (parcel, signal) => (bodies.push(parcel.body), http.deliver(parcel, signal)),
}
const storage = openCourseFolder(join(folder, '.learn'))
const telemetry = createTelemetry({ storage, ...nodePorts, transports: [noting] })
telemetry.start({
  slug: 'bench',
  agent: 'os',
  steps: [{ slug: 'a', position: 0, files: [], is_testeable: true }],
})

const release = systemClock.hold()
const bare = async () => {
  const from = performance.now()
  for (const body of bodies.slice(-count)) {
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    })
    await response.arrayBuffer()
  }
  return performance.now() - from
}
const ours = async () => {
  telemetry.clear()
  for (let n = 0; n < count; n++)
    telemetry.record(0, 'compile', { stdout: 'x'.repeat(1_000), starting_at: n })
  await telemetry.settled()
  telemetry.identify(7)
  const from = performance.now()
  await telemetry.settled()
  return performance.now() - from
}
// Once to warm up, then in turns.
await ours()
await bare()
const times = { ours: 0, bare: 0 }
for (let round = 0; round < 3; round++) {
  times.ours += await ours()
  times.bare += await bare()
}
release()
const perSecond = (ms) => Math.round((3 * count) / (ms / 1_000))
console.log(
  JSON.stringify({
    ours_per_s: perSecond(times.ours),
    bare_fetch_per_s: perSecond(times.bare),
    ratio: Math.round((times.bare / times.ours) * 100) / 100,
  }),
)
process.exit(0)
