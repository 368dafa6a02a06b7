// A learn.json as it lies in a course's folder. What its `telemetry` may hold is tested in core.

import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readConfigAt } from '../src/sending/learn-json'

const stream = 'https://school.example/stream'
const batch = 'https://school.example/batch?asset_id=7'

function fileWith(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'learn-json-')), 'learn.json')
  writeFileSync(path, text)
  return path
}

describe('the file learn.json', () => {
  it('may begin with a byte order mark', () => {
    const path = fileWith(`\uFEFF${JSON.stringify({ slug: 'x', telemetry: { stream, batch } })}`)
    expect(readConfigAt(path)).toEqual({ destinations: { stream, batch }, problems: [] })
  })

  it('that is not JSON gives a message', () => {
    const path = fileWith('{"telemetry": ')
    const { destinations, problems } = readConfigAt(path)
    expect(destinations).toEqual({})
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(`${path}: is not JSON (`)
    expect(problems[0]).toMatch(/\); nothing is sent there, recording goes on locally$/)
  })
})
