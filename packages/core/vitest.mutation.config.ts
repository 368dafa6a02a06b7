// What mutants are run against: the tests of core that take less than a second or two, and touch what is mutated. The laws, the
// simulated outage and those of large texts would take ten times as long.
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Those that take little come first: a mutant is done with at the first test that fails. */
const tests = [
  'codec',
  'fold',
  'unite',
  'history',
  'delivery',
  'clean',
  'encodings',
  'stock-vectors',
  'deliver-to',
  'may-record',
  'of-the-moment',
  'snapshot-writer',
  'clock',
  'exit-code',
  'orders',
  'redaction-mark',
  'telemetry',
  'ownership',
  'render',
  'waiting',
  'import-again',
  'merge-patch',
  'limits',
  'too-large',
]
const rank = ({ moduleId }: TestSpecification): number =>
  tests.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`))

class CheapFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.sort((a, b) => rank(a) - rank(b))
  }
}

export default defineConfig({
  test: {
    include: tests.map((name) => `test/${name}.test.ts`),
    setupFiles: ['test/properties.ts'],
    env: { LAWS_TIMES: '0.2' },
    // One worker for all files: with one each, most of the time went into starting them. What is evaluated when a module
    // loads is therefore not mutated (`ignoreStatic`).
    isolate: false,
    sequence: { sequencer: CheapFirst },
  },
})
