// What a host could not deliver before it ended, delivered by a process of its own, for at most 15 s (SPEC §6). It is given what
// the host knew on its standard input, which no other user of the machine can read.

import { setPriority } from 'node:os'
import { readFileSync } from 'node:fs'
import { ignoreErrors, openCourseFolder } from '@learnpack/telemetry-transport-file'
import { consent } from './consent/consent'
import type { HandOver } from './sending/hand-over'
import { openForDelivery } from './sending/open-for-delivery'

/** ms. */
const LIMIT_MS = 15_000
/** How often it checks whether anything is left to do, ms. */
const LOOK_MS = 250

async function deliverLater({ dirPath, destinations, token, ...sending }: HandOver): Promise<void> {
  if (!consent(dirPath).enabled) return
  const folder = openCourseFolder(dirPath)
  const telemetry = openForDelivery(folder, destinations, sending, token)
  const bytes = (): number => telemetry.status().log.bytes
  let known = bytes()
  telemetry.on('recorded', () => (known = bytes()))
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      // Another process records here again, and delivers by itself.
      if (bytes() !== known || !telemetry.waits()) resolve(clearInterval(timer))
    }, LOOK_MS)
  })
  await telemetry.close()
  folder.close()
}

setTimeout(() => process.exit(), LIMIT_MS)
ignoreErrors(() => setPriority(10))
deliverLater(JSON.parse(readFileSync(0, 'utf8')) as HandOver).then(
  () => process.exit(),
  () => process.exit(1),
)
