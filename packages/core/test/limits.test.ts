// Texts above the limits are cut with a mark (SPEC §3), before they are redacted.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Limits } from '../src/index'
import { cut } from '../src/record/limits'
import { memoryStorage } from '../src/memory'
import { createTelemetry, type Redactor } from '../src/index'
import { manualClock } from '../src/memory'
import { redact } from './redact'
import { countingIds, course, crc, tries } from './support'

function recorded(data: object, options: { limits?: Limits; redact?: Redactor } = {}, before = false) {
  const storage = memoryStorage()
  const ports = { clock: manualClock(0), ids: countingIds(), crc, random: () => 0.5 }
  const telemetry = createTelemetry({ storage, ...ports, ...options })
  if (before) telemetry.record(1, 'compile', data)
  telemetry.start(course)
  if (!before) telemetry.record(1, 'compile', data)
  const { telemetry_id } = telemetry.status()
  const lines = storage.log(telemetry_id!).trimEnd().split('\n')
  return (JSON.parse(lines[1]!) as { data: Record<string, unknown> }).data
}

const MARK = /\n\[\.\.\. ([\d,]+) characters left out \.\.\.\]\n/

const same = (text: string): string => text

describe('a text above its limit', () => {
  it('keeps its beginning and its end, and says how much is missing', () => {
    const text = Array.from({ length: 100_000 }, (_, n) => `line ${n}`).join('\n')
    const { stdout, stderr, source_code } = recorded({ stdout: text, stderr: text, source_code: text })
    for (const [kept, limit] of [
      [stdout, 65_536],
      [stderr, 65_536],
      [source_code, 262_144],
    ] as [string, number][]) {
      const [head, missing, tail] = kept.split(MARK) as [string, string, string]
      expect(kept.length).toBeLessThan(limit + 50)
      expect(kept.length).toBeGreaterThan(limit - 50)
      expect(head.length + Number(missing.replaceAll(',', '')) + tail.length).toBe(text.length)
      expect(text.startsWith(`${head}line`) && text.endsWith(`\n${tail}`)).toBe(true)
    }
  })

  it('is of any field, however deep, and of a call that waits for a start', () => {
    const long = 'x '.repeat(200_000)
    for (const before of [false, true]) {
      const data = recorded({ student_message: long, more: { texts: [long] } }, {}, before) as {
        student_message: string
        more: { texts: string[] }
      }
      expect(data.student_message).toMatch(MARK)
      expect(data.more.texts[0]).toMatch(MARK)
    }
  })

  it('is what the host says it is', () => {
    const data = { stdout: 'a'.repeat(101), source_code: 'a'.repeat(101), ai_response: 'a'.repeat(300) }
    expect(recorded(data, { limits: { output: 100, source: 200 } })).toMatchObject({
      stdout: expect.stringMatching(MARK) as string,
      source_code: data.source_code,
      ai_response: expect.stringMatching(MARK) as string,
    })
  })

  it('is none at its limit', () => {
    const data = { stdout: 'a'.repeat(100), source_code: 'b'.repeat(200) }
    expect(recorded(data, { limits: { output: 100, source: 200 } })).toEqual(data)
  })

  it('is cut between lines, else between words, where there are any near', () => {
    const kept = (text: string, limit: number) => cut(text, limit, same).replace(MARK, '|')
    expect(kept('one two\nthree four five six\nseven ten', 24)).toBe('one two\n|seven ten')
    expect(kept('one two three four five six seven', 20)).toBe('one two |six seven')
    expect(kept('x = 1\nprint(2)\n x = 3', 14)).toBe('x = 1\n| x = 3')
    expect(kept('abcdefghijklmnop', 8)).toBe('abcd|mnop')
  })

  it('is cut before it is redacted', () => {
    const seen: number[] = []
    recorded({ stdout: 'a'.repeat(2 ** 20) }, { redact: (text) => (seen.push(text.length), text) })
    expect(Math.max(...seen)).toBeLessThan(66_000)
  })

  it('hides no credential that lay across the cut', () => {
    const key = `ghp_${'x1'.repeat(18)}`
    const line = `token ${key}\nAPI_KEY="k9Qw3zT7pX2m${'x'.repeat(3)}"\n`
    const packed = `{"a":"${key}","password":"k9Qw3zT7pX2m"},`
    for (const text of [line, packed]) {
      // One character further every time, until the cut has been at every place of it.
      for (let shift = 0; shift < text.length; shift++) {
        const kept = redact(cut('.'.repeat(shift) + text.repeat(200), 1_000, redact))
        expect(kept).not.toMatch(/x1x1|k9Q|7pX2m/)
      }
    }
  })

  it('hides no private key that lay across the cut', () => {
    const body = Array.from({ length: 30 }, (_, n) => `a1B2c3D4${'e5F6g7H8'.repeat(6)}${n}`).join('\n')
    const pem = `-----BEGIN ${'PRIVATE'} KEY-----\n${body}\n-----END ${'PRIVATE'} KEY-----\n`
    for (let shift = 0; shift < 1_600; shift += 7) {
      const text = `${'.\n'.repeat(shift)}${pem}${'.\n'.repeat(4_000)}`
      expect(redact(cut(text, 1_000, redact))).not.toContain('e5F6g7H8')
      expect(redact(cut(`${'.\n'.repeat(4_000)}${pem}${'.\n'.repeat(shift)}`, 1_000, redact))).not.toContain(
        'e5F6g7H8',
      )
    }
  })

  it('splits no character', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', minLength: 30 }),
        fc.integer({ min: 0, max: 30 }),
        (text, limit) => {
          expect(() => encodeURIComponent(cut(text, limit, same))).not.toThrow()
        },
      ),
      { numRuns: tries(1_000) },
    )
    for (const character of ['\u{1F400}', '\u{1F600}', '\u{1F7FF}', '\u{1F3FF}']) {
      const kept = cut(character.repeat(40), 22, same)
      expect(kept.replace(MARK, '|')).toBe(`${character.repeat(5)}|${character.repeat(5)}`)
    }
  })

  it('keeps no more than its limit', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', ' ', '\n', ';', '\u{1F600}'), maxLength: 200 }),
        fc.integer({ min: 0, max: 100 }),
        (text, limit) => {
          const [head = '', , tail = ''] = cut(text, limit, same).split(MARK)
          expect(head.length + tail.length).toBeLessThanOrEqual(limit)
        },
      ),
      { numRuns: tries(1_000) },
    )
  })
})

