// The plugin as a learner gets it: one tarball, installed by the real learnpack on a machine that has nothing of ours.

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import {
  closeAll,
  hostEnvironment,
  hostSession,
  language,
  learnpack,
  newCourse,
  receiver,
  runLearnPack,
  startLearnPack,
  until,
} from '../../packages/cli-adapter/test/learnpack-host'
import { env as environment, root, run } from '../run'

const tarball = inject('tarballs')['cli-adapter'] as string
let env: NodeJS.ProcessEnv
/** Where LearnPack keeps its plugins. */
let modules: string

beforeAll(async () => {
  env = hostEnvironment([language])
  const data = join(env['XDG_DATA_HOME'] as string, 'learnpack')
  modules = join(data, 'node_modules')
  expect(readdirSync(data)).toEqual(['package.json'])
  // yarn, which LearnPack runs, knows no settings of npm's but those in its environment.
  const registry = (await run('npm', ['config', 'get', 'registry'], root)).trim()
  const install = [join(learnpack, 'bin/run'), 'plugins:install', `file:${tarball}`]
  const { status, stderr } = spawnSync(process.execPath, install, {
    cwd: dirname(data),
    env: { ...environment, ...env, npm_config_registry: registry },
    encoding: 'utf8',
  })
  expect(stderr.replaceAll(/^.*\r/gm, '')).not.toMatch(/\berror\b|warning/i)
  expect(status).toBe(0)
})
afterAll(closeAll)

describe('learnpack plugins:install <tarball>, with nothing of ours published', () => {
  it('needs no other package of ours', () => {
    expect(readdirSync(join(modules, '@learnpack'))).toEqual(['telemetry-cli-adapter'])
  })

  it('adds the commands, and leaves the others alone', () => {
    const { stdout } = runLearnPack(['--help'], { env })
    expect(stdout).toMatch(/^ {2}telemetry +see and control/m)
    expect(stdout).toMatch(/^ {2}start /m)
    const status = runLearnPack(['telemetry:status'], { env })
    expect(status.stderr).not.toMatch(/warning/i)
  })

  it('records a session and delivers it', async () => {
    const { got, telemetry } = await receiver()
    const course = await newCourse(telemetry)
    const app = join(course.path, 'exercises/02-add/app.js')
    writeFileSync(app, readFileSync(app, 'utf8').replace('a - b', 'a + b'))
    const host = await startLearnPack(course, { env })
    await host.get('/exercise/01-hello')
    await host.press('build', { exerciseSlug: '01-hello' }, 'compiler-success')
    await host.get('/exercise/02-add')
    await (await hostSession(course.path)).login(42)
    await host.press('test', { exerciseSlug: '02-add' }, 'testing-success')

    const streamed = () => got.filter(({ path }) => path === '/stream').map(({ body }) => body['event'])
    await until(() => streamed().length === 4 && got.some(({ path }) => path.startsWith('/batch')))
    expect(streamed()).toEqual(['open_step', 'compile', 'open_step', 'test'])
    expect(await host.end('SIGINT')).toMatchObject({ code: 0 })
    const kept = JSON.parse(readFileSync(join(course.path, '.learn/telemetry.json'), 'utf8'))
    for (const { body } of got) expect(body).toMatchObject({ user_id: 42, telemetry_id: kept.telemetry_id })
    expect(kept.steps[2].tests).toMatchObject([{ exit_code: 0 }])
    expect(existsSync(join(course.path, '.learn/telemetry'))).toBe(true)
    const { status, stdout } = runLearnPack(['telemetry:show'], { env, cwd: course.path })
    expect(stdout).toContain('02-add')
    expect(status).toBe(0)
  })
})
