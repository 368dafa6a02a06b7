// docs/migrate.md, followed word for word in the source of a host shaped like LearnPack 2.1.34.

import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, inject, it } from 'vitest'
import {
  closeAll,
  hostEnvironment,
  newCourse,
  startLearnPack,
} from '../../packages/cli-adapter/test/learnpack-host'
import { blocksOf, textOf } from '../documents'
import { root, run } from '../run'

afterAll(closeAll)

it('one install, one file: the host compiles with TypeScript 4.0 and records', async () => {
  const source = mkdtempSync(join(inject('outside'), 'second-host-'))
  cpSync(join(root, 'packages/cli-adapter/test/fixtures/host'), source, { recursive: true })
  await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], source)

  const [section = ''] = /^## Replace the manager$[^]*?(?=^## )/m.exec(textOf('docs/migrate.md')) ?? []
  const commands = [...section.matchAll(/^\$ (.*)$/gm)].map(([, command]) => command as string)
  expect(commands).toHaveLength(1)
  const tarball = '<this folder>/tarballs/learnpack-telemetry-cli-adapter.tgz'
  for (const command of commands) {
    const [program = '', ...args] = command.replace(tarball, 'TARBALL').split(' ')
    expect(args).toContain('TARBALL')
    const given = args.map((arg) => (arg === 'TARBALL' ? (inject('tarballs')['cli-adapter'] as string) : arg))
    await run(program, [...given, '--no-audit', '--no-fund', '--loglevel=error'], source)
  }
  const files = blocksOf('docs/migrate.md').filter(({ file }) => file?.startsWith('src/'))
  expect(files.map(({ file }) => file)).toEqual(['src/managers/telemetry.ts'])
  for (const { file, code } of files) writeFileSync(join(source, file as string), code)
  const tsc = join(source, 'node_modules/typescript/bin/tsc')
  expect(await run(process.execPath, [tsc, '--version'], source)).toBe('Version 4.0.8\n')
  await run(process.execPath, [tsc, '-p', source], source)

  const course = await newCourse()
  const program = join(source, 'lib/commands/start.js')
  const host = await startLearnPack(course, { env: hostEnvironment([]), program })
  await host.get('/exercise/02-add')
  await host.press('test', { exerciseSlug: '02-add' }, 'testing-error')
  expect(await host.end('SIGINT')).toMatchObject({ code: 0, stderr: '' })
  const { steps } = JSON.parse(readFileSync(join(course.path, '.learn/telemetry.json'), 'utf8'))
  expect(steps[2]).toMatchObject({ opened_at: expect.any(Number), tests: [{ exit_code: 1 }] })
})
