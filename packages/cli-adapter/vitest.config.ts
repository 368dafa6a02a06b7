import { mergeConfig } from 'vitest/config'
import shared from '../../vitest.shared.ts'

export default mergeConfig(shared, {
  // Whoever runs the tests may have switched telemetry off for themselves.
  test: { env: { DO_NOT_TRACK: '', LEARNPACK_TELEMETRY_DISABLED: '' } },
})
