export default {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'vitest.mutation.config.ts', related: false },
  coverageAnalysis: 'perTest',
  ignoreStatic: true,
  mutate: [
    'src/fold/{evolve,unite,render,state,list,history,wire}.ts',
    'src/delivery/{delivery,deliveries,delivery-state,parcels,dead-letters,outbox,turn,waiting}.ts',
    'src/runtime/reader.ts',
    'src/record/{redaction-mark,limits,clean}.ts',
  ],
  concurrency: 2,
  timeoutMS: 10_000,
  incremental: true,
  incrementalFile: 'reports/mutation/incremental.json',
  reporters: ['clear-text', 'progress-append-only', 'json'],
  clearTextReporter: { reportTests: false, allowColor: false, skipFull: false },
  jsonReporter: { fileName: 'reports/mutation/report.json' },
  // It may be written anew meanwhile.
  ignorePatterns: ['dist', 'coverage'],
  // As deep as the package itself, so that what tests and tsconfig.json name outside of it is found: no path is rewritten.
  tempDirName: '../../.stryker-tmp',
  tsconfigFile: 'none',
  thresholds: { high: 95, low: 85, break: 85 },
}
