// What is asked at every click is read again only where it has changed, and what has changed is seen at once.

import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { choose, followConsent } from '../src/consent/consent'
import { settledVersionOf, versionOf } from '../src/shared/file-version'
import * as userFiles from '../src/consent/user-files'

const folder = (): string => mkdtempSync(join(tmpdir(), 'telemetry-version-'))
/** As if the file had been there for an hour. */
const age = (path: string): void => utimesSync(path, new Date(), new Date(Date.now() - 3_600_000))

describe('the version of a file', () => {
  it('stays while nothing happens to it, and tells that it is not there', () => {
    const path = join(folder(), 'a')
    expect(settledVersionOf(path)).toBe('none')
    expect(versionOf(path)).toBeUndefined()
    writeFileSync(path, 'one')
    age(path)
    const version = settledVersionOf(path)
    expect(version).toMatch(/^\d+ 3 /)
    expect(settledVersionOf(path)).toBe(version)
    expect(versionOf(path)).toBe(version)
  })

  it('is another one where its content or its rights change, though size and time stay', () => {
    const path = join(folder(), 'a')
    writeFileSync(path, 'one')
    age(path)
    const version = settledVersionOf(path)
    writeFileSync(path, 'two')
    age(path)
    const rewritten = settledVersionOf(path)
    expect(rewritten).not.toBe(version)
    chmodSync(path, 0o400)
    expect(settledVersionOf(path)).not.toBe(rewritten)
  })

  it('cannot be told while the file is new: another change may bear the same time', () => {
    const path = join(folder(), 'a')
    writeFileSync(path, 'one')
    expect(settledVersionOf(path)).toBeUndefined()
    utimesSync(path, new Date(), new Date(Date.now() + 50))
    expect(settledVersionOf(path)).toBeUndefined()
  })
})

describe('consent that is followed', () => {
  const followed = () => {
    const env: Record<string, string | undefined> = { XDG_CONFIG_HOME: folder() }
    const course = folder()
    return { env, course, asked: followConsent(course, env), file: userFiles.userFile('consent.json', env) }
  }

  it('changes with the choice and with the environment, at once', () => {
    const { env, course, asked } = followed()
    expect(asked().enabled).toBe(true)
    for (const enabled of [false, true, false]) {
      choose(enabled, course, env)
      expect(asked()).toMatchObject({ enabled, kind: 'choice' })
    }
    choose(true, undefined, env)
    env['DO_NOT_TRACK'] = '1'
    expect(asked()).toMatchObject({ enabled: false, kind: 'environment' })
    env['DO_NOT_TRACK'] = undefined
    expect(asked().kind).toBe('choice')
  })

  it('is read again when an editor writes into the file, and not while nobody does', () => {
    const { env, course, asked, file } = followed()
    choose(false, course, env)
    age(file)
    expect(asked().enabled).toBe(false)
    const read = vi.spyOn(userFiles, 'readUserFile')
    for (let n = 0; n < 5; n++) expect(asked().enabled).toBe(false)
    expect(read).not.toHaveBeenCalled()
    writeFileSync(file, readFileSync(file, 'utf8').replace('false', 'true '))
    age(file)
    expect(asked().enabled).toBe(true)
    expect(read).toHaveBeenCalledTimes(1)
  })

  it('that cannot be read is asked for again, though nothing has changed it', () => {
    const { asked, file } = followed()
    mkdirSync(file, { recursive: true })
    age(file)
    expect(asked().kind).toBe('unreadable')
    vi.spyOn(userFiles, 'readUserFile').mockReturnValueOnce({ all: false })
    expect(asked()).toMatchObject({ enabled: false, kind: 'choice' })
    rmSync(file, { recursive: true })
    expect(asked()).toMatchObject({ enabled: true, kind: 'default' })
  })
})
