// Recorded sessions of LearnPack 5, and the logs that are made of them beside it.

import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTelemetry, type ImportedSnapshot } from '@learnpack/telemetry-core'
import { nodePorts, openCourseFolder } from '@learnpack/telemetry-transport-file'

export interface LearnPack5Session {
  readonly name: string
  readonly posts: readonly { readonly body: ImportedSnapshot & { readonly fullname?: string } }[]
}

/** Those of one student: another one goes on in a log of their own. */
export const learnPack5Sessions = (
  JSON.parse(
    readFileSync(
      new URL('../../../packages/core/test/fixtures/learnpack5-sessions.json', import.meta.url),
      'utf8',
    ),
  ) as LearnPack5Session[]
).filter(({ posts }) => new Set(posts.map(({ body }) => body.user_id)).size === 1)

/** The text of the log that following its posts leaves. */
export async function learnPack5Log({ posts }: LearnPack5Session): Promise<string> {
  const folder = openCourseFolder(join(mkdtempSync(join(tmpdir(), 'demo-lp5-')), '.learn'))
  const telemetry = createTelemetry({ storage: folder, ...nodePorts })
  telemetry.open()
  for (const { body } of posts) telemetry.import(body, { live: true })
  await telemetry.close()
  return readFileSync(folder.logPath(folder.list()[0] as string), 'utf8')
}
