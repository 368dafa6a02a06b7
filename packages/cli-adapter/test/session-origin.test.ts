// What came with a course logs nobody in (SPEC §4 rule 5).

import { execFileSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createTelemetry } from '@learnpack/telemetry-core'
import { nodePorts, openCourseFolder } from '@learnpack/telemetry-transport-file'
import { describe, expect, it, onTestFinished } from 'vitest'
import { main } from '../src/cli'
import { isAsTracked } from '../src/logins/git-index'
import { machineId } from '../src/logins/machine-id'
import { wire } from '../src/host/wiring'
import { startedBefore } from './started-before'

const exercises = [{ slug: '00-hello', position: 0, files: [], graded: false }]
const telemetry = { stream: 'https://school.example/s', batch: 'https://school.example/b' }
const NAME = '9f89c84a559f573636a47ff8daed0d33'

const session = (user_id: unknown, token = `token-${String(user_id)}`): string =>
  JSON.stringify({ key: 'bc-payload', value: { user_id, token } })

/** A course as an author could publish it: with their login in it. */
function published(): { path: string; stored: string } {
  const path = mkdtempSync(join(tmpdir(), 'telemetry-origin-'))
  const stored = join(path, '.learn', '.session', NAME)
  mkdirSync(dirname(stored), { recursive: true })
  writeFileSync(join(path, 'learn.json'), JSON.stringify({ slug: 'intro', telemetry }))
  writeFileSync(stored, session('author'))
  return { path, stored }
}

/** One run of a host; returns whose work was sent. */
async function run(path: string, during = () => {}): Promise<unknown[]> {
  const sent: unknown[] = []
  const wiring = wire(
    {
      fetch: async (_, init) => {
        sent.push((JSON.parse(String(init?.body)) as { user_id: unknown }).user_id)
        return new Response(null, { status: 200 })
      },
    },
    { logins: true },
  )
  onTestFinished(() => wiring.manager.close())
  wiring.start({ config: { slug: 'intro', dirPath: join(path, '.learn'), telemetry }, exercises })
  wiring.requested({ method: 'GET', url: '/exercise/00-hello' })
  during()
  wiring.requested({ method: 'GET', url: '/exercise/00-hello' })
  await new Promise((resolve) => setImmediate(resolve))
  await wiring.manager.telemetry.settled()
  await wiring.manager.close()
  return [...new Set(sent)]
}

const git = (path: string, ...args: string[]): void => {
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@school.example', ...args], { cwd: path })
}

describe('a session file that a course ships', () => {
  it('sends nothing: not at the first start, not later', async () => {
    const { path } = published()
    expect(await run(path)).toEqual([])
    expect(await run(path)).toEqual([])
  })

  it('sends from the moment somebody logs in here', async () => {
    const { path, stored } = published()
    expect(await run(path, () => writeFileSync(stored, session(7)))).toEqual([7])
    expect(await run(path)).toEqual([7])
  })

  it('sends nothing when the host stores the same login again', async () => {
    const { path, stored } = published()
    const again = JSON.stringify({ value: { token: 'token-author', user_id: 'author' }, key: 'bc-payload' })
    expect(await run(path, () => writeFileSync(stored, again))).toEqual([])
    expect(await run(path)).toEqual([])
  })

  it('sends nothing where it comes with an index of a machine that is none of ours', async () => {
    const { path } = published()
    startedBefore(join(path, '.learn'))
    const index = join(path, '.learn', 'telemetry', 'index.json')
    const { machine, ...others } = JSON.parse(readFileSync(index, 'utf8')) as { machine: string }
    expect(machine).toBe(machineId())
    writeFileSync(index, JSON.stringify({ ...others, machine: 'another' }))
    expect(await run(path)).toEqual([])
  })

  it('sends nothing where it could not be read at first', async () => {
    const { path, stored } = published()
    writeFileSync(stored, '{"key":"bc-pay')
    expect(await run(path, () => writeFileSync(stored, session('author')))).toEqual([])
    expect(await run(path)).toEqual([])
  })

  it('sends nothing where a command was the first that ran here', async () => {
    const { path } = published()
    const folder = openCourseFolder(join(path, '.learn'))
    const elsewhere = createTelemetry({ storage: folder, ...nodePorts, machine: () => 'another' })
    elsewhere.start({ slug: 'intro', agent: 'os', steps: [{ slug: '00-hello', position: 0 }] })
    elsewhere.record(0, 'open_step')
    await elsewhere.close()
    folder.close()
    await main(['flush', path], { out: () => {}, err: () => {} })
    expect(await run(path)).toEqual([])
  })

  it.each(['2', '4'])(
    'sends nothing where git tracks it (index of version %s), until it changes',
    async (version) => {
      const { path: origin } = published()
      git(origin, 'init', '--quiet')
      // A neighbour that begins alike: version 4 stores only what differs.
      writeFileSync(join(origin, '.learn', '.session', `${NAME.slice(0, 8)}0`), '{}')
      git(origin, 'add', '--all', '--force')
      git(origin, 'commit', '--quiet', '--message', 'course')
      const path = mkdtempSync(join(tmpdir(), 'telemetry-origin-'))
      git(path, 'clone', '--quiet', origin, 'course')
      const course = join(path, 'course')
      git(course, 'update-index', '--index-version', version)
      // Not new here: only git tells that it came with the course.
      startedBefore(join(course, '.learn'))
      expect(await run(course)).toEqual([])
      // Where files were copied, their times are no longer those that git knows.
      const copy = join(path, 'copy')
      cpSync(course, copy, { recursive: true })
      const stored = join(copy, '.learn', '.session', NAME)
      utimesSync(stored, 1, 1)
      expect(await run(copy)).toEqual([])
      expect(await run(copy, () => writeFileSync(stored, session(7)))).toEqual([7])
    },
  )

  it('of a course that git does not track counts where LearnPack was started before', async () => {
    const { path } = published()
    startedBefore(join(path, '.learn'))
    expect(await run(path)).toEqual(['author'])
  })
})

