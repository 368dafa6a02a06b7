// Whatever tests and the processes they start write goes into one folder, which is removed when the run ends. It also
// holds the settings that they read: those of whoever runs the tests are none of theirs.

import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'tests-'))
  // Some tests run a program as another user.
  chmodSync(folder, 0o755)
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) process.env[name] = folder
  const config = join(folder, 'config')
  mkdirSync(config)
  process.env['XDG_CONFIG_HOME'] = config
  // A process that a host left behind may still write there, for at most 15 s.
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 18 })
}
