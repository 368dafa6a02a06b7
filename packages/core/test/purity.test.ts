// Core is a function of its inputs: the lint rule says so, and here it is seen to say so.

import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { describe, expect, it } from 'vitest'
import { describeLayers, rulesBrokenBy as rulesBrokenIn } from '../../../testing/lint'

const rulesBrokenBy = (code: string, file = 'packages/core/src/broken.ts') => rulesBrokenIn(code, file)

describe('the lint rule of core', () => {
  it.each([
    ["import { readFileSync } from 'node:fs'\nreadFileSync('x')", 'no-restricted-imports'],
    ["import { readFileSync } from 'fs'\nreadFileSync('x')", 'no-restricted-imports'],
    ["import _ from 'lodash'\n_.noop()", 'no-restricted-imports'],
    ["export { join } from 'node:path'", 'no-restricted-imports'],
    ["export const later = import('./x')", 'no-restricted-syntax'],
    ['export const at = Date.now()', 'no-restricted-properties'],
    ['export const at = new Date()', 'no-restricted-syntax'],
    ['export const at = Date()', 'no-restricted-syntax'],
    ['export const dice = Math.random()', 'no-restricted-properties'],
    ['export const env = process.env', 'no-restricted-globals'],
    ["export const bytes = Buffer.from('x')", 'no-restricted-globals'],
    ['setTimeout(() => {}, 1)', 'no-restricted-globals'],
    ["console.log('x')", 'no-restricted-globals'],
    ["export const answer = fetch('/')", 'no-restricted-globals'],
    ['export const id = crypto.randomUUID()', 'no-restricted-globals'],
    ['export const t = globalThis.setTimeout', 'no-restricted-globals'],
    ['export const t = performance.now()', 'no-restricted-globals'],
    ['/* eslint-disable */\nexport const at = Date.now()', 'no-restricted-properties'],
  ])('refuses %j', async (code, rule) => {
    expect(await rulesBrokenBy(code)).toContain(rule)
  })

  it('lets a given time, zod and eventemitter3 through', async () => {
    const code =
      "import { z } from 'zod'\nimport { EventEmitter } from 'eventemitter3'\nexport const x = [z, EventEmitter, new Date(0)]"
    expect(await rulesBrokenBy(code)).toEqual([])
  })

  it('is for core only', async () => {
    expect(await rulesBrokenBy('export const at = Date.now()', 'packages/transport-file/src/x.ts')).toEqual(
      [],
    )
  })
})

describeLayers('core', {
  forbidden: [
    ['events', '../fold/state'],
    ['fold', '../measures/measures'],
    ['measures', '../delivery/batch'],
    ['log', '../record/admit'],
    ['record', '../delivery/delivery'],
    ['record', '../runtime/reports'],
    ['delivery', '../record/limits'],
    ['fold', '../index'],
    ['runtime', '../fold/deeper/state'],
    ['runtime', '../../test/support'],
    ['events', 'node:fs'],
  ],
  allowed: [
    ['events', '../ports'],
    ['events', './describe'],
    ['fold', '../events/events'],
    ['record', '../log/follower'],
    ['delivery', '../measures/measures'],
    ['runtime', '../delivery/delivery'],
    ['fold', 'zod'],
  ],
})

describe('a browser bundle of core', () => {
  it.each(
    readdirSync(new URL('../dist', import.meta.url)).filter((name) => /^(index|memory)\.js$/.test(name)),
  )('of %s pulls in no Node module and nothing but zod and eventemitter3', async (entry) => {
    const page = '\0page'
    const warnings: string[] = []
    const modules: string[] = []
    await build({
      root: fileURLToPath(new URL('..', import.meta.url)),
      configFile: false,
      logLevel: 'silent',
      plugins: [
        {
          name: 'page',
          resolveId: (id) => (id === 'page' ? page : undefined),
          load: (id) =>
            id === page
              ? `import * as core from './dist/${entry}'; document.title = Object.keys(core)`
              : undefined,
          buildEnd() {
            modules.push(...this.getModuleIds())
          },
        },
      ],
      build: {
        write: false,
        rollupOptions: { input: 'page', onwarn: ({ message }) => void warnings.push(message) },
      },
    })
    expect(modules.some((id) => id.endsWith(`/dist/${entry}`))).toBe(true)
    expect(modules.filter((id) => /__vite-browser-external|^node:/.test(id))).toEqual([])
    const packages = modules.flatMap(
      (id) => /node_modules\/(?:\.pnpm\/[^/]+\/node_modules\/)?([^/]+)/.exec(id)?.[1] ?? [],
    )
    expect(new Set(packages)).toEqual(new Set(entry === 'index.js' ? ['zod', 'eventemitter3'] : []))
    expect(warnings).toEqual([])
  })
})
