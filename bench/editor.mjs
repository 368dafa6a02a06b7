// What 600 POSTs of LearnPack 5's web editor, which posts the whole of its object each time, make of a log (SPEC §12):
// log_to_last_post is at most 3. Prints bytes, and how long a POST keeps the host, ms.

import { btoa } from 'node:buffer'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTelemetry } from '@learnpack/telemetry-core'
import { createRedactor } from '@learnpack/telemetry-redaction'
import { nodePorts, openCourseFolder } from '@learnpack/telemetry-transport-file'

const POSTS = 600
const LIMIT = 3
const BEGUN = 1_760_000_000_000

const encoded = (text) => btoa(encodeURIComponent(text))
const steps = Array.from({ length: 30 }, (_, position) => ({
  slug: `step-${position}`,
  position,
  files: [{ path: `exercises/step-${position}/README.md`, name: 'README.md', hidden: false }],
  is_testeable: true,
  compilations: [],
  tests: [],
  ai_interactions: [],
  quiz_submissions: [],
  testeable_elements: [{ hash: `step-${position}`, type: 'test', searchString: `step-${position}` }],
  is_completed: false,
  sessions: [],
}))
const object = {
  telemetry_id: 'editor0000000000',
  user_id: '105',
  fullname: 'Linus Ejemplo',
  slug: 'bench',
  version: '5.0.348',
  cohort_id: null,
  agent: 'vscode',
  tutorial_started_at: BEGUN,
  last_interaction_at: BEGUN,
  steps,
  workout_session: [{ started_at: BEGUN }],
  global_metrics: { total_time_on_platform: 0, total_interactions: 0 },
}

const folder = mkdtempSync(join(tmpdir(), 'telemetry-bench-'))
const course = openCourseFolder(join(folder, '.learn'))
const telemetry = createTelemetry({ storage: course, ...nodePorts, redact: createRedactor() })
telemetry.start({ slug: 'bench', agent: 'vscode', steps: [] })
const code = 'def add(a, b):\n    return a + b\n'.repeat(60)
const times = []
for (let n = 0; n < POSTS; n++) {
  const at = BEGUN + (n + 1) * 10_000
  const step = steps[Math.floor(n / 20) % steps.length]
  step.opened_at ??= at
  const attempt = {
    stdout: encoded(`run ${n}\n`.repeat(40)),
    stderr: '',
    source_code: encoded(`${code}# ${n}`),
  }
  step[n % 2 === 0 ? 'compilations' : 'tests'].push({
    ...attempt,
    ended_at: at,
    started_at: at - 900,
    exit_code: 1,
  })
  object.last_interaction_at = at
  object.global_metrics = { total_time_on_platform: n * 10, total_interactions: n }
  const from = performance.now()
  const { ok, reason } = telemetry.import(object, { live: true })
  times.push(performance.now() - from)
  if (!ok) throw new Error(reason)
}
const last = JSON.stringify(object).length
const log = telemetry.status().log.bytes
await telemetry.close()
const ratio = Math.round((log / last) * 100) / 100
const ms = (index) => Math.round(times[index] * 10) / 10
console.log(
  JSON.stringify({
    posts: POSTS,
    last_post_bytes: last,
    log_bytes: log,
    log_to_last_post: ratio,
    post_ms: { at_100: ms(99), at_600: ms(599) },
  }),
)
rmSync(folder, { recursive: true })
if (ratio > LIMIT) {
  console.error(`editor.mjs: the log is ${ratio} times the last POST, at most ${LIMIT} is allowed`)
  process.exit(1)
}
process.exit(0)
