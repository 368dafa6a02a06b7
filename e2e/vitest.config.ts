import { mergeConfig } from 'vitest/config'
import shared from '../vitest.shared.ts'

export default mergeConfig(shared, {
  test: {
    globalSetup: 'packed.ts',
    setupFiles: ['../testing/every-body.ts'],
    // Each check is a line of the report.
    reporters: ['verbose'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
})
