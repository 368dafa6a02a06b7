// A host as LearnPack is: starts a manager with its defaults, records five events and ends in the way it is told. Says when
// it begins to end; how long it is there after that, its parent sees.
//
// exit-host.mjs <folder> <url> <natural | exit | SIGINT | close> <at once | when told>

import { clearInterval, setInterval } from 'node:timers'
import { createTelemetryManager } from '@learnpack/telemetry-cli-adapter'

const [folder, url, way, when] = process.argv.slice(2)
let longestTurn = 0
let turnAt = performance.now()
const turns = setInterval(() => {
  longestTurn = Math.max(longestTurn, performance.now() - turnAt - 5)
  turnAt = performance.now()
}, 5).unref()

const manager = createTelemetryManager()
manager.urls = { stream: `${url}/stream`, batch: `${url}/batch` }
const startedAt = performance.now()
void manager.start('os', [{ slug: 'a', position: 0, files: [], is_testeable: true }], folder, 'bench')
const start = performance.now() - startedAt
manager.setStudent({ user_id: 7, token: 'x' })
let slowest = 0
const record = () => {
  const at = performance.now()
  manager.registerStepEvent(0, 'compile', { stdout: 'x', exit_code: 0 })
  slowest = Math.max(slowest, performance.now() - at)
}
for (let n = 0; n < 5; n++) record()
if (when === 'when told') {
  process.stdout.write('ready\n')
  await new Promise((resolve) => process.stdin.once('data', resolve))
  process.stdin.destroy()
}
clearInterval(turns)
const said = { start, record: slowest, turn: longestTurn }
process.stdout.write(`${JSON.stringify(said)}\n`, () => {
  if (way === 'exit') process.exit()
  if (way === 'SIGINT') {
    setInterval(() => {}, 60_000)
    process.kill(process.pid, 'SIGINT')
  }
  if (way === 'close') void manager.close()
})
