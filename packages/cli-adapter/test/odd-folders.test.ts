// What a course may bring in the place of our files: nothing hangs, nothing throws into a host, no command prints a stack.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

function temporary(): string {
  const path = mkdtempSync(join(tmpdir(), 'telemetry-odd-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

describe.skipIf(process.platform === 'win32')('a course whose files are something else', () => {
  it.each(['pipe', 'folder', 'link to itself', 'link to /dev/zero'])(
    'at every path a %s: no host and no command hangs or throws',
    { timeout: 180_000 },
    (kind) => {
      const child = spawnSync(
        process.execPath,
        [here('children/odd-folder.mjs'), temporary(), kind],
        // A pipe that stays open, for what reads /dev/stdin; longer than any call may take.
        { encoding: 'utf8', timeout: 170_000, killSignal: 'SIGKILL' },
      )
      const lines = child.stdout.split('\n').filter(Boolean)
      expect({ last: lines.at(-1), err: child.stderr }).toEqual({
        last: expect.stringMatching(/^\d+ paths$/) as string,
        err: '',
      })
      expect(lines.filter((line) => line.startsWith('  '))).toEqual([])
    },
  )

  it('random calls on random ones: none hangs, prints a stack or takes 500 MB', { timeout: 180_000 }, () => {
    const args = [here('../stress/cli.mjs'), '--calls', '400', '--seed', '1', '--workers', '2']
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(
      /\n400 calls in .*: 0 stack traces, 0 hangs over 5 s \(\d+ slow .*\), 0 over 500 MB, /,
    )
  })
})
