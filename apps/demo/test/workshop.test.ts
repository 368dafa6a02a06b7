// The recorded session that comes with the page is what its script records.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { recordWorkshop } from '../scripts/record-workshop.mjs'

it('is recorded through the real pipeline, byte for byte, and its offline hour was delivered later', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'workshop-'))
  const { log, delivered } = await recordWorkshop(folder)
  const data = (name: string): string =>
    readFileSync(fileURLToPath(new URL(`../data/${name}`, import.meta.url)), 'utf8')
  expect(readFileSync(log, 'utf8')).toBe(data('workshop.events.ndjson'))
  expect(readFileSync(join(folder, 'workshop.json'), 'utf8')).toBe(data('workshop.json'))
  expect(delivered).toEqual({ batch: 15, stream: 41, late: 10 })
  rmSync(folder, { recursive: true })
})
