// What makes the disk fail in `npm run stress:faults`: that it sees every way to the disk, and that each kind of fault
// does what it says.

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'

const PRELOAD = new URL('../stress/faults/preload.mjs', import.meta.url).href

interface Call {
  op: string
  path: string
  bytes: number
}

/** Runs a program of which every call below `root` is counted; what it prints is JSON. */
function run(program: string, fault: { kind?: string; n?: number } = {}) {
  const outside = mkdtempSync(join(tmpdir(), 'faulty-fs-'))
  onTestFinished(() => rmSync(outside, { recursive: true }))
  const root = join(outside, 'root')
  execFileSync('mkdir', [root])
  writeFileSync(join(root, 'old'), 'old text')
  const trace = join(outside, 'trace')
  const kind = program.includes('require(') ? 'commonjs' : 'module'
  const { signal, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', PRELOAD, `--input-type=${kind}`, '-e', `const root = ${JSON.stringify(root)};${program}`],
    { encoding: 'utf8', env: { FAULTS: JSON.stringify({ roots: [root], trace, ...fault }) } },
  )
  expect(stderr).toBe('')
  const calls = readFileSync(trace, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Call)
  return { root, calls, signal, printed: stdout === '' ? undefined : (JSON.parse(stdout) as unknown) }
}
const text = (root: string, name: string): string => readFileSync(join(root, name), 'utf8')

const SYNC = `
  const fd = openSync(root + '/new', 'wx')
  writeSync(fd, 'text'); fsyncSync(fd); fdatasyncSync(fd); ftruncateSync(fd, 2); closeSync(fd)
  linkSync(root + '/new', root + '/link'); renameSync(root + '/link', root + '/renamed')
  mkdirSync(root + '/folder/deep', { recursive: true }); utimesSync(root + '/new', 1, 1)
  unlinkSync(root + '/renamed'); writeFileSync(root + '/folder/deep/file', 'whole'); rmSync(root + '/folder', { recursive: true })`
const SYNC_OPS =
  'open write fsync fdatasync ftruncate close link rename mkdir utimes unlink open write close unlink rmdir rmdir'
const NAMES =
  'openSync, writeSync, fsyncSync, fdatasyncSync, ftruncateSync, closeSync, linkSync, renameSync, mkdirSync, utimesSync, unlinkSync, writeFileSync, rmSync'

/** Looking is no change. */
const changing = (calls: Call[]): string =>
  calls
    .map(({ op }) => op)
    .filter((op) => !['lstat', 'stat', 'readdir'].includes(op))
    .join(' ')

describe('every way to the disk is seen', () => {
  it.each([
    ['by names that an ES module imports', `import { ${NAMES} } from 'node:fs';`],
    ['by names that CommonJS takes', `const { ${NAMES} } = require('node:fs');`],
  ])('%s', (_, head) => {
    expect(changing(run(head + SYNC).calls)).toBe(SYNC_OPS)
  })

  it('of promises and file handles', () => {
    const { calls } = run(`
      import { open, rename, writeFile } from 'node:fs/promises'
      const file = await open(root + '/new', 'wx')
      await file.write(Buffer.from('text')); await file.sync(); await file.datasync(); await file.truncate(1); await file.close()
      await writeFile(root + '/whole', 'whole'); await rename(root + '/whole', root + '/renamed')`)
    expect(changing(calls)).toBe('open write fsync fdatasync ftruncate close open write close rename')
  })

  it('with callbacks', () => {
    const { calls, printed } = run(`
      const fs = require('node:fs')
      fs.open(root + '/new', 'wx', (_, fd) => fs.write(fd, 'text', (_, written) => fs.fdatasync(fd, () => fs.close(fd, () =>
        fs.appendFile(root + '/new', 'more', () => console.log(written))))))`)
    expect(changing(calls)).toBe('open write fdatasync close open write close')
    expect(printed).toBe(4)
  })

  it('reads as well, and nothing that lies elsewhere', () => {
    const { calls } = run(`
      import { existsSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs'
      readFileSync(root + '/old', 'utf8'); existsSync(root); readSync(openSync(root + '/old'), Buffer.alloc(3))
      readFileSync(process.execPath); writeFileSync(root + '-else', 'text')`)
    expect(calls.map(({ op }) => op)).toEqual(['readFile', 'exists', 'open', 'read'])
  })
})

