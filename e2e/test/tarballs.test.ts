// What is in the tarballs, and what they say about themselves.

import { readFileSync, readdirSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join, relative } from 'node:path'
import ts from 'typescript'
import { describe, expect, inject, it } from 'vitest'
import { bin, PACKAGES, run } from '../run'

const tarballs = inject('tarballs')

describe.each(PACKAGES)('the tarball of %s', (name) => {
  const tarball = tarballs[name] as string
  const folder = join(inject('installed'), 'node_modules/@learnpack', `telemetry-${name}`)
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)))
  const read = (path: string): string => readFileSync(join(folder, path), 'utf8')
  const manifest = JSON.parse(read('package.json'))

  it('passes publint --strict', async () => {
    await run(bin('publint', 'e2e'), ['--strict', tarball], '/')
  })

  it('passes attw, in every resolution mode', async () => {
    await run(bin('attw', 'e2e'), ['--no-emoji', tarball], '/')
  })

  it('has a README, a license, and a changelog of its version', () => {
    expect(files).toEqual(expect.arrayContaining(['README.md', 'LICENSE', 'CHANGELOG.md']))
    expect(read('CHANGELOG.md')).toMatch(new RegExp(`^## ${manifest.version.replaceAll('.', '\\.')}$`, 'm'))
  })

  it('has nothing but what is run, typed or read', () => {
    const [known] = [
      /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|oclif\.manifest\.json)$|^(dist|bin|oclif)\//,
    ]
    expect(files.filter((path) => !known.test(path) || /\.map$|\.test\.|(?<!\.d)\.c?ts$/.test(path))).toEqual(
      [],
    )
  })

  it('says where it comes from and how it is published', () => {
    expect(manifest).toMatchObject({
      license: 'MIT',
      engines: { node: expect.stringMatching(/^>=20/) },
      repository: { directory: `packages/${name}` },
      publishConfig: { access: 'public', provenance: true },
    })
    for (const key of ['description', 'keywords', 'homepage', 'bugs']) expect(manifest).toHaveProperty(key)
  })

  it('asks for its siblings by version, not by workspace', () => {
    const ranges = Object.entries<string>({ ...manifest.dependencies, ...manifest.peerDependencies })
    expect(ranges.filter(([, range]) => range.includes(':'))).toEqual([])
    for (const [dependency, range] of ranges) {
      if (dependency.startsWith('@learnpack/')) expect(range).toBe(`^${manifest.version}`)
    }
  })

  it('depends on all that it loads, and on nothing else', () => {
    const code = files.filter((path) => /\.(c?js|d\.c?ts)$/.test(path))
    const loaded = code
      .flatMap((path) => ts.preProcessFile(read(path), true, true).importedFiles)
      .map(({ fileName }) => fileName)
      .filter((specifier) => !specifier.startsWith('.') && !isBuiltin(specifier))
      .map((specifier) => /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0])
    expect(code.length).toBeGreaterThan(0)
    expect([...new Set(loaded)].sort()).toEqual(Object.keys(manifest.dependencies).sort())
  })
})

it('the license of everything bundled into the adapter comes along', () => {
  const dist = join(inject('installed'), 'node_modules/@learnpack/telemetry-cli-adapter/dist')
  const licenses = readFileSync(join(dist, 'THIRD-PARTY.txt'), 'utf8')
  const bundled = readFileSync(join(dist, 'plugin.cjs'), 'utf8').matchAll(
    /\/\/ \S*node_modules\/([^./][^/\n]*)\//g,
  )
  const names = new Set([...bundled].map(([, name]) => name as string))
  expect([...names].sort()).toEqual(['eventemitter3', 'tsup', 'uuid', 'zod'])
  for (const name of names)
    expect(licenses).toMatch(new RegExp(`^${name} \\d[^]*?Permission is hereby granted`, 'm'))
})
