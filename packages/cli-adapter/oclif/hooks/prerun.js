// Runs before every command of the host: for all but `start` it loads nothing.
module.exports = async function ({ Command, config }) {
  if (Command.id !== 'start') return
  try {
    require('../../dist/plugin.cjs').beforeStart(config)
  } catch {
    // The host starts, with or without us.
  }
}
