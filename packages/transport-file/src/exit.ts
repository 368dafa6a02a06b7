// telemetry.json is fresh when the process is gone, however it goes (kill -9 apart: then the next start is
// what makes it fresh).

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Calls `save` when the process exits: at its end, at `process.exit`, at an uncaught error, and at a signal
 * nobody else listens for, which then does what it would have done without us. Where the host listens, it
 * decides whether the process ends.
 * @param save must be synchronous; called again if the process goes on
 * @returns stops it
 */
export function saveAtExit(save: () => void): () => void {
  function onSignal(signal: NodeJS.Signals): void {
    save()
    if (process.listenerCount(signal) > 1) return
    stop()
    process.kill(process.pid, signal)
  }

  function stop(): void {
    process.off('exit', save)
    for (const signal of SIGNALS) process.off(signal, onSignal)
  }

  process.on('exit', save)
  for (const signal of SIGNALS) process.on(signal, onSignal)
  return stop
}
