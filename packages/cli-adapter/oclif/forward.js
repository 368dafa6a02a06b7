// A command of `learnpack-telemetry` as a command of the host: `learnpack telemetry:status` and so on.

/** @param {readonly string[]} command as its words on the command line */
module.exports = (command) =>
  class {
    static async run(argv, host) {
      const { main } = require('../dist/cli.cjs')
      const { recordsItself } = require('../dist/plugin.cjs')
      if (recordsItself(host)) {
        process.stderr.write(
          `LearnPack ${host.version} records telemetry by itself: this plugin steps aside and records nothing\n`,
        )
      }
      process.exitCode = await main([...command, ...argv])
    }
  }
