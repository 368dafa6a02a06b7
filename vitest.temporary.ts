// Whatever tests and the processes they start write goes into one folder, which is removed when the run ends. It also
// holds the settings that they read: those of whoever runs the tests are none of theirs.

import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

/** A process that a host left behind may still write there, for at most 15 s. */
const TRIES = 40
const AGAIN_MS = 500

export default function setup(): () => Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tests-'))
  // Some tests run a program as another user.
  chmodSync(folder, 0o755)
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) process.env[name] = folder
  const config = join(folder, 'config')
  mkdirSync(config)
  process.env['XDG_CONFIG_HOME'] = config
  return async () => {
    for (let left = TRIES; ; left--) {
      try {
        return rmSync(folder, { recursive: true, force: true })
      } catch (error) {
        if (left === 0) throw error
        await wait(AGAIN_MS)
      }
    }
  }
}
