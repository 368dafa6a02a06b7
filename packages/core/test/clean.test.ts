// Where redaction applies (SPEC §8): whatever is written, but for what a telemetry is known by.

import { describe, expect, it } from 'vitest'
import { createTelemetry, type Redactor } from '../src/index'
import { manualClock, memoryStorage } from '../src/memory'
import { redact } from './redact'
import { countingIds, course, crc, sample } from './support'

function world(given: Redactor = redact, telemetryJson?: string) {
  const storage = memoryStorage(telemetryJson)
  const clock = manualClock(1_700_000_000_000)
  const telemetry = createTelemetry({
    storage,
    clock,
    ids: countingIds(),
    crc,
    random: () => 0.5,
    redact: given,
  })
  const notices: string[] = []
  telemetry.on('noticed', (message) => notices.push(message))
  const log = () => storage.log(telemetry.status().telemetry_id!)
  return { telemetry, storage, notices, log }
}

const PATH = 'C:\\Users\\LEGION\\x.py'

describe('redaction applies to', () => {
  it('every text of a step event, however deep, and to what its field is called', () => {
    const { telemetry, log } = world()
    telemetry.start(course)
    const data = { stdout: PATH, deep: [{ texts: [PATH] }], env: { SCHOOL_KEY: 'k9Qw3zT7pX2m' }, n: 7 }
    telemetry.record(1, 'compile', data)
    expect(log()).not.toMatch(/LEGION|k9Qw3z/)
    const clean = 'C:\\Users\\[redacted:user]\\x.py'
    expect(telemetry.snapshot().steps[1]?.compilations).toEqual([
      { stdout: btoa(clean), deep: [{ texts: [clean] }], env: { SCHOOL_KEY: '[redacted:secret]' }, n: 7 },
    ])
    expect(data.deep[0]?.texts[0]).toBe(PATH)
  })

  it('the texts of a quiz, which are cut like others', () => {
    const { telemetry, log } = world()
    telemetry.start(course)
    const answer = `${PATH} ${'long '.repeat(100_000)}`
    const quiz = { status: 'ERROR', selections: [{ question: 'Where?', answer, isCorrect: false }] }
    expect(telemetry.record(1, 'quiz_submission', quiz)).toMatchObject({ ok: true })
    expect(log()).not.toContain('LEGION')
    expect(log()).toContain('characters left out')
    expect(telemetry.snapshot().steps[1]?.quiz_submissions).toMatchObject([
      { status: 'ERROR', selections: [{ question: 'Where?', isCorrect: false }] },
    ])
  })

  it('the names of fields, of which none is lost', () => {
    const { telemetry, log } = world()
    telemetry.start(course)
    const key = `ghp_${'x1'.repeat(18)}`
    telemetry.record(1, 'compile', { byFile: { [PATH]: 1, [PATH.toLowerCase()]: 2 }, deep: [{ [key]: 3 }] })
    expect(log()).not.toMatch(/LEGION|legion|x1x1/)
    const clean = 'C:\\Users\\[redacted:user]\\x.py'
    expect(telemetry.snapshot().steps[1]?.compilations).toEqual([
      { byFile: { [clean]: 1, [clean.toLowerCase()]: 2 }, deep: [{ '[redacted:key]': 3 }] },
    ])
    const mails = { 'ana@escuela.edu': 1, 'eva@escuela.edu': 2, 'leo@escuela.edu': 3 }
    telemetry.record(1, 'compile', { mails, tokens: { 'of ana@escuela.edu, a token': 'IDENTIFIER' } })
    expect(telemetry.snapshot().steps[1]?.compilations[1]).toEqual({
      mails: { '[redacted:email]': 1, '[redacted:email] 2': 2, '[redacted:email] 3': 3 },
      tokens: { 'of [redacted:email], a token': 'IDENTIFIER' },
    })
  })

  it('the course, but for its slugs', () => {
    const { telemetry, log } = world((text) => text.replaceAll('LEGION', '***'))
    telemetry.start({
      slug: 'LEGION-course',
      agent: 'os',
      steps: [{ slug: 'LEGION-1', position: 0, files: [{ path: PATH, name: 'x.py' }] }],
    })
    expect(log()).not.toContain('C:\\\\Users\\\\LEGION')
    expect(telemetry.snapshot()).toMatchObject({
      slug: 'LEGION-course',
      steps: [{ slug: 'LEGION-1', files: [{ path: 'C:\\Users\\***\\x.py' }] }],
    })
  })

  it('reasons of what was refused, also where they quote half a word', () => {
    const { telemetry } = world()
    telemetry.start(course)
    const answers = [
      telemetry.record(1, PATH, {}),
      telemetry.record(1, 'compile', `${'a '.repeat(30)}ghp_${'x1'.repeat(18)}`),
    ]
    expect(JSON.stringify(answers)).not.toMatch(/LEGION|x1x1/)
    expect(answers[1]).toMatchObject({ reason: expect.stringContaining('a a …') as string })
  })

  it('no more of a reason than what must not be kept', () => {
    const { telemetry } = world()
    telemetry.start(course)
    expect(telemetry.record(1, 'compilationOfTheExercise', {})).toMatchObject({
      reason: expect.stringContaining('"compilationOfTheExercise"') as string,
    })
  })

  it('reasons that quote base64, and what is said of a file that was set aside', async () => {
    const { telemetry } = world()
    telemetry.start(course)
    // With one sign of padding, with two and without.
    const wrongs = ['in', 'of', ': '].map((word, n) => {
      const tests = btoa(`${word}${' '.repeat(n)}${PATH}`)
      return { hidden: tests.slice(0, 24), wrong: { telemetry_id: 'x', steps: [{ slug: 'a', tests }] } }
    })
    for (const { hidden, wrong } of wrongs) {
      const answer = telemetry.import(wrong)
      expect(answer).toMatchObject({ ok: false, reason: expect.stringContaining('…') as string })
      expect(JSON.stringify(answer)).not.toContain(hidden)
    }
    const { hidden, wrong } = wrongs[0]!

    const other = world(redact, JSON.stringify(wrong))
    other.telemetry.start(course)
    await other.telemetry.idle()
    expect(other.notices).toEqual([expect.stringMatching(/^telemetry\.json is no telemetry: .*is kept as/)])
    expect(other.notices[0]).not.toContain(hidden)
  })

  it('why a session ended', () => {
    const { telemetry, log } = world()
    telemetry.start(course)
    telemetry.end(PATH)
    expect(log()).not.toContain('LEGION')
  })
})

