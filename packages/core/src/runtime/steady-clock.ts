// The time that a host gives, made fit to be recorded (SPEC §3).

import type { Clock } from '../ports'

/** The latest time that an id of an event can hold (UUIDv7, 48 bits): in the year 10889. */
const LATEST = 2 ** 48 - 1

/**
 * `now` as whole epoch ms, whatever it gives: a fraction is rounded; what throws or gives no time (NaN, a text, before 1970)
 * counts as `fallback`.
 * @param fallback epoch ms, an integer
 */
export const steadyNow = (now: () => unknown, fallback: () => number) => (): number => {
  try {
    const at = now()
    const rounded = typeof at === 'number' ? Math.round(at) : NaN
    // `+ 0`: a zero below zero is one of JavaScript's own.
    return rounded >= 0 && rounded <= LATEST ? rounded + 0 : fallback()
  } catch {
    return fallback()
  }
}

/** The same clock, always with a time. Where it gives none, time goes on from the last one it gave. */
export function steadyClock(clock: Clock): Clock {
  let last = { at: 0, elapsed: 0 }
  const goOn = (): number => Math.round(last.at + clock.elapsed() - last.elapsed)
  const now = steadyNow(() => clock.now(), goOn)
  return {
    now() {
      const at = now()
      last = { at, elapsed: clock.elapsed() }
      return at
    },
    elapsed: () => clock.elapsed(),
    after: (ms, run) => clock.after(ms, run),
    hold: () => clock.hold(),
  }
}
