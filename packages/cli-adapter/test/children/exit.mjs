// A host that records five events, with a student logged in, and then ends in the way it is told.
//
// exit.mjs <folder> <url> <natural | close | exit>

import { createTelemetry } from '@learnpack/telemetry-core'
import { nodePorts, openCourseFolder, saveAtExit } from '@learnpack/telemetry-transport-file'
import { batchTransport, streamTransport } from '@learnpack/telemetry-transport-http'
import { nodeFetch } from '../../dist/index.js'

const [dirPath, url, way] = process.argv.slice(2)
// An attempt that never times out: whoever waits for it waits for ever.
const http = { fetch: nodeFetch(), timeoutMs: 3_600_000 }
const telemetry = createTelemetry({
  storage: openCourseFolder(dirPath),
  ...nodePorts,
  transports: [
    batchTransport({ url: `${url}/batch`, ...http }),
    streamTransport({ url: `${url}/stream`, ...http }),
  ],
})
saveAtExit(telemetry.save)
telemetry.start({ slug: 'intro', agent: 'os', steps: [{ slug: 'a', position: 0 }] })
telemetry.identify(42)
for (let n = 0; n < 5; n++) telemetry.record(0, 'compile', { stdout: String(n) })
if (way === 'settle') await telemetry.settled()
if (way === 'close') await telemetry.close()
if (way === 'exit') process.exit(3)
