import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mergeConfig } from 'vitest/config'
import shared from '../../vitest.shared.ts'

export default mergeConfig(shared, {
  test: {
    // Whoever runs the tests may have switched telemetry off for themselves.
    env: {
      DO_NOT_TRACK: '',
      LEARNPACK_TELEMETRY_DISABLED: '',
      XDG_CONFIG_HOME: mkdtempSync(join(tmpdir(), 'telemetry-config-')),
    },
  },
})
