// What mutants are run against: the corpus. The cuts would take many times as long.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/redaction.test.ts'],
    setupFiles: ['test/properties.ts'],
    env: { LAWS_TIMES: '0.2' },
    // One worker for all mutants, as in core.
    isolate: false,
  },
})
