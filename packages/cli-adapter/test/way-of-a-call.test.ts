// The way of one test result from the host's call to the log, to telemetry.json and to a receiver: CONTRIBUTING shows it, and
// what V8 saw being called proves it.

import { Session } from 'node:inspector/promises'
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { createManaged } from '../src/host/manager'

const MOST_FILES = 20

/** The files of a table row in CONTRIBUTING's "The way of a call", in order. */
function shown(when: string): string[] {
  const guide = readFileSync(fileURLToPath(new URL('../../../CONTRIBUTING.md', import.meta.url)), 'utf8')
  const section = guide.split('## The way of a call')[1]?.split('\n## ')[0] ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith(`| ${when}`))
  return rows.flatMap((row) =>
    [...row.matchAll(/`([\w-]+\/[\w/-]+\.ts)`/g)].map(([, file]) => file as string),
  )
}

async function receiver(): Promise<string> {
  const server = createServer((request, response) => void request.resume().on('end', () => response.end()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A session that goes on, with everything delivered, so that what comes now is what one call costs. */
async function begun() {
  const dirPath = join(mkdtempSync(join(tmpdir(), 'telemetry-way-')), '.learn')
  mkdirSync(dirPath)
  const manager = createManaged({}, 'by the host')
  onTestFinished(() => manager.close())
  const url = await receiver()
  manager.urls = { streaming: `${url}/stream`, batch: `${url}/batch` }
  const steps = [0, 1].map((position) => ({ slug: `step-${position}`, position, files: [] }))
  await manager.start('vscode', steps, dirPath, 'a-course')
  manager.setStudent({ user_id: 42, token: 'secret' })
  manager.registerStepEvent(1, 'test', { stdout: 'first', exit_code: 0 })
  await manager.telemetry.idle()
  return { dirPath, manager }
}

/** Gives the modules in which something was called since it was asked last. */
async function watchCalls(): Promise<() => Promise<string[]>> {
  const session = new Session()
  session.connect()
  onTestFinished(() => session.disconnect())
  await session.post('Profiler.enable')
  await session.post('Profiler.startPreciseCoverage', { callCount: true })
  const called = async (): Promise<string[]> => {
    const { result } = await session.post('Profiler.takePreciseCoverage')
    return result
      .filter(({ functions }) => functions.some(({ ranges }) => (ranges[0]?.count ?? 0) > 0))
      .flatMap(
        ({ url }) =>
          url
            .match(/packages\/([\w-]+)\/src\/([\w/-]+\.ts)$/)
            ?.slice(1, 3)
            .join('/') ?? [],
      )
      .sort()
  }
  await called()
  return called
}

it('is the one that CONTRIBUTING shows, in at most 20 files', async () => {
  const { dirPath, manager } = await begun()
  const called = await watchCalls()

  manager.registerStepEvent(0, 'test', { stdout: 'hello', exit_code: 0 })
  const before = await called()
  await manager.telemetry.idle()
  const behind = await called()

  const ways = { 'before it returns': shown('before'), 'behind it': shown('behind') }
  console.log(
    Object.entries({ 'before it returns': before, 'behind it': behind })
      .map(([when, files]) => {
        const beside = files.filter((file) => !ways[when as keyof typeof ways].includes(file))
        return `${when}: ${ways[when as keyof typeof ways].join(' -> ')}\n  beside: ${beside.join(', ')}`
      })
      .join('\n'),
  )
  expect(Object.values(ways).flat().length).toBeGreaterThan(10)
  expect(Object.values(ways).flat().length).toBeLessThanOrEqual(MOST_FILES)
  expect(before).toEqual(expect.arrayContaining(ways['before it returns']))
  expect(behind).toEqual(expect.arrayContaining(ways['behind it']))
  // Nothing is folded, rendered or sent while the host waits.
  expect(before.filter((file) => /\/(fold\/(evolve|render)|delivery\/delivery)\.ts$/.test(file))).toEqual([])
  expect(JSON.parse(readFileSync(join(dirPath, 'telemetry.json'), 'utf8'))).toMatchObject({
    steps: [{ tests: [{ exit_code: 0 }] }, { tests: [{ exit_code: 0 }] }],
  })
})
