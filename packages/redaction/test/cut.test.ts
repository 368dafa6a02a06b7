// A text that is cut is redacted as if it were whole around the cut (SPEC §8): no value loses the name that gives it
// away, and no name its value, whatever the cut comes between.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Limits, Redactor } from '@learnpack/telemetry-core'
import { redactorOf } from '../src/redactor'
import { telemetryWith, tries } from './support'

const redact = redactorOf({ homes: ['/srv/people/rosalinda'], names: ['rosalinda'] })
const LIMIT = 2_000
/** What is kept of each end. */
const HALF = LIMIT / 2

/** Data as it is in the log. */
function recorded(data: object, limits: Limits, redactor: Redactor = redact): Record<string, unknown> {
  const { telemetry, log } = telemetryWith(redactor, limits)
  telemetry.record(1, 'compile', data)
  const line = log().trimEnd().split('\n')[1]!
  return (JSON.parse(line) as { data: Record<string, unknown> }).data
}

const kept = (text: string, limit = LIMIT): string =>
  recorded({ stdout: text }, { output: limit })['stdout'] as string

const SECRET = 'k9Qw3zT7-pX2m'
const WORD = 'Kitten77'
const KEY = `q7Zt${'Xw4kP9sLm2Vr8Tz3'.repeat(14)}`

/** A secret in the middle of a long line, and what of it may not be left. */
interface Shape {
  readonly what: string
  /** Repeated on both sides. */
  readonly filler: string
  readonly given: string
  readonly secret: string
}

const shapes: readonly Shape[] = [
  {
    what: 'JSON on one line',
    filler: '{"id":1,"city":"Caracas","ok":true},',
    given: `{"user":"ana","password":"${WORD}","ok":true},`,
    secret: WORD,
  },
  {
    what: 'JSON on one line, with blanks',
    filler: '{"id": 1, "city": "Caracas", "ok": true}, ',
    given: `{"user": "ana", "password": "${SECRET}", "ok": true}, `,
    secret: SECRET,
  },
  {
    what: 'JSON in JSON',
    filler: '{\\"id\\":1,\\"city\\":\\"Caracas\\"},',
    given: `{\\"contraseña\\":\\"${SECRET}\\"},`,
    secret: SECRET,
  },
  {
    what: 'a dictionary of Python',
    filler: "{'id': 1, 'city': 'Caracas'}, ",
    given: `{'user': 'ana', 'api_key': '${SECRET}'}, `,
    secret: SECRET,
  },
  {
    what: 'YAML on one line',
    filler: '{id: 1, city: Caracas}, ',
    given: `{user: ana, password: "${SECRET}"}, `,
    secret: SECRET,
  },
  {
    what: 'a query string',
    filler: 'page=2&city=Caracas&',
    given: `api_key=${SECRET}&`,
    secret: SECRET,
  },
  {
    what: 'an environment on one line',
    filler: 'LANG=es_VE.UTF-8 SHLVL=1 ',
    given: `DB_PASSWORD='${SECRET}' `,
    secret: SECRET,
  },
  {
    what: 'an environment',
    filler: 'LANG=es_VE.UTF-8\nSHLVL=1\n',
    given: `DB_PASSWORD=${WORD}\n`,
    secret: WORD,
  },
  {
    what: 'headers',
    filler: '< accept-ranges: bytes\r\n',
    given: `< Authorization: Basic YW5hOmh1bnRlcjIyYmFu\r\n`,
    secret: 'YW5hOmh1bnRlcjIyYmFu',
  },
  {
    what: 'headers of curl on one line',
    filler: "-H 'accept: text/html' ",
    given: `-H 'X-Api-Key: ${SECRET}' `,
    secret: SECRET,
  },
  {
    what: 'minified JavaScript',
    filler: 'function(e,t){return e(t)}var n=1;',
    given: `const apiKey="${SECRET}";`,
    secret: SECRET,
  },
  {
    what: 'no blank and no bracket',
    filler: 'abcdefghijklmnop',
    given: `.password="${WORD}".`,
    secret: WORD,
  },
  {
    what: 'a value on the next line',
    filler: 'x = 1\n',
    given: `API_KEY = (\n    "${SECRET}"\n)\n`,
    secret: SECRET,
  },
  {
    what: 'a connection string',
    filler: 'x=1;',
    given: `Server=x;Password=${SECRET};`,
    secret: SECRET,
  },
  {
    what: 'a URL of a database',
    filler: 'see https://school.edu/a/b ',
    given: `postgres://ana:${WORD}@db.school.edu/x `,
    secret: WORD,
  },
  { what: 'an option', filler: 'login --city Caracas ', given: `login --token ${SECRET} `, secret: SECRET },
  {
    what: 'an e-mail address',
    filler: 'name,city,',
    given: 'ana.maria.lopez@escuela.edu.ve,',
    secret: 'ana.maria.lopez',
  },
  {
    what: 'a path',
    filler: 'PATH=/usr/bin:',
    given: '/home/anamarialopez/bin:',
    secret: 'anamarialopez',
  },
  {
    what: 'the home of this machine',
    filler: '/usr/bin:',
    given: '/srv/people/rosalinda/bin:',
    secret: 'rosalinda',
  },
  {
    what: 'a long key of base64 in JSON',
    filler: '{"id":1,"ok":true},',
    given: `{"client_secret":"${KEY}=="},`,
    secret: KEY,
  },
  {
    what: 'a long token by itself',
    filler: 'x1 ',
    given: `sk-proj-${KEY} `,
    secret: KEY,
  },
  {
    what: 'a JSON Web Token',
    filler: '{"id":1},',
    given: `{"id_token":"eyJ${KEY.slice(0, 40)}.eyJ${KEY}.${KEY.slice(0, 43)}"},`,
    secret: KEY,
  },
]

