// The repository on a machine where nothing lies around.

import { mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, inject, it } from 'vitest'
import { textOf } from '../documents'
import { bin, root, run } from '../run'

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>
}

it('every npm script sets itself up', () => {
  expect(scripts).toEqual(
    Object.fromEntries(Object.keys(scripts).map((name) => [name, `node scripts/run.mjs ${name}`])),
  )
})

it('CONTRIBUTING.md has every npm script', () => {
  const text = textOf('CONTRIBUTING.md')
  const missing = Object.keys(scripts).filter((name) => !new RegExp(`\`npm (run )?${name}\``).test(text))
  expect(missing).toEqual([])
})

it('the README has at most 900 words', () => {
  expect(textOf('README.md').match(/\S+/g)?.length).toBeLessThanOrEqual(900)
})

it('a run of tests leaves nothing in the temporary folder', async () => {
  const folder = join(inject('outside'), 'temporary')
  mkdirSync(folder)
  const variables = { TMPDIR: folder, TEMP: folder, TMP: folder }
  await run(bin('vitest'), ['run', 'test/status.test.ts'], join(root, 'packages/cli-adapter'), variables)
  expect(readdirSync(folder)).toEqual([])
})
