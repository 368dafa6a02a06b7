// A host that records five events and closes. Says when it begins to close; how long it is there after that, its
// parent sees.
//
// host.mjs [url]

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeFetch } from '@learnpack/telemetry-cli-adapter'
import { createTelemetry } from '@learnpack/telemetry-core'
import { nodePorts, openCourseFolder, systemClock } from '@learnpack/telemetry-transport-file'
import { batchTransport, streamTransport } from '@learnpack/telemetry-transport-http'

const [url] = process.argv.slice(2)
const fetch = nodeFetch()
const folder = mkdtempSync(join(tmpdir(), 'telemetry-bench-'))
process.on('exit', () => rmSync(folder, { recursive: true }))
const storage = openCourseFolder(join(folder, '.learn'))
const transports = url ? [batchTransport({ url, fetch }), streamTransport({ url, fetch })] : []
const telemetry = createTelemetry({ storage, ...nodePorts, transports })
telemetry.start({ slug: 'bench', agent: 'os', steps: [{ slug: 'a', position: 0 }] })
telemetry.identify(7)
for (let n = 0; n < 5; n++) telemetry.record(0, 'compile', { stdout: 'x' })
const release = systemClock.hold()
await new Promise((resolve) => setTimeout(resolve, 500))
process.stdout.write('closing\n')
await telemetry.close()
release()
