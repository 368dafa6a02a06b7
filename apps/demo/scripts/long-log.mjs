// A session longer than any learner's, to see what its length costs.

import { encodeLine } from '@learnpack/telemetry-core'
import { crc32 } from '@learnpack/telemetry-transport-file'

const STEPS = Array.from({ length: 30 }, (_, position) => ({
  slug: `step-${position}`,
  position,
  files: [],
  is_testeable: true,
}))
const FIRST = 1_700_000_000_000

export function longLog(count) {
  const base = { v: 1, session: 'start' }
  const start = {
    ...base,
    id: 'start',
    at: FIRST,
    type: 'session_start',
    data: { telemetry_id: 'longlonglonglong', slug: 'long', agent: 'os', steps: STEPS },
  }
  const attempts = Array.from({ length: count - 1 }, (_, index) => {
    const { slug, position } = STEPS[Math.floor((index / count) * STEPS.length)]
    const source_code = `${'x = x + 1  # a line of code\n'.repeat(20)}print(${index})\n`
    return {
      ...base,
      id: `event-${index}`,
      at: FIRST + (index + 1) * 9_000,
      type: index % 5 === 0 ? 'test' : 'compile',
      step: { slug, position },
      data: { source_code, stdout: `${index}\n`, exit_code: index % 3 },
    }
  })
  return [start, ...attempts].map((event) => `${encodeLine(event, crc32)}\n`).join('')
}