describe('a fault', () => {
  const writing = `
    import { appendFileSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs'
    const fd = openSync(root + '/new', 'wx')
    const written = []
    for (const text of ['first ', 'second ', 'third ']) try { written.push(writeSync(fd, text)) } catch (error) { written.push(error.code) }
    console.log(JSON.stringify(written))`

  it.each([
    // The first call opens the file.
    ['kill-before', 3, 'SIGKILL', 'first ', undefined],
    ['kill-after', 3, 'SIGKILL', 'first second ', undefined],
    ['torn', 2, 'SIGKILL', 'first sec', undefined],
    ['short', 2, null, 'first secthird ', [6, 3, 6]],
    ['short-full', 2, null, 'first sec', [6, 3, 'ENOSPC']],
    ['eio', 3, null, 'first third ', [6, 'EIO', 6]],
    ['enospc', 3, null, 'first third ', [6, 'ENOSPC', 6]],
    ['erofs-8', 2, null, '', ['EROFS', 'EROFS', 'EROFS']],
    ['enospc-end', 3, null, 'first ', [6, 'ENOSPC', 'ENOSPC']],
  ])('%s at call %i', (kind, n, signal, kept, answers) => {
    const done = run(writing, { kind, n })
    expect(done).toMatchObject({ signal })
    expect(done.printed).toEqual(answers)
    expect(text(done.root, 'new')).toBe(kept)
  })

  it('of an asynchronous write: half of it, and a promise that is refused', () => {
    const program = `
      import { open } from 'node:fs/promises'
      const file = await open(root + '/new', 'wx')
      const { bytesWritten } = await file.write(Buffer.from('text'))
      console.log(JSON.stringify([bytesWritten, await file.sync().then(() => 'synced', ({ code }) => code)]))`
    const short = run(program, { kind: 'short', n: 1 })
    expect(short.printed).toEqual([2, 'synced'])
    expect(text(short.root, 'new')).toBe('te')
    expect(run(program, { kind: 'eio', n: 3 }).printed).toEqual([4, 'EIO'])
    expect(run(program, { kind: 'kill-before', n: 3 })).toMatchObject({ signal: 'SIGKILL' })
  })

  it('of a read: what cannot be looked at is not there', () => {
    const program = `
      import { existsSync, readFileSync } from 'node:fs'
      let code; try { readFileSync(root + '/old') } catch (error) { code = error.code }
      console.log(JSON.stringify([code, existsSync(root)]))`
    expect(run(program, { kind: 'read-eio-end', n: 1 }).printed).toEqual(['EIO', false])
    expect(run(program, { kind: 'read-eio', n: 1 }).printed).toEqual(['EIO', true])
  })

  it('between the parts of writeFile and of rm: an empty file, and half a folder', () => {
    const empty = run(`import { writeFileSync } from 'node:fs'; writeFileSync(root + '/new', 'text')`, {
      kind: 'kill-after',
      n: 1,
    })
    expect(text(empty.root, 'new')).toBe('')
    const half = run(
      `import { mkdirSync, rmSync } from 'node:fs'
       mkdirSync(root + '/a'); mkdirSync(root + '/a/b'); rmSync(root + '/a', { recursive: true })`,
      { kind: 'kill-after', n: 3 },
    )
    expect([existsSync(join(half.root, 'a')), existsSync(join(half.root, 'a/b'))]).toEqual([true, false])
  })
})

describe('npm run stress:faults', () => {
  const command = fileURLToPath(new URL('../stress/faults.mjs', import.meta.url))
  const stress = (...args: string[]) => spawnSync(process.execPath, [command, ...args], { encoding: 'utf8' })

  it('says what it takes, and refuses what it does not know', () => {
    expect(stress('--help')).toMatchObject({ status: 0, stderr: '' })
    expect(stress('--kind', 'flood')).toMatchObject({ status: 2, stdout: '' })
    expect(stress('--n', 'x')).toMatchObject({ status: 2, stdout: '' })
  })
})
