// telemetry.json is fresh when the process is gone, however it goes (kill -9 apart: then the next start is
// what makes it fresh).

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/**
 * `last`: the process ends now. A signal that the host handles may be survived.
 * @inline
 */
type Save = (last: boolean) => void

const saves = new Set<Save>()

function saveAll(last: boolean): void {
  for (const save of saves) save(last)
}

const onExit = (): void => saveAll(true)

/** We are called first, so that a listener the host added with `once` is still counted. */
function onSignal(signal: NodeJS.Signals): void {
  const alone = process.listenerCount(signal) === 1
  saveAll(alone)
  if (!alone) return
  stopListening()
  process.kill(process.pid, signal)
}

function listen(): void {
  process.on('exit', onExit)
  for (const signal of SIGNALS) process.prependListener(signal, onSignal)
}

function stopListening(): void {
  process.off('exit', onExit)
  for (const signal of SIGNALS) process.off(signal, onSignal)
}

/**
 * Calls `save` when the process exits: at its end, at `process.exit`, at an uncaught error, and at a signal.
 * A signal nobody else listens for then does what it would have done without us; where the host listens, it
 * decides whether the process ends.
 * @param save must be synchronous and not throw; called again if the process goes on. `last`: it does not
 * @returns how to stop it, which takes our listeners away with the last of them
 */
export function saveAtExit(save: Save): () => void {
  if (saves.size === 0) listen()
  saves.add(save)
  return () => {
    if (saves.delete(save) && saves.size === 0) stopListening()
  }
}
