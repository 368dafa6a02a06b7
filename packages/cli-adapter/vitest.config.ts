import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import shared from '../../vitest.shared.ts'

/** Looks at the modules of every package by themselves; in `dist` they are one file. */
const BY_MODULE = 'test/way-of-a-call.test.ts'

const sourceOf = (name: string): string => fileURLToPath(new URL(`../${name}/src/index.ts`, import.meta.url))

const { include = [], ...common } = shared.test ?? {}

export default defineConfig({
  test: {
    ...common,
    // Whoever runs the tests may have switched telemetry off for themselves. Managers within a test leave no process behind.
    env: {
      ...common.env,
      DO_NOT_TRACK: '',
      LEARNPACK_TELEMETRY_DISABLED: '',
      LEARNPACK_TELEMETRY_DETACHED: '0',
    },
    setupFiles: ['../../testing/every-body.ts'],
    projects: [
      { extends: true, test: { name: 'built', include, exclude: [BY_MODULE] } },
      {
        extends: true,
        resolve: {
          alias: ['core', 'redaction', 'transport-file', 'transport-http'].map((name) => ({
            find: new RegExp(`^@learnpack/telemetry-${name}$`),
            replacement: sourceOf(name),
          })),
        },
        test: { name: 'by module', include: [BY_MODULE] },
      },
    ],
  },
})
