// A log cut or corrupted at any byte loses at most the damaged records, and appending goes on.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { encodeLine, history, type ImportedSnapshot, type TelemetryEvent } from '@learnpack/telemetry-core'
import { crc32, openFileLog } from '../src/index'
import { logPathOf, newFolder, readLog, snapshotOf, startHost } from './support'

const sample = JSON.parse(
  readFileSync(new URL('../../core/test/fixtures/telemetry.sample.json', import.meta.url), 'utf8'),
) as ImportedSnapshot

/** A real session, its texts cut short so that every byte of it can be tried. */
const events = history(sample).map((event) => {
  const text = JSON.stringify(event).replace(
    /"(?:[^"\\]|\\.){40,}"/g,
    (long) => `${long.slice(0, 20).replace(/\\+$/, '')}ñ🎉"`,
  )
  return JSON.parse(text.replace(/"files":\[.*?\]/g, '"files":[]')) as TelemetryEvent
})
const lines = events.map((event) => Buffer.from(`${encodeLine(event, crc32)}\n`))
const bytes = Buffer.concat(lines)
const ends = lines.map((_, index) => lines.slice(0, index + 1).reduce((sum, line) => sum + line.length, 0))
const later: TelemetryEvent = {
  v: 1,
  id: 'later',
  at: 1,
  session: 's',
  type: 'session_end',
  data: { reason: 'exit' },
}

const path = `${newFolder()}/events.ndjson`
beforeAll(() => void mkdirSync(dirname(path), { recursive: true }))

/** What is read of a log of these bytes, after one more event was appended to it. */
function recovered(damaged: Buffer): string[] {
  writeFileSync(path, damaged)
  const log = openFileLog(path)
  log.append(encodeLine(later, crc32))
  log.close()
  return readLog(path).events.map(({ id }) => id)
}

describe('a log', () => {
  it('cut at any byte has every record before the cut, and the one appended behind it', () => {
    for (let cut = 0; cut <= bytes.length; cut++) {
      // Without its line feed a record is still whole: sealing gives it one.
      const whole = events.filter((_, index) => (ends[index] as number) - 1 <= cut).map(({ id }) => id)
      expect(recovered(bytes.subarray(0, cut)), `cut at ${cut}`).toEqual([...whole, 'later'])
    }
  })

  it.each([
    ['one bit flipped', (byte: number) => byte ^ 0x01],
    ['its high bit flipped', (byte: number) => byte ^ 0x80],
    ['a line feed in its place', () => 0x0a],
    ['a zero in its place', () => 0x00],
  ])('with any byte damaged (%s) has every other record', (_, damage) => {
    const ids = events.map(({ id }) => id)
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes)
      damaged[at] = damage(damaged[at] as number)
      const record = ends.findIndex((end) => at < end)
      const found = recovered(damaged)
      // A damaged line feed damages no record; neither does a byte that is what it was.
      const lost = at === (ends[record] as number) - 1 || damaged[at] === bytes[at] ? [] : [ids[record]]
      expect(found, `byte ${at}`).toEqual([...ids.filter((id) => !lost.includes(id)), 'later'])
    }
  })

  it('with a piece missing in the middle has every record that is whole', () => {
    for (let from = 0; from < bytes.length - 300; from += 97) {
      const found = recovered(Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + 300)]))
      const whole = events.filter((_, index) => {
        const [start, end] = [
          (ends[index] as number) - (lines[index] as Buffer).length,
          (ends[index] as number) - 1,
        ]
        return end <= from || start >= from + 300
      })
      expect(found, `300 bytes from ${from}`).toEqual([...whole.map(({ id }) => id), 'later'])
    }
  })
})

describe('telemetry.json', () => {
  const recordedFolder = async (): Promise<string> => {
    const dirPath = newFolder()
    expect(await startHost(dirPath, 'end').ended).toMatchObject({ code: 0, err: '' })
    return dirPath
  }

  it.each([
    ['empty', ''],
    ['torn', '{"telemetry_id": "abc", "steps": [{"sl'],
    ['null', 'null'],
    ['zeros', '\0'.repeat(512)],
    ['something else', '{"scripts": {}}'],
  ])('that is %s is set aside and rebuilt from the log', async (_, text) => {
    const dirPath = await recordedFolder()
    const before = snapshotOf(dirPath)
    writeFileSync(`${dirPath}/telemetry.json`, text)
    expect(await startHost(dirPath, 'end').ended).toMatchObject({ code: 0, out: '', err: '' })
    expect(snapshotOf(dirPath)).toMatchObject({ telemetry_id: before.telemetry_id, steps: before.steps })
    expect(readLog(logPathOf(dirPath)).events.some(({ type }) => type === 'import')).toBe(false)
  })

  it('with a BOM is read like any other', async () => {
    const dirPath = await recordedFolder()
    const before = snapshotOf(dirPath)
    writeFileSync(`${dirPath}/telemetry.json`, `\uFEFF${JSON.stringify({ ...before, cohort_id: 5 })}`)
    await startHost(dirPath, 'end').ended
    expect(snapshotOf(dirPath)).toMatchObject({ telemetry_id: before.telemetry_id, cohort_id: 5 })
  })

  it('that is missing or older than the log is rebuilt from it', async () => {
    const dirPath = await recordedFolder()
    const old = readFileSync(`${dirPath}/telemetry.json`)
    const host = startHost(dirPath, 'count', 5, 10)
    await host.ended
    for (const present of [old, undefined]) {
      if (present === undefined) rmSync(`${dirPath}/telemetry.json`)
      else writeFileSync(`${dirPath}/telemetry.json`, present)
      await startHost(dirPath, 'end').ended
      expect(snapshotOf(dirPath).steps[1]!.compilations).toHaveLength(5)
    }
  })

  it('written by stock in between becomes an import, whole', async () => {
    const dirPath = await recordedFolder()
    const { steps, ...rest } = snapshotOf(dirPath)
    const theirs = { stdout: 'aGk=', exit_code: 0, starting_at: 5, quiz: [1] }
    const [first, second] = steps
    const file = {
      ...rest,
      cohort_id: 5,
      steps: [first, { ...second, tests: [theirs], completed_at: 6, quiz_submissions: [] }],
    }
    writeFileSync(`${dirPath}/telemetry.json`, JSON.stringify(file))
    await startHost(dirPath, 'count', 1, 10).ended
    expect(snapshotOf(dirPath)).toMatchObject({
      cohort_id: 5,
      telemetry_id: rest.telemetry_id,
      steps: [first, { tests: [theirs], compilations: [{}], completed_at: 6, quiz_submissions: [] }],
    })
    expect(readLog(logPathOf(dirPath)).events.filter(({ type }) => type === 'import')).toHaveLength(1)
  })

  it('written by somebody else while we run is imported before it is written over', async () => {
    const dirPath = newFolder()
    const host = startHost(dirPath, 'obey')
    host.tell('start')
    host.tell('idle')
    while ((await host.next()) !== 'idle');
    writeFileSync(`${dirPath}/telemetry.json`, JSON.stringify({ ...snapshotOf(dirPath), cohort_id: 5 }))
    host.tell('record 10')
    host.tell('idle')
    host.tell('close')
    host.child.stdin.end()
    expect(await host.ended).toMatchObject({ code: 0, err: '' })
    expect(snapshotOf(dirPath)).toMatchObject({ cohort_id: 5 })
    expect(snapshotOf(dirPath).steps[1]!.compilations).toHaveLength(1)
  })
})
