// The command's outputs and its terminal, in a real process: broken, full, and interrupted.

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { main } from '../src/cli'

const bin = fileURLToPath(new URL('../bin/learnpack-telemetry.js', import.meta.url))

/** A folder with a telemetry.json to be deleted. */
function course(): string {
  const path = mkdtempSync(join(tmpdir(), 'telemetry-output-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  mkdirSync(join(path, '.learn'))
  writeFileSync(join(path, '.learn', 'telemetry.json'), '{}')
  return path
}

const hasScript = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0

describe.skipIf(!hasScript)('purge at a terminal', () => {
  it.each([
    ['Ctrl-C', '\u0003', 130],
    ['the end of the input', '\u0004', 1],
    ['no', 'n\r', 1],
  ])('%s deletes nothing and prints no stack trace', { timeout: 60_000 }, async (_, key, code) => {
    const path = course()
    const command = `${process.execPath} ${bin} purge ${path}`
    const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'pipe'] })
    let said = ''
    child.stdout.on('data', (data: Buffer) => {
      if (!said.includes('[y/N]') && `${said}${data.toString()}`.includes('[y/N]')) child.stdin.write(key)
      said += data.toString()
    })
    const ended = await new Promise((resolve) => child.once('close', resolve))
    expect({ ended, stack: /\n\s+at /.test(said) }).toEqual({ ended: code, stack: false })
    expect(existsSync(join(path, '.learn', 'telemetry.json'))).toBe(true)
  })
})

describe.skipIf(process.platform === 'win32')('an output that takes nothing', () => {
  it('is a message and exit code 1, without a stack trace', () => {
    const path = course()
    const err = join(path, 'err')
    // A file of no more than 0 blocks: what a full disk is to who writes.
    const command = `ulimit -f 0; trap '' XFSZ; exec "$0" "$1" doctor --help > ${path}/out`
    const { status, stderr } = spawnSync('bash', ['-c', command, process.execPath, bin], { encoding: 'utf8' })
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(
        /^learnpack-telemetry: the output could not be written \(EFBIG: file too large, write\)\n$/,
      ) as string,
    })
    const both = `${command} 2> ${err}`
    expect(spawnSync('bash', ['-c', both, process.execPath, bin], { encoding: 'utf8' }).status).toBe(1)
    expect(readFileSync(err, 'utf8')).toBe('')
  })

  it('which nobody reads any more is no failure', () => {
    const command = `"$0" "$1" --help | head -c 1; echo "\${PIPESTATUS[0]}"`
    const { stdout, stderr } = spawnSync('bash', ['-c', command, process.execPath, bin], { encoding: 'utf8' })
    expect({ stdout, stderr }).toEqual({ stdout: 'U0\n', stderr: '' })
  })
})

describe('a bug', () => {
  it('is a message that says what to do and exit code 70; its stack is there on demand', async () => {
    let err = ''
    const output = {
      out() {
        throw new TypeError('x is undefined')
      },
      err: (text: string) => (err += text),
    }
    expect(await main(['doctor', course(), '--json'], output)).toBe(70)
    expect(err).toMatch(
      /^learnpack-telemetry: a bug of this program: x is undefined\nPlease report it, with [^\n]*\n$/,
    )
    err = ''
    process.env['LEARNPACK_TELEMETRY_DEBUG'] = '1'
    onTestFinished(() => void delete process.env['LEARNPACK_TELEMETRY_DEBUG'])
    expect(await main(['doctor', course(), '--json'], output)).toBe(70)
    expect(err).toMatch(/\n\s+at .*output\.test/)
  })
})
