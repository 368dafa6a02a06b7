// The built-in redactor within core's runtime: fields by their names, and files from elsewhere.

import { readFileSync } from 'node:fs'
import type { CourseInput, ImportedSnapshot } from '@learnpack/telemetry-core'
import { describe, expect, it } from 'vitest'
import { redactorOf } from '../src/redactor'
import { telemetryWith } from './support'

const redact = redactorOf()
const world = () => telemetryWith(redact)
const fixture = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../../core/test/fixtures/${name}`, import.meta.url), 'utf8')) as T
const sample = fixture<ImportedSnapshot>('telemetry.sample.json')
const sessions = fixture<{ name: string; posts: { body: ImportedSnapshot }[] }[]>('learnpack5-sessions.json')

const PATH = 'C:\\Users\\LEGION\\x.py'

/** Every base64 in a text, decoded. */
const decodedTexts = (text: string): string =>
  [...text.matchAll(/[A-Za-z0-9+/]{8,}={0,2}/g)]
    .map(([base64]) => Buffer.from(base64, 'base64').toString('latin1'))
    .join('\n')

/** The snapshot that the last line of a log imports. */
const imported = (log: string): ImportedSnapshot =>
  (JSON.parse(log.trimEnd().split('\n').at(-1)!) as { data: { snapshot: ImportedSnapshot } }).data.snapshot

describe('is taken out of an event', () => {
  it.each([
    'contraseña',
    'contrasen\u0303a',
    'CONTRASEÑA',
    'contraseñaUsuario',
    'contrasenha',
    'mot_de_passe',
    'motDePasse',
    'senha',
    'appid',
    'clave_secreta',
    'passphrase',
    'X-Api-Key',
  ])('a field that is called %s', (name) => {
    const { telemetry, log } = world()
    const data = { [name]: 'k9Qw3zT7pX2m', deep: [{ [name]: ['k9Qw3zT7pX2m'] }] }
    telemetry.record(1, 'compile', data)
    expect(log()).not.toContain('k9Qw3z')
    expect(log().match(/\[redacted:secret\]/g)).toHaveLength(2)
    expect(log().match(new RegExp(`"${name}":`, 'g'))).toHaveLength(2)
  })

  it('a field of a secret, line by line, and with a token in it', () => {
    const { telemetry } = world()
    const token = `ghp_${'x1'.repeat(18)}`
    telemetry.record(1, 'compile', {
      secret: 'of the school:\n k9Qw3zT7pX2m \nIDENTIFIER',
      token,
      password: ' k9Qw3zT7pX2m\r\n',
      api_key: 'Bearer k9Qw3zT7pX2m',
    })
    expect(telemetry.snapshot().steps[1]?.compilations[0]).toEqual({
      secret: 'of the school:\n [redacted:secret] \nIDENTIFIER',
      token: '[redacted:key]',
      password: ' [redacted:secret]\r\n',
      api_key: 'Bearer [redacted:key]',
    })
  })
})

describe('an import', () => {
  it('of the sample leaves no name of its learner, in the log or in what is shown', () => {
    const { slug, steps } = sample
    const { telemetry, log } = telemetryWith(redact, {}, { slug, agent: 'os', steps } as CourseInput)
    telemetry.import(sample)
    for (const text of [log(), JSON.stringify(telemetry.snapshot())]) {
      expect(text).not.toMatch(/legion/i)
      expect(decodedTexts(text)).not.toMatch(/legion/i)
    }
    expect(decodedTexts(JSON.stringify(telemetry.snapshot()))).toMatch(/\[redacted:user\]/)
  })

  it('is lossless where nothing is found, byte for byte', () => {
    const odd = ['', 'bm8=', 'bm8', 'not base64', btoa('\xff\xfe bytes'), 'TWFu\nTWFu', 7, null, ['bm8=']]
    const compilations = odd.map((stdout) => ({ stdout, exit_code: 1, extra: [stdout] }))
    const file = {
      ...sample,
      steps: [{ slug: 'a', position: 0, compilations }],
      package_id: 7,
      nothing: null,
    }
    const { telemetry, log } = world()
    expect(telemetry.import(file)).toMatchObject({ ok: true })
    expect(imported(log())).toEqual(file)
  })

  it('is redacted in base64 of text, of other bytes, and in text that was never encoded', () => {
    const { telemetry, log } = world()
    const wrapped = btoa(`print("${PATH}")`).replace(/(.{20})/, '$1\n')
    const texts = [btoa(PATH), btoa(`\xff ${PATH}`), PATH, wrapped]
    telemetry.import({
      ...sample,
      fullname: 'ana@escuela.edu',
      deep: { token: 'k9Qw3zT7pX2m' },
      steps: [
        {
          slug: '01-hello',
          position: 1,
          tests: texts.map((stderr) => ({ stderr, api_key: 'k9Qw3zT7pX2m' })),
        },
      ],
    })
    expect(log()).not.toMatch(/LEGION|escuela|k9Qw3z/)
    expect(decodedTexts(log())).not.toContain('LEGION')
  })

  it.each(sessions)('of a session of LearnPack 5, $name: leaves the rest exactly as it is', ({ posts }) => {
    for (const { body } of posts.slice(-3)) {
      const [redacted, same] = [redact, (text: string) => text].map((redactor) => {
        const { telemetry, log } = telemetryWith(redactor)
        telemetry.import(body)
        return imported(log())
      })
      expect(redacted).toEqual(same)
      expect(redacted).toHaveProperty('steps')
    }
  })
})
