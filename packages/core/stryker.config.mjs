export default {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'vitest.mutation.config.ts', related: false },
  coverageAnalysis: 'perTest',
  ignoreStatic: true,
  mutate: [
    'evolve,unite,render,state,list,history,wire',
    'delivery,parcels,dead-letters,outbox,open-telemetry,waiting',
    'redactor,redact-*,secret-names,plain-values,glued,redaction-mark,limits,clean',
  ].flatMap((names) => names.split(',').map((name) => `src/${name}.ts`)),
  concurrency: 2,
  timeoutMS: 10_000,
  incremental: true,
  incrementalFile: 'reports/mutation/incremental.json',
  reporters: ['clear-text', 'progress-append-only', 'json'],
  clearTextReporter: { reportTests: false, allowColor: false, skipFull: false },
  jsonReporter: { fileName: 'reports/mutation/report.json' },
  // It may be written anew meanwhile.
  ignorePatterns: ['dist', 'coverage'],
  tempDirName: '.stryker-tmp',
  thresholds: { high: 95, low: 85, break: 85 },
}
