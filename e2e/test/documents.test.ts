// Every code block of the documents does what it says: TypeScript compiles against the packed packages, what shows an
// output prints it, commands and their flags exist, JSON parses, and what is another program is run by a test.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { blocksOf, documents, textOf, type Block } from '../documents'
import { bin, env, PACKAGES, root, run } from '../run'

const installed = inject('installed')
/** What the documents run their `.ts` files with. */
const tsx = join(installed, 'node_modules/.bin/tsx')
const nameOf = ({ file, line }: Block): string => file ?? `line-${line}.ts`
const of = (document: string, ...languages: string[]): Block[] =>
  blocksOf(document).filter(({ language }) => languages.includes(language))
const everyBlock = (...languages: string[]): Block[] =>
  documents.flatMap((document) => of(document, ...languages))
const named = (blocks: Block[]) => blocks.map((block) => [`${block.document}:${block.line}`, block] as const)

it('knows every language it meets', () => {
  const known = ['ts', 'js', 'python', 'json', 'console', 'text']
  expect(everyBlock('ts').length).toBeGreaterThan(0)
  const others = documents.flatMap(blocksOf).filter(({ language }) => !known.includes(language))
  expect(others.map(({ document, line, language }) => `${document}:${line} ${language}`)).toEqual([])
})

describe('TypeScript', () => {
  const folder = join(installed, 'documents')
  /** Where a block lies, without its extension: its document is its folder. */
  const pathOf = (block: Block): string =>
    `${block.document.replace(/\W/g, '-')}/${nameOf(block).slice(0, -3)}`
  const compilerOptions = {
    ...{ strict: true, module: 'nodenext', target: 'es2022', lib: ['es2023', 'dom'], types: ['node'] },
    ...{ skipLibCheck: false, outDir: 'out', rootDir: 'src' },
  }

  beforeAll(() => {
    for (const block of everyBlock('ts')) {
      const path = join(folder, 'src', `${pathOf(block)}.ts`)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, `${block.code}\nexport {}\n`)
    }
    const [shown] = of('docs/write-a-transport.md', 'ts') as [Block]
    const same = `import type { Transport } from '@learnpack/telemetry-core'
import type { Transport as Shown } from './${pathOf(shown)}.js'
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
export const same: Same<Pick<Transport, keyof Transport>, Pick<Shown, keyof Shown>> = true
`
    writeFileSync(join(folder, 'src/the-guide-shows-Transport-as-it-is.ts'), same)
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }))
  })

  it('compiles against the packages, and the guide shows Transport as it is', async () => {
    await run(bin('tsc'), ['-p', folder], folder)
  })

  // What a block of text follows says what it prints.
  const printing = documents.flatMap((document) => {
    const blocks = blocksOf(document)
    return blocks.flatMap((block, index) => {
      const next = blocks[index + 1]
      return block.language === 'ts' && next?.language === 'text'
        ? [[document, block, next.code] as const]
        : []
    })
  })
  it.each(printing)('of %s prints what it shows', async (_, block, output) => {
    const empty = mkdtempSync(join(inject('outside'), 'empty-'))
    expect(await run(process.execPath, [join(folder, 'out', `${pathOf(block)}.js`)], empty)).toBe(output)
  })

  it('a `.ts` file of a guide runs as it says: docs/migrate.md starts the manager and records', async () => {
    const block = of('docs/migrate.md', 'ts').find(({ file }) => file === 'drop-in.ts') as Block
    const empty = mkdtempSync(join(inject('outside'), 'drop-in-'))
    expect(await run(tsx, [join(folder, 'src', `${pathOf(block)}.ts`)], empty)).toBe('42 1\n')
  })

  it('the host of docs/embed.md records what its app is asked for, and ends well', async () => {
    const block = of('docs/embed.md', 'ts').find(({ file }) => file === 'host.ts') as Block
    const cwd = mkdtempSync(join(inject('outside'), 'host-'))
    // As tsx runs it, but without its process in between, which ends by itself at a signal.
    const loader = pathToFileURL(createRequire(tsx).resolve('tsx')).href
    const host = spawn(process.execPath, ['--import', loader, join(folder, 'src', `${pathOf(block)}.ts`)], {
      cwd,
      env: { ...env, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const closed = once(host, 'close')
    try {
      const [printed] = await once(host.stdout, 'data')
      const url = `http://127.0.0.1:${/port: (\d+)/.exec(String(printed))?.[1]}`
      expect(await (await fetch(`${url}/exercise/00-hello`)).json()).toEqual({ slug: '00-hello' })
      for (const path of ['login', 'run', 'logout']) await fetch(`${url}/${path}`, { method: 'POST' })
      expect(await (await fetch(`${url}/telemetry`)).json()).toMatchObject({
        user_id: 42,
        steps: [{ slug: '00-hello', opened_at: expect.any(Number), compilations: [{ exit_code: 0 }] }],
      })
    } finally {
      host.kill('SIGINT')
    }
    expect(await closed).toEqual([0, null])
  })
})

it.each(PACKAGES)(
  'the README of %s runs its first block, says how to install it, and names what exists',
  (name) => {
    const document = `packages/${name}/README.md`
    const blocks = blocksOf(document)
    const { name: published } = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'))
    expect(blocks[0]?.code).toMatch(new RegExp(`npm install .*${published}`))
    expect(blocks.slice(1, 3).map(({ language }) => language)).toEqual(['ts', 'text'])

    const dist = join(installed, 'node_modules', published, 'dist/index.d.ts')
    const types = readFileSync(dist, 'utf8')
    const table = textOf(document).matchAll(/^\| (`[^|]*) \|/gm)
    const entries = [...table].flatMap(([, cell]) => [...(cell as string).matchAll(/`([A-Za-z]\w*)/g)])
    // At least four, or all there are.
    const exported = [...types.matchAll(/^export \{(.*)\}/gm)].flatMap(([, names = '']) => names.split(','))
    expect(entries.length).toBeGreaterThanOrEqual(Math.min(4, exported.length))
    for (const [, entry] of entries) expect(types).toMatch(new RegExp(`^export \\{.*\\b${entry}\\b`, 'm'))
  },
)

