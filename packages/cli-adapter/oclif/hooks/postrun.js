module.exports = async function ({ Command }) {
  if (Command.id !== 'start') return
  try {
    require('../../dist/plugin.cjs').afterStart()
  } catch {
    // The host goes on, with or without us.
  }
}
