// The logs that are made of recorded sessions of LearnPack 5.

import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTelemetry } from '@learnpack/telemetry-core'
import { nodePorts, openCourseFolder } from '@learnpack/telemetry-transport-file'
import type { LearnPack5Session } from '../../../packages/core/test/learnpack5'

/** The text of the log that following its posts leaves. */
export async function learnPack5Log({ posts }: LearnPack5Session): Promise<string> {
  const folder = openCourseFolder(join(mkdtempSync(join(tmpdir(), 'demo-lp5-')), '.learn'))
  const telemetry = createTelemetry({ storage: folder, ...nodePorts })
  telemetry.open()
  for (const { body } of posts) telemetry.import(body, { live: true })
  await telemetry.close()
  return readFileSync(folder.logPath(folder.list()[0] as string), 'utf8')
}
