// A clock that stands still for whoever waits long: timers of 200 ms and more run only when time is moved on by hand, so
// that the same script makes the same calls however slow the machine is. Import it before what is to run by it.

const LONG_MS = 200
const NEVER_MS = 2 ** 31 - 1

const { setTimeout: startTimeout, setInterval: startInterval, clearTimeout: stop } = globalThis
const now = Date.now
const monotonic = performance.now.bind(performance)
let ahead = 0
/** Long timers that wait, by their handle. */
const waiting = new Map()

Date.now = () => now() + ahead
performance.now = () => monotonic() + ahead
// Retries come at once, and every run is the same.
Math.random = () => 0

/** A real timer that never fires stands for it: it holds the process, or does not, as one would. */
function byHand(start, run, ms, again) {
  const timer = start(() => {}, NEVER_MS)
  const entry = { run, due: ahead + ms, again }
  waiting.set(timer, entry)
  timer.refresh = () => {
    entry.due = ahead + ms
    waiting.set(timer, entry)
    return timer
  }
  return timer
}

globalThis.setTimeout = (run, ms = 0, ...args) =>
  ms < LONG_MS ? startTimeout(run, ms, ...args) : byHand(startTimeout, () => run(...args), ms, undefined)
globalThis.setInterval = (run, ms = 0, ...args) =>
  ms < LONG_MS ? startInterval(run, ms, ...args) : byHand(startInterval, () => run(...args), ms, ms)
globalThis.clearTimeout = globalThis.clearInterval = (timer) => {
  waiting.delete(timer)
  stop(timer)
}

/** Moves time on, ms, and runs what is due by then, in its order. */
export function moveOn(ms) {
  const until = ahead + ms
  for (;;) {
    const [next] = [...waiting].filter(([, { due }]) => due <= until).sort(([, a], [, b]) => a.due - b.due)
    if (next === undefined) break
    const [timer, entry] = next
    ahead = Math.max(ahead, entry.due)
    if (entry.again === undefined) {
      waiting.delete(timer)
      stop(timer)
    } else entry.due += entry.again
    entry.run()
  }
  ahead = until
}
