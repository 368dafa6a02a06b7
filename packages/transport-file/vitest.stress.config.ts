import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: { include: ['stress/**/*.stress.ts'], testTimeout: 0, disableConsoleIntercept: true },
})
