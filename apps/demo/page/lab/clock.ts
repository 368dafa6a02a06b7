// The engine's clock in the page: real time, and a way to skip a wait that nobody wants to sit through.

import type { Clock } from '@learnpack/telemetry-core'

export interface SkippingClock extends Clock {
  /** Moves on by `ms`; what falls due meanwhile runs. */
  skip(ms: number): void
}

export function skippingClock(): SkippingClock {
  let ahead = 0
  const timers = new Map<() => void, { at: number; timer: ReturnType<typeof setTimeout> }>()
  const now = (): number => Date.now() + ahead
  const elapsed = (): number => performance.now() + ahead

  function arm(run: () => void, at: number): void {
    const due = (): void => {
      timers.delete(due)
      run()
    }
    schedule(due, at)
  }

  function schedule(due: () => void, at: number): void {
    timers.set(due, { at, timer: setTimeout(due, Math.max(0, at - elapsed())) })
  }

  return {
    now,
    elapsed,
    after(ms, run) {
      const at = elapsed() + ms
      let cancelled = false
      arm(() => cancelled || run(), at)
      return () => void (cancelled = true)
    },
    hold: () => () => {},
    skip(ms) {
      ahead += ms
      for (const [due, { at, timer }] of [...timers]) {
        clearTimeout(timer)
        schedule(due, at)
      }
    },
  }
}
