// The disk fails in every way it can: the host goes on, recording resumes when the disk does, what could not
// be kept is counted, and a good telemetry.json is never replaced by a bad one.

import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Telemetry } from '@learnpack/telemetry-core'
import {
  logPathOf,
  newFolder,
  readLog,
  snapshotOf,
  startHost,
  startLimitedHost,
  temporary,
  type Host,
} from './support'

/** Tells the host to do something that answers in one line. */
async function ask(host: Host, command: string): Promise<string> {
  host.tell(command)
  return host.next()
}
const status = async (host: Host) => JSON.parse(await ask(host, 'status')) as ReturnType<Telemetry['status']>

async function end(host: Host): Promise<void> {
  expect(await ask(host, 'close')).toBe('closed')
  host.child.stdin.end()
  expect(await host.ended).toMatchObject({ code: 0, signal: null, err: '' })
}

const attempts = (dirPath: string) =>
  readLog(logPathOf(dirPath)).events.filter(({ type }) => type === 'compile')
const refusalsOf = (dirPath: string) =>
  readFileSync(join(dirname(logPathOf(dirPath)), 'refusals.ndjson'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { reason: string; count: number })

/** A file system of 1 MB of our own, where we may mount one. */
function smallDisk(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'telemetry-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  onTestFinished(() => void execFileSync('umount', ['-l', folder]))
  return folder
}

describe('a full disk', () => {
  it('made of a small file system, or of a limit on the size of files where none may be mounted', async () => {
    const disk = smallDisk()
    const dirPath = join(disk ?? temporary(), '.learn')
    const host = disk === undefined ? startLimitedHost(256, dirPath, 'obey') : startHost(dirPath, 'obey')
    expect(await ask(host, 'start')).not.toContain('refused')
    expect(await ask(host, 'record 1000')).not.toContain('refused')
    expect(await ask(host, 'idle')).toBe('idle')
    const good = snapshotOf(dirPath)

    // Until it is full for good: a telemetry.json that was given up makes room once more.
    const acknowledged: string[] = []
    let refusals = 0
    for (let n = 0; n < 400 && refusals < 4; n++) {
      const answer = await ask(host, 'record 20000')
      if (answer.startsWith('refused')) {
        expect(answer).toMatch(/^refused "compile" could not be recorded: .*(short write|ENOSPC|EFBIG)/)
        refusals++
        await ask(host, 'idle')
      } else acknowledged.push(answer)
    }
    expect(refusals).toBe(4)
    expect(acknowledged.length).toBeGreaterThan(2)
    expect(snapshotOf(dirPath).telemetry_id).toBe(good.telemetry_id)
    expect(await status(host)).toMatchObject({ refused: refusals })
    expect(attempts(dirPath).map(({ id }) => id)).toEqual(expect.arrayContaining(acknowledged))

    if (disk === undefined) {
      // The limit of a process cannot be lifted: another one goes on where this one could not.
      await end(host)
      const next = startHost(dirPath, 'obey')
      await ask(next, 'start')
      expect(await ask(next, 'record 1000')).not.toContain('refused')
      await end(next)
    } else {
      execFileSync('mount', ['-o', 'remount,size=16m', disk])
      expect(await ask(host, 'record 1000')).not.toContain('refused')
      expect(await ask(host, 'idle')).toBe('idle')
      await end(host)
      expect(refusalsOf(dirPath).reduce((sum, { count }) => sum + count, 0)).toBe(refusals)
    }
    const { counts } = readLog(logPathOf(dirPath))
    expect(counts.duplicates).toBe(0)
    expect(counts.events).toBe(acknowledged.length + (disk === undefined ? 4 : 3))
    expect(snapshotOf(dirPath).steps[1]!.compilations).toHaveLength(acknowledged.length + 2)
  })
})

describe('a folder that may not be written', () => {
  // Root may write everywhere, so the host becomes somebody else first.
  const nobody = process.getuid?.() === 0 ? 65_534 : 0

  it('leaves the host alone, and takes events once it may', async () => {
    const parent = temporary()
    chmodSync(parent, 0o555)
    const dirPath = join(parent, '.learn')
    const host = startHost(dirPath, 'obey', nobody)
    expect(await ask(host, 'start')).toMatch(/^refused "session_start" could not be recorded: EACCES/)
    expect(await ask(host, 'status')).toContain('"refused":1')
    expect(existsSync(dirPath)).toBe(false)
    chmodSync(parent, 0o777)
    expect(await ask(host, 'start')).not.toContain('refused')
    expect(await ask(host, 'record 10')).not.toContain('refused')
    await end(host)
    expect(snapshotOf(dirPath).steps[1]!.compilations).toHaveLength(1)
  })

  it('from some moment on refuses events with the reason, and keeps the telemetry.json there was', async () => {
    const parent = temporary()
    chmodSync(parent, 0o777)
    const dirPath = join(parent, '.learn')
    const host = startHost(dirPath, 'obey', nobody)
    await ask(host, 'start')
    await ask(host, 'record 10')
    await ask(host, 'idle')
    const before = snapshotOf(dirPath)
    const log = logPathOf(dirPath)
    // Taken away altogether: what is open already stays writable under a mere change of modes.
    renameSync(dirname(log), `${dirname(log)}.moved`)
    chmodSync(join(dirPath, 'telemetry'), 0o555)
    chmodSync(dirPath, 0o555)
    await ask(host, 'idle')
    expect(await ask(host, 'record 10')).toMatch(/^refused "compile" could not be recorded: EACCES/)
    expect(snapshotOf(dirPath)).toEqual(before)
    chmodSync(dirPath, 0o700)
    chmodSync(join(dirPath, 'telemetry'), 0o700)
    renameSync(`${dirname(log)}.moved`, dirname(log))
    expect(await ask(host, 'record 10')).not.toContain('refused')
    await end(host)
    expect(snapshotOf(dirPath).steps[1]!.compilations).toHaveLength(2)
  })
})

describe('under a running host', () => {
  const running = async () => {
    const dirPath = newFolder()
    const host = startHost(dirPath, 'obey')
    await ask(host, 'start')
    await ask(host, 'record 10')
    await ask(host, 'idle')
    return { dirPath, host }
  }

  it('the folder is deleted: recording goes on in a new one, which knows its session', async () => {
    const { dirPath, host } = await running()
    rmSync(dirPath, { recursive: true })
    expect(await ask(host, 'record 10')).not.toContain('refused')
    expect(await ask(host, 'record 10')).not.toContain('refused')
    await end(host)
    expect(snapshotOf(dirPath)).toMatchObject({ slug: 'intro', agent: 'os', workout_session: [{}] })
    expect(snapshotOf(dirPath).steps[1]!.compilations).toHaveLength(2)
    expect(readFileSync(join(dirPath, 'telemetry', '.gitignore'), 'utf8')).toBe('*\n')
    expect(await startHost(dirPath, 'end').ended).toMatchObject({ code: 0, err: '' })
  })

  it('the folder is deleted: it stays deleted while nothing happens', async () => {
    const { dirPath, host } = await running()
    rmSync(dirPath, { recursive: true })
    for (let turn = 0; turn < 3; turn++) expect(await ask(host, 'idle')).toBe('idle')
    await end(host)
    expect(existsSync(dirPath)).toBe(false)
  })

  it('only the log is deleted: what telemetry.json held stays in it', async () => {
    const { dirPath, host } = await running()
    rmSync(logPathOf(dirPath))
    expect(await ask(host, 'record 10')).not.toContain('refused')
    await ask(host, 'idle')
    await end(host)
    expect(snapshotOf(dirPath).steps[1]!.compilations).toHaveLength(2)
    rmSync(logPathOf(dirPath))
    const next = startHost(dirPath, 'obey')
    await ask(next, 'start')
    await ask(next, 'record 10')
    await end(next)
    expect(snapshotOf(dirPath).steps[1]!.compilations).toHaveLength(3)
  })

  it('telemetry.json is deleted, or torn: it is made again without a further event', async () => {
    const { dirPath, host } = await running()
    const before = snapshotOf(dirPath)
    rmSync(join(dirPath, 'telemetry.json'))
    await ask(host, 'idle')
    expect(snapshotOf(dirPath)).toEqual(before)
    writeFileSync(join(dirPath, 'telemetry.json'), '{"telemetry_id": "q1')
    await ask(host, 'idle')
    // It may be a file that is being written: only what stays like that is set aside.
    expect(readFileSync(join(dirPath, 'telemetry.json'), 'utf8')).toBe('{"telemetry_id": "q1')
    await end(host)
    expect(snapshotOf(dirPath)).toEqual(before)
  })

  it('a telemetry.json that cannot be kept is set aside, once', async () => {
    const { dirPath, host } = await running()
    const deep = `{"telemetry_id":"q1","steps":[],"deep":${'['.repeat(20_000)}${']'.repeat(20_000)}}`
    writeFileSync(join(dirPath, 'telemetry.json'), deep)
    await ask(host, 'record 10')
    await end(host)
    expect(snapshotOf(dirPath).steps[1]!.compilations).toHaveLength(2)
    const asides = readdirSync(dirPath).filter((name) => name.includes('aside'))
    expect(asides).toHaveLength(1)
    expect(readFileSync(join(dirPath, asides[0]!), 'utf8')).toBe(deep)
  })

  it('the log is replaced by a folder, then is back', async () => {
    const { dirPath, host } = await running()
    const log = logPathOf(dirPath)
    renameSync(log, `${log}.kept`)
    mkdirSync(log)
    await ask(host, 'idle')
    expect(await ask(host, 'record 10')).toMatch(
      /^refused "compile" could not be recorded: .*events\.ndjson is a folder, not a file/,
    )
    expect(await ask(host, 'idle')).toBe('idle')
    rmSync(log, { recursive: true })
    renameSync(`${log}.kept`, log)
    expect(await ask(host, 'record 10')).not.toContain('refused')
    await end(host)
    expect(snapshotOf(dirPath).steps[1]!.compilations).toHaveLength(2)
    expect(refusalsOf(dirPath)).toMatchObject([{ count: 1 }])
  })

  it('the log is replaced by a link: nothing is written where it leads', async () => {
    const { dirPath, host } = await running()
    const log = logPathOf(dirPath)
    const victim = join(temporary(), 'victim')
    writeFileSync(victim, 'mine')
    rmSync(log)
    symlinkSync(victim, log)
    await ask(host, 'idle')
    expect(await ask(host, 'record 10')).toMatch(
      /^refused "compile" could not be recorded: .*events\.ndjson is a symbolic link, not a file/,
    )
    await end(host)
    expect(readFileSync(victim, 'utf8')).toBe('mine')
  })

  it('the log is cut short', async () => {
    const { dirPath, host } = await running()
    const log = logPathOf(dirPath)
    truncateSync(log, readFileSync(log).indexOf('\n') + 1)
    expect(await ask(host, 'record 10')).not.toContain('refused')
    await end(host)
    expect(snapshotOf(dirPath).steps[1]!.compilations).toHaveLength(1)
  })

  it('telemetry.json is replaced by a folder: it is moved out of the way, kept', async () => {
    const { dirPath, host } = await running()
    rmSync(join(dirPath, 'telemetry.json'))
    mkdirSync(join(dirPath, 'telemetry.json', 'inside'), { recursive: true })
    expect(await ask(host, 'record 10')).not.toContain('refused')
    await end(host)
    expect(snapshotOf(dirPath).steps[1]!.compilations).toHaveLength(2)
  })

  it('telemetry.json is replaced by a link: the link goes, what it leads to stays', async () => {
    const { dirPath, host } = await running()
    const victim = join(temporary(), 'victim')
    writeFileSync(victim, 'mine')
    rmSync(join(dirPath, 'telemetry.json'))
    symlinkSync(victim, join(dirPath, 'telemetry.json'))
    await ask(host, 'record 10')
    await end(host)
    expect(lstatSync(join(dirPath, 'telemetry.json')).isFile()).toBe(true)
    expect(snapshotOf(dirPath).steps[1]!.compilations).toHaveLength(2)
    expect(readFileSync(victim, 'utf8')).toBe('mine')
  })
})
