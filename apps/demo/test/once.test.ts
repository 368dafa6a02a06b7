// The main job as a person runs it: a process, its output, its exit code, and the files it leaves.

import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { encodeLine, type Snapshot, type TelemetryEvent } from '@learnpack/telemetry-core'
import { crc32 } from '@learnpack/telemetry-transport-file'
import { describe, expect, it } from 'vitest'
import type { Summary } from '../src/replay'
import { bin, start } from './demo'

const samplePath = fileURLToPath(new URL('../data/sample.telemetry.json', import.meta.url))
const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Snapshot
const sample = readJson(samplePath)

const run = (...args: string[]) => start(...args).done

async function summaryOf(...args: string[]): Promise<Summary> {
  const { code, out, err } = await run('--once', '--json', ...args)
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return JSON.parse(out) as Summary
}

describe('npm start -- --once', () => {
  it('replays the bundled session through log, telemetry.json, batch and stream', async () => {
    const summary = await summaryOf()
    expect(summary).toEqual({
      session: 'the bundled sample',
      events: 9,
      steps: 3,
      steps_opened: 2,
      steps_completed: 1,
      // Login, two openings, a completion, and the second session start; the first start was before the login.
      batches_received: 5,
      stream_events_received: 5,
      problems: [],
      telemetry_json: expect.any(String) as string,
      log: expect.any(String) as string,
    })
    const { user_id, ...rest } = readJson(summary.telemetry_json)
    expect(user_id).toBe('demo-student')
    expect(rest).toEqual(sample)
    expect(readFileSync(summary.log, 'utf8').trimEnd().split('\n')).toHaveLength(9)
  })

  it('says so in plain lines without a terminal', async () => {
    const { code, out, err } = await run('--once')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^Replaying the bundled sample; receiver at http:\/\/127\.0\.0\.1:\d+\/batch and /)
    expect(out).toContain('\n9/9 events\n')
    expect(out).toMatch(
      /\nsteps +3 \(2 opened, 1 completed\)\nbatches received +5\nstream events received +5\n/,
    )
    expect(out).not.toContain('\u001b')
  })

  it('replays any telemetry.json, as its own student if it has one', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'demo-')), 'telemetry.json')
    writeFileSync(path, JSON.stringify({ ...sample, user_id: 42, cohort_id: 5 }))
    const summary = await summaryOf('--telemetry', path)
    expect(readJson(summary.telemetry_json)).toEqual({ ...sample, user_id: 42, cohort_id: 5 })
    expect(summary).toMatchObject({ stream_events_received: 5, batches_received: 5 })
  })

  it('replays any log, naming what it cannot read', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'demo-')), 'events.ndjson')
    const { log, telemetry_json } = await summaryOf()
    const event: TelemetryEvent = {
      v: 1,
      id: 'later',
      at: 1718211999999,
      session: 's',
      type: 'open_step',
      data: {},
    }
    const opened = { ...event, step: { slug: '00-welcome', position: 0 } }
    writeFileSync(path, `${readFileSync(log, 'utf8')}hello\n${encodeLine(opened, crc32)}\n`)
    const { code, out, err } = await run('--once', '--json', '--log', path)
    expect({ code, err }).toEqual({ code: 0, err: `${path} line 10: not JSON: "hello"\n` })
    const summary = JSON.parse(out) as Summary
    expect(summary).toMatchObject({
      events: 10,
      steps_opened: 3,
      stream_events_received: 6,
      batches_received: 6,
    })
    const before = readJson(telemetry_json)
    expect(readJson(summary.telemetry_json)).toEqual({
      ...before,
      steps: [{ ...before.steps[0], opened_at: 1718211999999 }, ...before.steps.slice(1)],
      last_interaction_at: 1718211999999,
    })
  })

  it.each([
    [['--telemetry', '/no/such'], /^\/no\/such: ENOENT/],
    [['--log', '/no/such'], /^\/no\/such: no such file/],
    [['--log', bin], /demo\.js: no event in it\n.+ line 1: not JSON/],
    [['--telemetry', bin], /demo\.js is not JSON/],
    [['--log', 'a', '--telemetry', 'b'], /--log and --telemetry: give one of them/],
    [['--course', '.'], /--course: follows a course; leave out --once/],
  ])('says what is wrong with %j', async (args, message) => {
    const { code, out, err } = await run('--once', ...args)
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatch(message)
  })

  it.each([['--port', 'high'], ['--bogus']])('exits with 2 when called wrongly: %s', async (...args) => {
    expect(await run('--once', ...args)).toMatchObject({ code: 2, out: '' })
  })
})
