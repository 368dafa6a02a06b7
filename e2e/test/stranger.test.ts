// The path of somebody who has nothing but npm and the documents: an empty folder, an install, three events that lie
// in telemetry.json, and a transport of their own, which passes the published suite and gets what was recorded.

import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { fileOf } from '../documents'
import { bin, install, run } from '../run'

const folder = mkdtempSync(join(inject('outside'), 'stranger-'))
const node = (file: string): Promise<string> => run(process.execPath, [`out/${file}`], folder)

beforeAll(async () => {
  const tarballs = inject('tarballs')
  await install(folder, [tarballs.core as string, tarballs['transport-file'] as string, '@types/node@20'])
  mkdirSync(join(folder, 'src'))
  const compilerOptions = {
    ...{ strict: true, module: 'nodenext', target: 'es2022', lib: ['es2023', 'dom'], types: ['node'] },
    ...{ outDir: 'out', skipLibCheck: false },
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }))
  for (const [document, name] of [
    ['packages/transport-file/README.md', 'record.ts'],
    ['docs/write-a-transport.md', 'csv-transport.ts'],
    ['docs/write-a-transport.md', 'socket-transport.ts'],
    ['docs/write-a-transport.md', 'transports.test.ts'],
    ['docs/write-a-transport.md', 'console-transport.ts'],
  ] as const) {
    writeFileSync(join(folder, 'src', name), fileOf(document, name))
  }
  const later = `import { createTelemetry } from '@learnpack/telemetry-core'
import { nodePorts, openCourseFolder } from '@learnpack/telemetry-transport-file'
import { consoleTransport } from './console-transport.js'
import { csvTransport } from './csv-transport.js'
const transports = [consoleTransport, csvTransport('events.csv')]
const telemetry = createTelemetry({ storage: openCourseFolder('.learn'), ...nodePorts, transports })
telemetry.start({ slug: 'intro', agent: 'os', steps: [{ slug: '00-hello', position: 0 }] })
telemetry.identify(7)
await telemetry.settled()
await telemetry.close()
`
  writeFileSync(join(folder, 'src', 'later.ts'), later)
  await run(bin('tsc'), ['-p', folder], folder)
})

describe('in an empty folder', () => {
  it('three events are recorded, and lie in telemetry.json', async () => {
    await node('record.js')
    const { steps } = JSON.parse(readFileSync(join(folder, '.learn/telemetry.json'), 'utf8'))
    expect(steps).toHaveLength(1)
    expect(steps[0]).toMatchObject({
      slug: '00-hello',
      opened_at: expect.any(Number),
      compilations: [{ source_code: Buffer.from('print(1)').toString('base64'), exit_code: 0 }],
      tests: [{ stdout: Buffer.from('1 passed').toString('base64'), exit_code: 0 }],
    })
  })

  it("the guide's shortest transport takes under 20 lines, and both it and the next get the three at the next login", async () => {
    expect(fileOf('docs/write-a-transport.md', 'console-transport.ts').split('\n').length).toBeLessThan(20)
    expect(await node('later.js')).toBe('7 open_step 00-hello\n7 compile 00-hello\n7 test 00-hello\n')
    const csv = readFileSync(join(folder, 'events.csv'), 'utf8')
    expect(csv.match(/""event"":""(\w+)""/g)).toEqual(
      ['open_step', 'compile', 'test'].map((event) => `""event"":""${event}""`),
    )
  })

  it("the guide's transports pass the conformance suite, run as the guide says", async () => {
    const tsx = join(inject('installed'), 'node_modules/.bin/tsx')
    const report = await run(tsx, ['--test', 'src/transports.test.ts'], folder)
    expect(report).toMatch(/^# tests 18$/m)
    expect(report).toMatch(/^# pass 18$/m)
  })
})
