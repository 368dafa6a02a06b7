// A telemetry whose telemetry.json is longer than any string: here of 200 characters, which takes less time.

import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type * as core from '@learnpack/telemetry-core'
import { expect, it, vi } from 'vitest'
import { main } from '../src/cli'
import { createTelemetryManager } from '../src/index'

vi.mock('@learnpack/telemetry-core', async (original) => {
  const real = await original<typeof core>()
  return { ...real, snapshotText: (state: core.State) => real.snapshotText(state, 200) }
})

it('is told by every command that needs it whole', async () => {
  const path = mkdtempSync(join(tmpdir(), 'telemetry-too-long-'))
  const manager = createTelemetryManager()
  void manager.start('os', [{ slug: 'a', position: 0 }], join(path, '.learn'), 'intro')
  manager.registerStepEvent(0, 'compile', { stdout: 'x'.repeat(200) })
  await manager.close()
  const run = async (...args: string[]) => {
    let said = ''
    const add = (text: string) => void (said += text)
    return { code: await main(args, { out: add, err: add }), said }
  }
  expect(await run('replay', path)).toEqual({
    code: 1,
    said: expect.stringMatching(
      /^learnpack-telemetry: \S+events\.ndjson: its telemetry\.json would be longer than any string can be\n$/,
    ) as string,
  })
  // Numbers need no text.
  expect(await run('measure', path, '--csv')).toMatchObject({ code: 0 })
  expect((await run('status', path)).said).toContain('telemetry.json  too large, ')
})
