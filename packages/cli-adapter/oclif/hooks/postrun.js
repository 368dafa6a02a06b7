// Runs after every command of the host. `start` has then begun to serve; `clean` has deleted what is its own.
const after = { start: 'afterStart', clean: 'afterClean' }

module.exports = async function ({ Command, config }) {
  const name = after[Command.id]
  if (name === undefined) return
  try {
    require('../../dist/plugin.cjs')[name](config)
  } catch {
    // The host goes on, with or without us.
  }
}
