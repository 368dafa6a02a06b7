// Two encodings of the same texts (SPEC §4, §12): stock's base64 of UTF-8, LearnPack 5's of `encodeURIComponent`.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeText, toBase64 } from '../src/fold/base64'
import { createCleaner } from '../src/record/clean'
import { decodedAttempt, history, initialState, snapshot } from '../src/index'
import { fold } from '../src/fold/evolve'
import type { ImportedSnapshot, StepEvent } from '../src/index'
import { attemptOf, contentOf } from '../src/fold/wire'
import { encodeUri, sessions, withoutName } from './learnpack5'
import { redact } from './redact'
import { jsonOf, on } from './support'

const wellFormed = fc.string({ unit: 'grapheme' })
const anyText = fc.oneof(
  wellFormed,
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    'abc',
    '%41',
    '%C3%A9',
    '%',
    '100%',
    '%zz',
    '%2f',
    '%2F',
    'a%20b',
    '%FF',
    '%ED%A0%80',
    '¡ñ!',
  ),
)
const encoding = fc.constantFrom('utf8' as const, 'uri' as const)

describe('a text is read in the encoding it has', () => {
  it('and encoded again it is the same base64, whatever it says', () => {
    fc.assert(
      fc.property(anyText, encoding, (text, how) => {
        const base64 = toBase64(text, how)
        const decoded = decodeText(base64)!
        expect(toBase64(decoded.text, decoded.encoding)).toBe(base64)
      }),
    )
  })

  it("LearnPack 5's as its text", () => {
    fc.assert(
      fc.property(wellFormed, (text) => {
        expect(toBase64(text, 'uri')).toBe(encodeUri(text))
        // What has nothing to escape is the same either way, and says so of itself.
        expect(decodeText(encodeUri(text))?.text).toBe(text)
      }),
    )
  })

  it.each([
    ['a space', 'a b', 'utf8'],
    ['an escape of lower case', '%2f', 'utf8'],
    ['an escape that was not needed', '%41', 'utf8'],
    ['no UTF-8', '%FF', 'utf8'],
    ['half an escape', '50%', 'utf8'],
    ['a character that is never left as it is', '%20"', 'utf8'],
    ['no escape at all', 'abc', 'utf8'],
    ['escapes throughout', '%C3%A1rbol%20!', 'uri'],
  ])('%s', (_, text, expected) => {
    expect(decodeText(btoa(text))?.encoding).toBe(expected)
  })

  it('a lone surrogate stops nobody', () => {
    expect(decodeText(toBase64('a\ud83d', 'uri'))).toEqual({ text: 'a\ufffd', encoding: 'uri' })
  })
})

describe('an attempt becomes an event and the same attempt again', () => {
  const value = fc.oneof(
    fc.tuple(anyText, encoding).map(([text, how]) => toBase64(text, how)),
    anyText,
    fc.constantFrom(null, 7, '//8='),
  )
  it('whatever its texts are', () => {
    fc.assert(
      fc.property(fc.record({ stdout: value, stderr: value, source_code: value }), (attempt) => {
        const event = { ...on(0, 'compile', 1), ...contentOf('compile', attempt) } as StepEvent
        expect(attemptOf(jsonOf(event))).toEqual(attempt)
      }),
    )
  })

  it('as texts, where they are of one encoding', () => {
    const texts = { stdout: 'é b', stderr: 'plain', source_code: '' }
    const uri = { stdout: encodeUri('é b'), stderr: encodeUri('plain'), source_code: '' }
    expect(contentOf('test', uri)).toEqual({ data: texts, encoding: 'uri' })
    const mixed = { ...uri, stderr: toBase64('x y') }
    expect(contentOf('test', mixed)).toEqual({ data: mixed, wire: true })
  })
})

describe('recorded sessions of LearnPack 5', () => {
  const attempts = (file: ImportedSnapshot) =>
    file.steps.flatMap(({ compilations = [], tests = [] }) => [...compilations, ...tests])

  it.each(sessions)('$name: every text reads as it was given', ({ calls, posts }) => {
    const given = calls
      .filter(({ op, args }) => op === 'registerStepEvent' && ['compile', 'test'].includes(String(args?.[1])))
      .map(({ args }) => args?.[2] as Record<string, unknown>)
    const texts = (of: Record<string, unknown>) => [of['stdout'] ?? '', of['stderr'] ?? '', of['source_code']]
    const known = new Set(given.map((data) => JSON.stringify(texts(data))))
    for (const attempt of attempts(posts.at(-1)!.body))
      expect(known).toContain(JSON.stringify(texts(decodedAttempt('test', attempt))))
  })

  it.each(sessions)('$name: its history folds to it', ({ posts }) => {
    for (const { body } of posts.slice(-2)) {
      const file = withoutName(body)
      expect(jsonOf(snapshot(fold(initialState, jsonOf(history(file)))))).toEqual(file)
    }
  })
})

describe('redaction', () => {
  const secret = `ghp_${'x1'.repeat(18)}`
  const clean = createCleaner(redact, () => {})

  function fileWith(attempt: Record<string, unknown>): ImportedSnapshot {
    const body = jsonOf(sessions[0]!.posts.at(-1)!.body)
    body.steps[0]!.compilations = [attempt]
    return body
  }
  const cleaned = (attempt: Record<string, unknown>) =>
    clean.snapshot(fileWith(attempt)).steps[0]!.compilations![0]!

  it('finds what is in either encoding, and writes it back as it was', () => {
    const text = `señal 100% → ${secret} C:\\Users\\LEGION\\x.py`
    const expected = 'señal 100% → [redacted:key] C:\\Users\\[redacted:user]\\x.py'
    expect(cleaned({ stdout: encodeUri(text), stderr: toBase64(text) })).toEqual({
      stdout: encodeUri(expected),
      stderr: toBase64(expected),
    })
  })

  it('finds a secret that is all there is', () => {
    expect(decodedAttempt('compile', cleaned({ stdout: encodeUri(secret) }))).toEqual({
      stdout: '[redacted:key]',
    })
  })

  it.each(sessions)('$name: leaves the rest exactly as it is', ({ posts }) => {
    for (const { body } of posts.slice(-3)) expect(clean.snapshot(body)).toEqual(body)
  })
})
