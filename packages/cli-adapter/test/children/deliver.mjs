// Records and delivers to a receiver, and says what was acknowledged; until it is killed, or with `drain`
// until everything is delivered.
//
// deliver.mjs <folder> <url> [drain]

import { writeSync } from 'node:fs'
import { createTelemetry } from '@learnpack/telemetry-core'
import { nodePorts, openCourseFolder } from '@learnpack/telemetry-transport-file'
import { batchTransport, streamTransport } from '@learnpack/telemetry-transport-http'

const [dirPath, url, drain] = process.argv.slice(2)
const telemetry = createTelemetry({
  storage: openCourseFolder(dirPath),
  ...nodePorts,
  transports: [batchTransport({ url: `${url}/batch` }), streamTransport({ url: `${url}/stream` })],
})
const steps = [0, 1, 2].map((position) => ({
  slug: `step-${position}`,
  position,
  files: [],
  is_testeable: true,
}))
telemetry.start({ slug: 'intro', agent: 'os', steps })
telemetry.identify(42)
if (drain) {
  await telemetry.settled()
  await telemetry.close()
} else {
  for (let n = 0; ; n++) {
    const recorded = telemetry.record(n % 3, n % 5 === 0 ? 'open_step' : 'compile', {
      stdout: `ñ ${n}`.repeat(n % 400),
    })
    writeSync(1, `${recorded.id}\n`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