it('what says itself that it is nothing is nothing', () => {
  const nothing = { toJSON: () => undefined }
  expect(recorded({ stdout: 'a', nothing, others: [nothing], n: 1, none: null })).toEqual({
    stdout: 'a',
    others: [null],
    n: 1,
    none: null,
  })
})

describe('a secret at a cut', () => {
  const LIMIT = 2_000
  const SECRET = 'API_KEY="Kitten77"'
  const whole = (text: string): string => redact(text)

  /** What is kept of both ends, with the secret so far from one of the two cuts. */
  function around(filler: string, place: (length: number) => number) {
    const length = 3 * LIMIT
    const plain = filler.repeat(Math.ceil(length / filler.length)).slice(0, length)
    const at = place(length)
    const text = plain.slice(0, at) + SECRET + plain.slice(at)
    const kept = recorded({ stdout: text }, { limits: { output: LIMIT }, redact })['stdout'] as string
    const [head, , tail] = kept.split(MARK) as [string, string, string]
    return { text, head, tail }
  }

  it.each(['word ', 'a,', 'abcdefg-', 'ab\n'])('is taken out wherever the cut is, between %j', (filler) => {
    for (let shift = -40; shift <= 40; shift++) {
      for (const place of [() => LIMIT / 2 + shift, (length: number) => length - LIMIT / 2 + shift]) {
        const { text, head, tail } = around(filler, place)
        expect(`${head} ${tail}`).not.toMatch(/Kit|ten|77/)
        // What is left is what is left of the whole, and not much less of it.
        expect(whole(text).startsWith(head)).toBe(true)
        expect(whole(text).endsWith(tail)).toBe(true)
        expect(Math.min(head.length, tail.length)).toBeGreaterThan(LIMIT / 4)
        expect(Math.max(head.length, tail.length)).toBeLessThanOrEqual(LIMIT / 2 + '[redacted:secret]'.length)
      }
    }
  })
})
