import { mergeConfig } from 'vitest/config'
import shared from '../../vitest.shared.ts'

export default mergeConfig(shared, {
  test: {
    // Whoever runs the tests may have switched telemetry off for themselves. Managers within a test leave no process behind.
    env: { DO_NOT_TRACK: '', LEARNPACK_TELEMETRY_DISABLED: '', LEARNPACK_TELEMETRY_DETACHED: '0' },
    setupFiles: ['../../testing/every-body.ts'],
  },
})
