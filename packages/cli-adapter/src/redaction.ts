// A file of its own when it is built: `createRedactor` loads it.

export { createRedactor } from '@learnpack/telemetry-redaction'
