// The commands on a course that LearnPack 5 recorded: on its telemetry.json alone, and on the log made of it.

import { mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ofOneStudent, withoutName } from '../../core/test/learnpack5'
import { main } from '../src/cli'
import { watchCourse } from '../src/host/watch-course'

interface Attempt {
  readonly source_code?: string
  readonly stdout?: string
}
type File = Record<string, unknown> & {
  readonly steps: readonly {
    readonly slug: string
    readonly compilations: readonly Attempt[]
    readonly tests: readonly Attempt[]
    readonly quiz_submissions?: readonly { readonly status: string }[]
    readonly ai_interactions: readonly object[]
  }[]
}

const sessions = ofOneStudent as unknown as { name: string; posts: readonly { readonly body: File }[] }[]
/** As LearnPack 5 writes a text: base64 of its percent-encoding. */
const decoded = (text: string): string => decodeURIComponent(atob(text))
/** Without those that have invisible characters, which are shown by their names. */
const linesOf = (text: string): string[] =>
  stripVTControlCharacters(text)
    .split(/\r?\n/)
    .map((line) => line.trimEnd())
    .filter((line) => !/\p{C}/u.test(line))

beforeEach(() => {
  vi.stubEnv('XDG_CONFIG_HOME', mkdtempSync(join(tmpdir(), 'telemetry-config-')))
  return () => vi.unstubAllEnvs()
})

async function run(...args: string[]): Promise<string> {
  let out = ''
  let err = ''
  const code = await main(args, { out: (text) => (out += text), err: (text) => (err += text) })
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return out
}

/** A course with what LearnPack 5 left of a session; `watched` means that we were beside it. */
async function courseOf(posts: readonly { readonly body: File }[], watched: boolean): Promise<string> {
  const course = mkdtempSync(join(tmpdir(), 'telemetry-lp5-'))
  const dirPath = join(course, '.learn')
  mkdirSync(dirPath)
  writeFileSync(join(course, 'learn.json'), '{}')
  const path = join(dirPath, 'telemetry.json')
  if (!watched) {
    writeFileSync(path, JSON.stringify(posts.at(-1)?.body))
    return course
  }
  const watching = watchCourse({ dirPath, redaction: false })
  for (const { body } of posts) {
    writeFileSync(path, JSON.stringify(body))
    await watching.settled()
  }
  await watching.close()
  return course
}

describe.each(sessions)('$name', ({ posts }) => {
  const last = posts.at(-1)!.body

  it('is replayed from the log to what the editor posted last, and at its first line to what it posted first', async () => {
    const course = await courseOf(posts, true)
    expect(JSON.parse(await run('replay', course))).toEqual(withoutName(last as never))
    const { user_id, ...first } = withoutName(posts[0]!.body as never)
    // That nobody is named is the line behind it.
    const named = user_id === '' ? {} : { user_id }
    expect(JSON.parse(await run('replay', course, '--at', '1'))).toEqual({ ...first, ...named })
  })

  it('is exported with its telemetry.json and a log that folds to it', async () => {
    const course = await courseOf(posts, true)
    const to = join(mkdtempSync(join(tmpdir(), 'telemetry-lp5-')), 'all')
    await run('export', course, '--to', to)
    const files = readdirSync(to, { recursive: true, encoding: 'utf8' })
    const content = (name: string) =>
      readFileSync(
        join(
          to,
          files.find((file) => file.endsWith(name))!,
        ),
        'utf8',
      )
    // The file is the host's, and is copied unchanged.
    expect(JSON.parse(content('telemetry.json'))).toEqual(last)
    const log = join(
      to,
      files.find((file) => file.endsWith('events.ndjson'))!,
    )
    expect(JSON.parse(await run('replay', log))).toEqual(withoutName(last as never))
  })

  it.each([true, false])('is shown with its texts decoded (beside the host: %s)', async (watched) => {
    const course = await courseOf(posts, watched)
    const shown = JSON.parse(await run('show', course, '--json')) as File
    for (const list of ['compilations', 'tests'] as const)
      for (const [index, step] of last.steps.entries())
        expect(shown.steps[index]![list].map(({ source_code }) => source_code)).toEqual(
          step[list].map(({ source_code }) => source_code && decoded(source_code)),
        )
    const text = await run('show', course, '--full')
    const attempts = last.steps.flatMap(({ compilations, tests }) => [...compilations, ...tests])
    for (const { source_code } of attempts.slice(0, 3))
      for (const line of linesOf(source_code ? decoded(source_code) : '')) expect(text).toContain(line)
  })

  it.each([true, false])('is measured (beside the host: %s)', async (watched) => {
    const course = await courseOf(posts, watched)
    const measured = JSON.parse(await run('measure', course, '--json')) as {
      steps: { slug: string; quiz_struggles: number; total_ai_interactions: number }[]
    }
    expect(
      measured.steps.map(({ slug, quiz_struggles, total_ai_interactions }) => [
        slug,
        quiz_struggles,
        total_ai_interactions,
      ]),
    ).toEqual(
      last.steps.map(({ slug, quiz_submissions = [], ai_interactions }) => [
        slug,
        quiz_submissions.filter(({ status }) => status === 'ERROR').length,
        ai_interactions.length,
      ]),
    )
    expect(await run('measure', join(course, '.learn', 'telemetry.json'), '--json')).toBe(
      await run('measure', course, '--json'),
    )
  })
})
