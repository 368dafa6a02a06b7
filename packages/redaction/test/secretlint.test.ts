// Somebody else's rules, which are kept by others, as a check of ours: what secretlint recommends to look for is not there
// any more once a text is redacted.

import fc from 'fast-check'
import { rules } from '@secretlint/secretlint-rule-preset-recommend'
import { describe, expect, it } from 'vitest'
import { redactorOf } from '../src/redactor'
import { around, positives } from './redaction-corpus'
import { examples } from './redaction-corpus-providers'
import { toolPositives } from './redaction-corpus-tools'
import { tries } from './support'

const redact = redactorOf()
const idOf = (id: string): string => id.replace('@secretlint/secretlint-rule-', '')
/** Comments that switch it off are no rule of ours. */
const scanners = rules.filter(({ meta }) => idOf(meta.id) !== 'filter-comments')

/** The names of the rules that find something. */
function found(content: string, file?: string): string[] {
  const ids: string[] = []
  const source = { content, filePath: file, ext: /\.\w+$/.exec(file ?? '')?.[0] ?? '', contentType: 'text' }
  for (const { meta, create } of scanners) {
    const context = {
      sharedOptions: {},
      createTranslator: () => (messageId: string) => ({ message: messageId, messageId }),
      report: () => void ids.push(idOf(meta.id)),
      ignore() {},
    }
    expect(create(context as never, {}).file?.(source as never)).toBeUndefined()
  }
  return ids
}

/** To secretlint, a variable is none. */
const left = (text: string, file?: string): string[] =>
  found(
    redact(text).replace(/\[redacted:[a-z-]+\]/g, () => '$PASSWORD'),
    file,
  )

describe('what secretlint looks for is taken out', () => {
  it.each(examples)('$rule: $what', ({ rule, text, secret, file }) => {
    expect(found(text, file)).toEqual(rule === '' ? [] : expect.arrayContaining([rule]))
    const cleaned = redact(text)
    expect(cleaned).not.toContain(secret)
    expect(redact(cleaned)).toBe(cleaned)
    expect(left(text, file)).toEqual([])
  })

  it.each(examples.filter(({ isToken }) => isToken))('$rule: $what, wherever it stands', ({ secret }) => {
    for (const [where, put] of around)
      expect([where, redact(put(secret))]).toEqual([where, put('[redacted:key]')])
  })

  it('of every rule', () => {
    const ids = scanners.map(({ meta }) => idOf(meta.id))
    expect([...new Set(examples.map(({ rule }) => rule))].filter((rule) => rule !== '').sort()).toEqual(
      ids.sort(),
    )
  })

  it.each([...positives, ...toolPositives])('$what', ({ text }) => {
    expect(left(text)).toEqual([])
  })

  it('whatever is around it', () => {
    const piece = fc.oneof(
      fc.constantFrom(...examples.filter(({ file }) => file === undefined).map(({ text }) => text)),
      fc.string({ unit: 'binary' }),
      fc.constantFrom(' ', '"', '=', ':', '/', '@', '\\n', '\n', '{', 'password', '%22'),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        expect(left(pieces.join('\n'))).toEqual([])
      }),
      { numRuns: tries(500) },
    )
  })
})
