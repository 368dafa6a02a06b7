// A host as LearnPack is: records, and ends without closing.
//
// manager-host.cjs <folder> <exit | natural | SIGINT>

const { createTelemetryManager } = require('../../dist/index.cjs')

const [dirPath, way] = process.argv.slice(2)
const manager = createTelemetryManager()
manager.urls = { batch: 'http://127.0.0.1:1/batch', streaming: 'http://127.0.0.1:1/stream' }
manager.start('os', [{ slug: 'a', position: 0 }], dirPath, 'intro')
manager.setStudent({ user_id: 7, email: 'a@b.c', token: 'secret' })
manager.registerStepEvent(0, 'compile', { stdout: 'last words', exitCode: 0 })
process.stdout.write('recorded\n')
if (way === 'exit') process.exit(3)
if (way === 'SIGINT') {
  process.on('SIGINT', () => {
    manager.submit()
    process.exit(130)
  })
  setInterval(() => {}, 1_000)
}