describe('a redactor of the host', () => {
  it('is given each text as it is, and the name of its field', () => {
    const seen: [string, string | undefined][] = []
    const { telemetry } = world((text, name) => (seen.push([text, name]), text))
    telemetry.start(course)
    seen.length = 0
    telemetry.record(1, 'compile', {
      stdout: 'a',
      password: 'b',
      list: ['c', { deep: 'd' }],
      'a name that is long': 1,
    })
    expect(seen).toEqual([
      ['a', 'stdout'],
      ['b', 'password'],
      ['c', 'list'],
      ['d', 'deep'],
      ['a name that is long', undefined],
    ])
    telemetry.import({
      ...sample,
      steps: [{ slug: 'a', position: 0, compilations: [{ stdout: btoa('f'), token: 'g' }] }],
    })
    expect(seen).toContainEqual(['f', 'stdout'])
    expect(seen).toContainEqual(['g', 'token'])
    telemetry.end('e')
    expect(seen.at(-1)).toEqual(['e', undefined])
  })
})

describe('an import', () => {
  it('of the sample leaves no name of its learner, in the log or telemetry.json', async () => {
    const before = JSON.stringify(sample)
    const { telemetry, storage, log } = world(redact, before)
    telemetry.start({ ...course, slug: sample.slug, steps: sample.steps })
    await telemetry.idle()
    const file = telemetry.snapshot()
    for (const text of [log(), storage.telemetryJson!]) {
      expect(text).not.toMatch(/legion/i)
      expect(decodedTexts(text)).not.toMatch(/legion/i)
    }
    expect(decodedTexts(JSON.stringify(file))).toMatch(/\[redacted:user\]/)
    expect(storage.telemetryJson).toBe(JSON.stringify(file))
  })

  it('is lossless where nothing is found, byte for byte', () => {
    const odd = ['', 'bm8=', 'bm8', 'not base64', btoa('\xff\xfe bytes'), 'TWFu\nTWFu', 7, null, ['bm8=']]
    const file = {
      ...sample,
      steps: [
        {
          slug: 'a',
          position: 0,
          compilations: odd.map((stdout) => ({ stdout, exit_code: 1, extra: [stdout] })),
        },
      ],
      package_id: 7,
      nothing: null,
    }
    const { telemetry, log } = world()
    telemetry.start(course)
    expect(telemetry.import(file)).toMatchObject({ ok: true })
    const line = log().trimEnd().split('\n').at(-1)!
    expect((JSON.parse(line) as { data: { snapshot: unknown } }).data.snapshot).toEqual(file)
  })

  it('is redacted in base64 of text, of other bytes, and in text that was never encoded', () => {
    const { telemetry, log } = world()
    telemetry.start(course)
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
          ai_interactions: [{ source_code: btoa(PATH), student_message: PATH, ai_response: PATH }],
          quiz_submissions: [{ answer: PATH }],
        },
      ],
    })
    expect(log()).not.toMatch(/LEGION|escuela|k9Qw3z/)
    expect(decodedTexts(log())).not.toContain('LEGION')
  })

  it('of text, or of bytes that are none, takes in whatever a redactor puts there', () => {
    const { telemetry } = world((text) => text.replaceAll('LEGION', '…'))
    telemetry.start(course)
    const text = Buffer.from('año LEGION').toString('base64')
    const tests = [btoa('\xff LEGION'), btoa('\xff ana'), text].map((stdout) => ({ stdout }))
    telemetry.import({ ...sample, steps: [{ slug: '01-hello', position: 1, tests }] })
    const kept = telemetry.snapshot().steps[1]?.tests as { stdout: string }[]
    const decoded = kept.map(({ stdout }) => Buffer.from(stdout, 'base64').toString())
    expect(decoded[0]).toBe('ÿ …')
    expect(kept[1]!.stdout).toBe(tests[1]!.stdout)
    expect(decoded[2]).toBe('año …')
  })

  it('of attempts that are held already, but not redacted, adds none', () => {
    const { telemetry } = world()
    telemetry.start(course)
    const attempt = { stdout: `a\n${PATH}`, source_code: 'x', exit_code: 0, starting_at: 1, ended_at: 2 }
    telemetry.record(1, 'compile', attempt)
    const file = telemetry.snapshot()
    const raw = { ...attempt, stdout: btoa(attempt.stdout), source_code: btoa('x') }
    const stock = {
      ...file,
      steps: file.steps.map((step, n) => (n === 1 ? { ...step, compilations: [raw] } : step)),
    }
    for (let times = 0; times < 2; times++) telemetry.import(stock)
    expect(telemetry.snapshot().steps[1]?.compilations).toHaveLength(1)
  })

  it('keeps who it is of, whatever the redactor does', () => {
    const { telemetry } = world(() => '***')
    telemetry.start(course)
    telemetry.import({ ...sample, user_id: 'ana' })
    expect(telemetry.snapshot()).toMatchObject({ user_id: 'ana', slug: course.slug })
    expect(telemetry.state().activity.has(sample.steps[0]!.slug)).toBe(true)
  })
})

describe('a redactor that fails', () => {
  it.each<[string, () => string]>([
    [
      'by throwing',
      () => {
        throw new Error(PATH)
      },
    ],
    ['by returning no text', () => undefined as unknown as string],
  ])('%s: the event is recorded without the text, and it is said', (_, failing) => {
    const { telemetry, log, notices } = world(failing)
    telemetry.start(course)
    expect(telemetry.record(1, 'compile', { stdout: PATH, exitCode: 0 })).toMatchObject({ ok: true })
    expect(log()).not.toContain('LEGION')
    expect(telemetry.snapshot().steps[1]?.compilations).toEqual([
      { stdout: btoa('[redacted:unreadable]'), exit_code: 0 },
    ])
    expect(notices).toContain('a text could not be redacted, and nothing of it was kept')
    expect(notices.join()).not.toContain('LEGION')
  })
})

/** Every base64 in a text, decoded. */
const decodedTexts = (text: string): string =>
  [...text.matchAll(/[A-Za-z0-9+/]{8,}={0,2}/g)]
    .map(([base64]) => Buffer.from(base64, 'base64').toString('latin1'))
    .join('\n')
