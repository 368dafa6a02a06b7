import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    globalSetup: ['../../vitest.temporary.ts'],
    include: ['stress/**/*.stress.ts'],
    testTimeout: 0,
    disableConsoleIntercept: true,
  },
})