/** Whether any eight characters of a secret in a row, or all of a shorter one, are in a text. */
function isInside(secret: string, text: string): boolean {
  for (let at = 0; at + 8 <= Math.max(8, secret.length); at++) {
    if (text.includes(secret.slice(at, at + 8))) return true
  }
  return false
}

const many = (filler: string, length: number): string => filler.repeat(Math.ceil(length / filler.length))

describe('a cut leaves no secret', () => {
  it.each(shapes)('in $what, wherever it lies', ({ filler, given, secret }) => {
    const left: number[] = []
    const rest = many(filler, 3 * LIMIT)
    expect(isInside(secret, redact(rest + given + rest))).toBe(false)
    for (let shift = -8; shift <= given.length + 8; shift += given.length > 100 ? 5 : 1) {
      // The cut is at most a quarter of the limit nearer to the end, where there is a place for it.
      for (const back of [0, [100, 250, 490][(shift + 9) % 3]!]) {
        const length = HALF - back - shift
        const beside = [many(filler, length), '.'.repeat(length)].map((text) => text.slice(0, length))
        const [before = '', dots = ''] = beside
        const texts = [
          dots.slice(0, length % filler.length) + before.slice(0, length - (length % filler.length)),
          dots.slice(0, -1) + ' ',
        ].map((start) => start + given + rest)
        texts.push(...beside.map((end) => rest + given + end))
        if (texts.some((text) => isInside(secret, kept(text)))) left.push(shift)
      }
    }
    expect(left).toEqual([])
  })

  it('in nested texts, and in lists', () => {
    const filler = many('{"id":1,"city":"Caracas","ok":true},', 3 * LIMIT)
    for (let shift = 0; shift < 60; shift++) {
      const before = '.'.repeat(HALF - shift)
      const text = `${before}"password":"${WORD}",${filler}"password":"${WORD}"${'.'.repeat(HALF - shift)}`
      const data = recorded({ deep: { texts: [text, { more: text }] } }, { source: LIMIT })
      expect(JSON.stringify(data)).not.toContain(WORD)
      expect(JSON.stringify(data).match(/characters left out/g)).toHaveLength(2)
    }
  })

  it('of many on one line', () => {
    const line = JSON.stringify(
      Array.from({ length: 400 }, (_, n) => ({
        n,
        user: `u${n}`,
        password: `${WORD}-${n}`,
        token: `${SECRET}${n}`,
      })),
    )
    for (let limit = 500; limit < 700; limit++) {
      expect(isInside(WORD, kept(line, limit)) || isInside(SECRET, kept(line, limit))).toBe(false)
    }
  })

  it('of credentials, one after the other', () => {
    const key = `ghp_${'x1'.repeat(18)}`
    const line = `token ${key}\nAPI_KEY="k9Qw3zT7pX2m${'x'.repeat(3)}"\n`
    const packed = `{"a":"${key}","password":"k9Qw3zT7pX2m"},`
    for (const text of [line, packed]) {
      // One character further every time, until the cut has been at every place of it.
      for (let shift = 0; shift < text.length; shift++)
        expect(kept('.'.repeat(shift) + text.repeat(200), 1_000)).not.toMatch(/x1x1|k9Q|7pX2m/)
    }
  })

  it('of a private key', () => {
    const body = Array.from({ length: 30 }, (_, n) => `a1B2c3D4${'e5F6g7H8'.repeat(6)}${n}`).join('\n')
    const pem = `-----BEGIN ${'PRIVATE'} KEY-----\n${body}\n-----END ${'PRIVATE'} KEY-----\n`
    const rest = '.\n'.repeat(4_000)
    for (let shift = 0; shift < 1_600; shift += 7) {
      const near = '.\n'.repeat(shift)
      expect(kept(near + pem + rest, 1_000)).not.toContain('e5F6g7H8')
      expect(kept(rest + pem + near, 1_000)).not.toContain('e5F6g7H8')
    }
  })

  it('whatever is around it, and redacting once more changes nothing', () => {
    const parts = fc.array(
      fc.oneof(
        fc.constantFrom(...shapes.flatMap(({ filler, given }) => [filler, given, given])),
        fc.constantFrom('"', '\\', '\n', ' ', '=', ': ', ',', '{', 'password', '\u001B[1m', '\u{1F600}', 'ñ'),
      ),
      { minLength: 20, maxLength: 200 },
    )
    fc.assert(
      fc.property(parts, fc.integer({ min: 200, max: 1_000 }), (list, limit) => {
        const text = list.join('')
        const whole = redact(text)
        const short = kept(text, limit)
        expect(redact(short)).toBe(short)
        for (const { secret } of shapes)
          if (!isInside(secret, whole)) expect([secret, isInside(secret, short)]).toEqual([secret, false])
      }),
      { numRuns: tries(300) },
    )
  })
})

