// A host in the order of calls of 2.1.34 (SPEC §9) that records five events and ends in the way it is told.
//
// ending-host.cjs <ours | none> <dirPath> <url> <natural | exit | close | SIGINT | SIGKILL>

const { createTelemetryManager } = require('../../dist/index.cjs')

const [whose, dirPath, url, way] = process.argv.slice(2)
const nothing = { start() {}, registerStepEvent() {}, setStudent() {}, submit() {}, close() {} }
const manager = whose === 'ours' ? createTelemetryManager() : nothing
manager.start('os', [{ slug: 'a', position: 0, files: [], is_testeable: true }], dirPath, 'intro')
manager.urls = { batch: `${url}/batch`, streaming: `${url}/stream` }
manager.setStudent({ user_id: 7, email: 'a@b.example', token: 'secret' })
for (let n = 0; n < 5; n++) manager.registerStepEvent(0, 'compile', { stdout: String(n), exitCode: 0 })
process.stdout.write('recorded\n')
if (way === 'exit') process.exit(3)
if (way === 'close') manager.close()
if (way === 'SIGKILL') process.kill(process.pid, 'SIGKILL')
if (way === 'SIGINT') {
  const server = require('node:http').createServer().listen(0)
  process.on('SIGINT', () => {
    manager.submit()
    server.close(() => process.exit())
  })
  server.once('listening', () => process.kill(process.pid, 'SIGINT'))
}
