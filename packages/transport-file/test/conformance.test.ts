import { join } from 'node:path'
import { logConformance } from '@learnpack/telemetry-core/testing'
import { describe, test } from 'vitest'
import { openFileLog } from '../src/index'
import { temporary } from './support'

describe('the file log keeps the promises of every log', () => {
  for (const { name, run } of logConformance(() => openFileLog(join(temporary(), 'events.ndjson'))))
    test(name, run)
})