describe('a cut keeps', () => {
  it('what is no secret, up to the limit', () => {
    const text = many('{"id":1,"city":"Caracas","ok":true},', 3 * LIMIT)
    const [head = '', tail = ''] = kept(text).split(/\n\[\.\.\. [\d,]+ characters left out \.\.\.\]\n/)
    expect(text.startsWith(head) && text.endsWith(tail)).toBe(true)
    expect(head.length + tail.length).toBeGreaterThan(LIMIT - 80)
  })

  it('the name of a value that is left out', () => {
    const before = '.'.repeat(HALF - 15)
    const text = `${before}"password":"${SECRET}"${'.'.repeat(3 * LIMIT)}`
    expect(kept(text)).toMatch(/^\.+"password":"(?:\[redacted:secret\])?\n\[\.\.\. /)
  })

  it('what a redactor of the host hides by what is before it and behind it', () => {
    const mine: Redactor = (text) => text.replace(/<secret>[^<]*<\/secret>/g, '<secret>***</secret>')
    for (let shift = 0; shift < 50; shift++) {
      const given = '<secret>a plain word</secret>'
      const text = `${'.'.repeat(HALF - shift)}${given}${'.'.repeat(LIMIT * 3)}${given}${'.'.repeat(HALF - shift)}`
      const data = recorded({ stdout: text }, { output: LIMIT }, mine)
      expect(data['stdout']).not.toMatch(/a pl|ain|word/)
    }
  })
})

it('a long output costs a redactor little more than what is kept of it', () => {
  let seen = 0
  const text = many('{"id":1,"password":"Kitten77"},', 4 * 1024 * 1024)
  recorded({ stdout: text }, {}, (part) => ((seen += part.length), redact(part)))
  expect(seen).toBeLessThan(3 * 65_536)
})
