import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Two cores: more workers only get in each other's way.
    maxWorkers: 2,
    testTimeout: 120_000,
  },
})
