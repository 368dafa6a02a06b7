// Puts something of one kind in the place of every path of a course, one after the other, and uses what is left: as a host
// does, and by every command. Prints each path before, and what came of it.
//
// odd-folder.mjs <folder> <kind>

import { cpSync, mkdirSync, rmSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { main } from '../../dist/cli.js'
import { createTelemetryManager } from '../../dist/index.js'
import { KINDS, makeTemplates, oddPaths } from '../../stress/cli/odd-course.mjs'
import { randomOf } from '../../stress/cli/random.mjs'

const [home, kind] = process.argv.slice(2)
process.env.XDG_CONFIG_HOME = join(home, 'config')
const [worked] = await makeTemplates(join(home, 'templates'), createTelemetryManager)
const course = join(home, 'course')
const names = [...new Set(oddPaths(worked).map((path) => path.slice(worked.length + 1)))]

/** At once, whatever comes then. */
const tell = (text) => writeSync(1, `${text}\n`)

async function host() {
  const manager = createTelemetryManager()
  manager.urls = { batch: 'http://127.0.0.1:9/batch', stream: 'http://127.0.0.1:9/stream' }
  await manager.start('os', [{ slug: '00-hello', position: 0 }], join(course, '.learn'), 'intro')
  manager.setStudent({ user_id: 'ben', token: 'secret' })
  manager.registerStepEvent(0, 'compile', { stdout: 'x' })
  void manager.current
  await manager.retrieve()
  await manager.submit()
  manager.save()
  await manager.close()
}

async function command(...args) {
  let said = ''
  const add = (text) => (said += text.slice(0, 10_000))
  const code = await main(args, { out: add, err: add })
  if (code > 2 || /\n\s+at .+:\d+:\d+/.test(said)) tell(`  ${args[0]}: ${code} ${said}`)
}

for (const name of names.filter((one) => one !== '')) {
  rmSync(course, { recursive: true, force: true })
  cpSync(worked, course, { recursive: true })
  const path = join(course, name)
  mkdirSync(dirname(path), { recursive: true })
  rmSync(path, { recursive: true, force: true })
  KINDS[kind](path, randomOf(1))
  tell(name)
  for (const args of [
    ['status'],
    ['show'],
    ['doctor'],
    ['export', '--to', join(home, 'out')],
    ['debug'],
    ['measure'],
  ])
    await command(args[0], course, ...args.slice(1))
  rmSync(join(home, 'out'), { recursive: true, force: true })
  await host()
  await command('flush', course)
  await command('purge', course, '--yes')
}
tell(`${names.length} paths`)
process.exit(0)
