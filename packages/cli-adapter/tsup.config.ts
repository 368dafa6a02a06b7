import { defineConfig } from 'tsup'

export default defineConfig({
  entry: ['src/index.ts', 'src/cli.ts'],
  format: ['esm', 'cjs'],
  platform: 'node',
  target: 'es2022',
  dts: true,
  clean: true,
  // In one file they load in a third of the time, and a host starts that much sooner.
  noExternal: [/^@learnpack\/telemetry-/, 'zod', 'eventemitter3', 'uuid'],
})
