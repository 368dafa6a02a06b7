import { defineConfig, type Options } from 'tsup'

const shared: Options = {
  platform: 'node',
  target: 'es2022',
  // `import.meta.url` in CommonJS.
  shims: true,
  // In one file they load in a third of the time, and a host starts that much sooner.
  noExternal: [/^@learnpack\/telemetry-/, 'zod', 'eventemitter3', 'uuid'],
}

export default defineConfig([
  {
    ...shared,
    entry: ['src/index.ts', 'src/cli.ts'],
    format: ['esm', 'cjs'],
    // The declarations need no other package either.
    dts: { entry: 'src/index.ts', resolve: [/^@learnpack\/telemetry-/] },
    clean: ['dist/*'],
  },
  // oclif 1 requires its hooks; the other one is a program.
  { ...shared, entry: ['src/plugin.ts', 'src/deliver-later.ts'], format: 'cjs' },
])
