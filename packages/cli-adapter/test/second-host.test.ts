// A host shaped like LearnPack 2.1.34 whose manager was replaced as docs/migrate.md says, word for word.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Snapshot } from '@learnpack/telemetry-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { closeAll, hostEnvironment, newCourse, receiver, startLearnPack } from './learnpack-host'
import { buildSecondHost, migration, type SecondHost } from './second-host'

let env: NodeJS.ProcessEnv
let migrated: SecondHost
let plain: SecondHost
beforeAll(() => {
  env = hostEnvironment([])
  migrated = buildSecondHost({ migrated: true })
  plain = buildSecondHost({ migrated: false })
}, 120_000)
afterAll(closeAll)

type Course = Awaited<ReturnType<typeof newCourse>>
const snapshotOf = ({ path }: Course): Snapshot =>
  JSON.parse(readFileSync(join(path, '.learn/telemetry.json'), 'utf8')) as Snapshot

/** Two steps opened, one run, one failing test. */
async function work(course: Course, { start }: SecondHost) {
  const host = await startLearnPack(course, { env, program: start })
  await host.get('/exercise/01-hello')
  await host.press('build', { exerciseSlug: '01-hello' }, 'compiler-success')
  await host.get('/exercise/02-add')
  await host.press('test', { exerciseSlug: '02-add' }, 'testing-error')
  return host
}

it('docs/migrate.md replaces one file', () => {
  expect([...migration().keys()]).toEqual(['src/managers/telemetry.ts'])
})

it('records the buttons; nobody is logged in, so nothing is sent', async () => {
  const { got, telemetry } = await receiver()
  const course = await newCourse(telemetry)
  const host = await work(course, migrated)
  expect(await host.end('SIGINT')).toMatchObject({ code: 0, signal: null })
  const { steps, slug, agent, workout_session } = snapshotOf(course)
  expect({ slug, agent, sessions: workout_session.length }).toEqual({
    slug: 'small-course',
    agent: 'vscode',
    sessions: 1,
  })
  expect(steps.map((step) => [step.compilations.length, step.tests.length, 'opened_at' in step])).toEqual([
    [0, 0, false],
    [1, 0, true],
    [0, 1, true],
  ])
  expect(steps[2]?.tests).toMatchObject([{ exit_code: 1 }])
  expect(got).toEqual([])
})

describe('to whoever runs it, it is the host with a manager that does nothing', () => {
  const seen = async (host: SecondHost, signal: NodeJS.Signals) => {
    const course = await newCourse((await receiver()).telemetry)
    const { output: _, ...ended } = await (await work(course, host)).end(signal)
    return { ...ended, stdout: ended.stdout.replaceAll(String(course.port), '<port>') }
  }

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s: same output, same exit code', async (signal) => {
    const [ours, bare] = await Promise.all([seen(migrated, signal), seen(plain, signal)])
    expect(ours).toEqual(bare)
    expect(ours).toMatchObject({ code: 0, signal: null, stderr: '' })
    expect(ours.stdout).toContain('http://localhost:<port>\n')
  })

  it('its own logins and logouts print the same, and record nothing', async () => {
    const course = await newCourse()
    mkdirSync(join(course.path, '.learn'))
    const printed = [migrated, plain].map((host) => [
      host.run('login', course.path, '42', 'secret'),
      host.run('logout', course.path),
    ])
    expect(printed[0]).toEqual(printed[1])
    expect(readdirSync(join(course.path, '.learn'))).toEqual(['.session'])
  })
})

describe('a telemetry.json that is torn when it starts', () => {
  it.each([
    ['cut off', '{"telemetry_id":"q1lllj6jq1lllj6j","slug":"small-course","steps":[{"sl'],
    ['empty', ''],
  ])('%s: the host starts, records, and prints nothing of it', async (_, torn) => {
    const course = await newCourse()
    const path = join(course.path, '.learn')
    mkdirSync(path)
    writeFileSync(join(path, 'telemetry.json'), torn)
    const host = await work(course, migrated)
    expect(await host.end('SIGINT')).toMatchObject({ code: 0, stderr: '' })
    expect(snapshotOf(course).steps[1]?.compilations).toHaveLength(1)
    const kept = readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'))
    if (torn !== '') expect(kept).toContain(torn)
    expect(existsSync(join(path, 'telemetry'))).toBe(true)
  })
})
