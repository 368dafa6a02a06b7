// Records the longer session that comes with the page: a made-up learner's two evenings, through the real
// pipeline (core, the event log on disk, HTTP transports), on a clock that is moved by hand. During one hour
// there is no network; what waits then is delivered later. Writes the log and its offline hour into `folder`.

import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createTelemetry, deterministicId } from '@learnpack/telemetry-core'
import { manualClock } from '@learnpack/telemetry-core/memory'
import { crc32, openCourseFolder } from '@learnpack/telemetry-transport-file'
import { batchTransport, streamTransport } from '@learnpack/telemetry-transport-http'
import { evenings, OFFLINE, steps } from './workshop-story.mjs'

const MINUTE = 60_000

/** @param folder where `workshop.events.ndjson` and `workshop.json` are written */
export async function recordWorkshop(folder) {
  const clock = manualClock(evenings[0][0])
  const isOffline = () => clock.now() >= OFFLINE[0] && clock.now() < OFFLINE[1]
  const delivered = { batch: 0, stream: 0, late: 0 }
  const fetch = async (url, { body }) => {
    if (isOffline()) throw new TypeError('fetch failed')
    const kind = url.endsWith('/batch') ? 'batch' : 'stream'
    delivered[kind]++
    const at = JSON.parse(body).data?.ended_at
    if (at >= OFFLINE[0] && at < OFFLINE[1]) delivered.late++
    return new Response(null, { status: 204 })
  }
  let count = 0
  const temporary = mkdtempSync(join(tmpdir(), 'workshop-'))
  const course = openCourseFolder(join(temporary, '.learn'))
  const telemetry = createTelemetry({
    storage: course,
    clock,
    crc: crc32,
    ids: { event: (at) => deterministicId(at, `workshop ${count++}`), telemetry: () => 'pythonworkshop26' },
    random: () => 0.5,
    transports: [
      batchTransport({ url: 'https://school.example/batch', fetch, now: clock.now }),
      streamTransport({ url: 'https://school.example/stream', fetch, now: clock.now }),
    ],
  })
  const must = ({ ok, reason }) => {
    if (!ok) throw new Error(reason)
  }
  const attempt = (source_code, { exitCode = 0, stdout = '', stderr = '' }, took) => ({
    source_code,
    stdout,
    stderr,
    exitCode,
    starting_at: clock.now() - took,
    ended_at: clock.now(),
  })
  const act = {
    login: (id) => telemetry.identify(id),
    open: (position) => telemetry.record(position, 'open_step'),
    run: (position, code, result) =>
      telemetry.record(position, 'compile', attempt(code, result, 340 + 17 * count)),
    test: (position, code, result) =>
      telemetry.record(position, 'test', attempt(code, result, 1_220 + 31 * count)),
    ask: (position, source_code, student_message, ai_response) =>
      telemetry.record(position, 'ai_interaction', {
        student_message,
        source_code,
        ai_response,
        starting_at: clock.now() - 2_400,
        ending_at: clock.now(),
      }),
    end: (reason) => telemetry.end(reason),
  }

  for (const [begins, script] of evenings) {
    clock.set(begins)
    must(telemetry.start({ slug: 'python-by-exercises', agent: 'vscode', steps }))
    for (const [index, [minutes, what, ...args]] of script.entries()) {
      clock.advance(minutes * MINUTE + ((index * 7_919) % 40_000))
      must(act[what](...args))
      await telemetry.settled()
    }
  }
  const { telemetry_id } = telemetry.status()
  await telemetry.close()
  const log = join(folder, 'workshop.events.ndjson')
  copyFileSync(course.logPath(telemetry_id), log)
  writeFileSync(join(folder, 'workshop.json'), `${JSON.stringify({ offline: [OFFLINE] })}\n`)
  course.close()
  rmSync(temporary, { recursive: true })
  return { log, delivered }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(await recordWorkshop(fileURLToPath(new URL('../data', import.meta.url))))
}
