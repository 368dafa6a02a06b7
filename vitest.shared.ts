import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: [fileURLToPath(new URL('vitest.temporary.ts', import.meta.url))],
    // As many as there are cores: more only get in each other's way.
    maxWorkers: '100%',
    testTimeout: 120_000,
    // What a test starts prints no colours, whatever the machine asks for.
    env: { NO_COLOR: '1', FORCE_COLOR: '0' },
    // What is waited for comes sooner or later; how soon is no matter of a test.
    expect: { poll: { timeout: 30_000 } },
  },
})