describe('a session that cannot be started for a while', () => {
  it('sees who logs in and out meanwhile: each event is of whoever was logged in', async () => {
    const { path, stored } = published()
    startedBefore(join(path, '.learn'))
    rmSync(stored)
    const index = join(path, '.learn', 'telemetry', 'index.json')
    const { current } = JSON.parse(readFileSync(index, 'utf8')) as { current: string }
    const home = join(path, '.learn', 'telemetry', current)
    writeFileSync(home, 'no folder')
    const sent: unknown[] = []
    const wiring = wire(
      {
        fetch: async (url, init) => {
          const { user_id, step_position } = JSON.parse(String(init?.body)) as Record<string, unknown>
          if (String(url).endsWith('/s')) sent.push([user_id, step_position])
          return new Response(null, { status: 200 })
        },
      },
      { logins: true },
    )
    onTestFinished(() => wiring.manager.close())
    const steps = [0, 1, 2].map((position) => ({ slug: `0${position}`, position, files: [], graded: false }))
    wiring.start({ config: { slug: 'intro', dirPath: join(path, '.learn'), telemetry }, exercises: steps })
    const opens = (slug: string) => wiring.requested({ method: 'GET', url: `/exercise/${slug}` })
    writeFileSync(stored, session('ana'))
    opens('00')
    rmSync(stored)
    writeFileSync(stored, session('ben'))
    opens('01')
    rmSync(home)
    opens('02')
    await new Promise((resolve) => setImmediate(resolve))
    await wiring.manager.telemetry.settled()
    writeFileSync(stored, session('ana', 'again'))
    wiring.manager.checkLogin()
    await wiring.manager.telemetry.settled()
    expect(sent).toEqual([
      ['ben', 1],
      ['ben', 2],
      ['ana', 0],
    ])
  })
})

describe('a log that a course ships, or that was copied', () => {
  it('with somebody logged in sends nothing until somebody logs in here, and status and doctor say so', async () => {
    const { path, stored } = published()
    startedBefore(join(path, '.learn'))
    writeFileSync(stored, session(7))
    await run(path)
    rmSync(dirname(stored), { recursive: true })
    const index = join(path, '.learn', 'telemetry', 'index.json')
    const ours = JSON.parse(readFileSync(index, 'utf8')) as object
    writeFileSync(index, JSON.stringify({ ...ours, machine: 'another' }))
    let out = ''
    const output = { out: (text: string) => (out += text), err: (text: string) => (out += text) }
    await main(['status', path], output)
    expect(out).toContain('was made on another machine')
    out = ''
    await main(['doctor', path], output)
    expect(out).toContain('was made on another machine')
    out = ''
    expect(await main(['flush', path], output)).toBe(1)
    expect(out).toContain('was made on another machine')
    expect(await run(path)).toEqual([])
  })
})

describe('whether git tracks a file', () => {
  const tracked = (path: string) => isAsTracked(path, readFileSync(path), statSync(path))

  it('is no outside of a repository, and of a file that is not added', () => {
    const { path, stored } = published()
    expect(tracked(stored)).toBe(false)
    git(path, 'init', '--quiet')
    expect(tracked(stored)).toBe(false)
    git(path, 'add', 'learn.json')
    expect(tracked(stored)).toBe(false)
    git(path, 'add', '--force', stored)
    expect(tracked(stored)).toBe(true)
  })

  it('is told of a repository with SHA-256, of a worktree, and of line feeds that git wrote in another way', () => {
    const { path, stored } = published()
    git(path, 'init', '--quiet', '--object-format=sha256')
    writeFileSync(stored, `${session('author')}\n`)
    git(path, 'add', '--all', '--force')
    git(path, 'commit', '--quiet', '--message', 'course')
    expect(tracked(stored)).toBe(true)
    writeFileSync(stored, `${session('author')}\r\n`)
    expect(tracked(stored)).toBe(true)
    const tree = join(mkdtempSync(join(tmpdir(), 'telemetry-origin-')), 'tree')
    git(path, 'worktree', 'add', '--quiet', tree)
    expect(tracked(join(tree, '.learn', '.session', NAME))).toBe(true)
  })

  it.each(['', 'DIRC', 'DIRC\0\0\0\u0002\0\0\0\u0009', `DIRC\0\0\0\u0004\0\0\0\u0001${'\u00ff'.repeat(80)}`])(
    'throws at an index that is none (%j), for whoever asks to decide',
    (index) => {
      const { path, stored } = published()
      git(path, 'init', '--quiet')
      writeFileSync(join(path, '.git', 'index'), Buffer.from(index, 'latin1'))
      expect(() => tracked(stored)).toThrow()
    },
  )
})