it.each(named(everyBlock('json')))('JSON of %s parses', (_, { code }) => {
  JSON.parse(code)
})

it.each(named(everyBlock('js', 'python')))('the program of %s is run by a test', (_, { file }) => {
  expect(file).toBeDefined()
  const tests = PACKAGES.flatMap((name) => {
    const folder = join(root, 'packages', name, 'test')
    return readdirSync(folder)
      .filter((entry) => entry.endsWith('.test.ts'))
      .map((entry) => join(folder, entry))
  })
  expect(tests.filter((path) => readFileSync(path, 'utf8').includes(`'${file}'`))).toHaveLength(1)
})

describe('commands', () => {
  const command = join(installed, 'node_modules/.bin/learnpack-telemetry')
  const helps = new Map<string, Promise<string>>()
  const help = (words: readonly string[]): Promise<string> => {
    const key = words.join(' ')
    const known = helps.get(key) ?? run(command, [...words, '--help'], installed)
    helps.set(key, known)
    return known
  }
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const published = PACKAGES.map((name) => `@learnpack/telemetry-${name}`)

  /** LearnPack's own, which a document may name. */
  const host = ['start', 'clean', 'login', 'logout', 'plugins:install', 'plugins:link']

  async function checkOurs(args: readonly string[]): Promise<void> {
    const path: string[] = []
    for (const word of args) {
      if (!/^[a-z]/.test(word) || !new RegExp(`^  ${word}\\b`, 'm').test(await help(path))) break
      path.push(word)
    }
    const text = await help(path)
    expect(text, 'a command it knows').not.toContain('\nCommands:')
    const flags = args.filter((arg) => arg.startsWith('--'))
    for (const flag of flags) expect(text).toMatch(new RegExp(`${flag}\\b`))
  }

  /** What a guide installs besides our own, and the runners of the files it shows. */
  const others = ['express', 'socket.io']
  const runners = ['npx --yes tsx', 'npx --yes tsx --test', 'npx tsx', 'node', 'python3']
  const files = documents.flatMap(blocksOf).flatMap(({ file }) => file ?? [])

  async function check(line: string): Promise<void> {
    const [, runner = '', file = ''] = /^(.*) (\S+)$/.exec(line) ?? []
    if (runners.includes(runner) && [...files, '<file>'].includes(file)) return
    if (['npm init -y', 'npm pkg set type=module'].includes(line)) return
    // It is run by a test of the receivers.
    if (line.startsWith('node -p ')) return
    const [program = '', ...args] = line.replace(/^npx /, '').split(' ')
    if (program === 'learnpack-telemetry') await checkOurs(args)
    else if (program === 'learnpack') {
      const [first = '', ...rest] = args
      if (first.startsWith('telemetry:')) await checkOurs([...first.split(':').slice(1), ...rest])
      else expect(host).toContain(first)
    } else if (program === 'npm' && args[0] === 'install') {
      const names = args.slice(1)
      // All that is packed, or one of it.
      if (/^<this folder>\/tarballs\/(\*|learnpack-telemetry-cli-adapter)\.tgz$/.test(names.join(' '))) return
      for (const name of names) expect([...published, ...others]).toContain(name)
    } else if (program === 'npm' || program === 'pnpm') {
      expect(Object.keys(scripts)).toContain(args[0] === 'run' ? args[1] : args[0])
    } else throw new Error(`${program}: a document may show npm, pnpm, learnpack and learnpack-telemetry`)
  }

  const found = documents.flatMap((document) =>
    [
      ...of(document, 'console').flatMap(({ code }) => [...code.matchAll(/^\$ (.*)$/gm)]),
      ...textOf(document).matchAll(/(?<!`)`((?:npx )?(?:learnpack|learnpack-telemetry|pnpm|npm) [^`\n]+)`/g),
    ].map(([, line]) => [document, line as string] as const),
  )

  it.each(found)('%s: %s', (_, line) => check(line))

  it.each([
    'learnpack-telemetry shwo',
    'learnpack-telemetry show --fulll',
    'learnpack telemetry:shw',
    'learnpack telemetry:dead-letters:lost',
    'npm run nothing',
    'npx --yes tsx nothing.ts',
  ])('would refuse %s', async (line) => {
    await expect(check(line)).rejects.toThrow()
  })
})

it.each(documents)('links of %s lead somewhere', (document) => {
  const links = [...textOf(document).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link as string)
  const broken = links
    .filter((link) => !/^(https?:|#)/.test(link))
    .filter((link) => !existsSync(join(root, dirname(document), link.replace(/#.*/, ''))))
  expect(broken).toEqual([])
})
