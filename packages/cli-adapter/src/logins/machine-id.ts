// A random name of this machine, in the user's configuration: it tells a login that was made here from one that came
// with a download or a copy of a course (SPEC §4 rule 5). It goes into the index of a course and nowhere else.

import { randomUUID } from 'node:crypto'
import { linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isOfTheMoment } from '@learnpack/telemetry-core'
import { ignoreErrors, readRegular } from '@learnpack/telemetry-transport-file'
import { configFolder } from '../consent/user-files'

const FORM = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** For a machine that cannot keep one: a login then counts as long as this process runs. */
const ofThisProcess = randomUUID()

const pathOf = (): string => join(configFolder(), 'machine')

/** By where it is kept: what was read once need not be read again, which may fail. */
const read = new Map<string, string>()

/** Undefined before one was made. @throws when it cannot be read at the moment */
export function knownMachineId(): string | undefined {
  const path = pathOf()
  const id = read.get(path) ?? kept(path)
  if (id !== undefined) read.set(path, id)
  return id
}

function kept(path: string): string | undefined {
  try {
    const text = readRegular(path, { links: true }).toString('utf8').trim()
    return FORM.test(text) ? text : undefined
  } catch (error) {
    if (isOfTheMoment(error)) throw error
    return undefined
  }
}

/** The one that is kept, else a new one. */
export function machineId(): string {
  return knownMachineId() ?? ignoreErrors(make) ?? ofThisProcess
}

function make(): string | undefined {
  const path = pathOf()
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const id = randomUUID()
  const temporary = `${path}.${id}`
  try {
    // Through a power cut: on another machine, no login of before counts.
    writeFileSync(temporary, id, { flag: 'wx', mode: 0o600, flush: true })
    // Of several processes that start at once, one makes it.
    ignoreErrors(() => linkSync(temporary, path))
    // A file without a valid id, as after a crash, is replaced.
    if (knownMachineId() === undefined) renameSync(temporary, path)
  } finally {
    rmSync(temporary, { force: true })
  }
  return knownMachineId()
}
