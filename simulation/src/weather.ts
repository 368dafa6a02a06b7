// What goes wrong at the moment: with a disk, and on the way to a receiver. It changes, and it passes.

import type { Random } from './random'

/** Chances in [0, 1] that one call to the disk fails that way. */
export interface DiskWeather {
  /** It is refused, and nothing has happened. */
  refused: number
  /** It is done, and said to have failed. */
  lied: number
  /** A line is cut short: its beginning is in the log. */
  torn: number
  /** It cannot be read. */
  unreadable: number
  /** There is no room: whatever grows is refused. */
  full: boolean
}

/** Chances in [0, 1] of one request. */
export interface NetworkWeather {
  lost: number
  answerLost: number
  delayed: number
  doubled: number
  /** Of the requests that arrive, those that are answered with something else than 200. */
  refused: number
}

export const clearDisk = (): DiskWeather => ({ refused: 0, lied: 0, torn: 0, unreadable: 0, full: false })

export const clearNetwork = (): NetworkWeather => ({
  lost: 0,
  answerLost: 0,
  delayed: 0,
  doubled: 0,
  refused: 0,
})

/** How long bad weather lasts, ms. */
const LASTS_MS = [2_000, 30_000, 5 * 60_000, 3_600_000]

/** Returns it in words, and after how long it passes, ms. */
export interface Change {
  readonly words: string
  readonly lasts: number
}

export function changeDisk(weather: DiskWeather, { pick }: Random): Change {
  const kind = pick(['full', 'refused', 'lied', 'torn', 'unreadable'] as const)
  Object.assign(weather, clearDisk())
  if (kind === 'full') weather.full = true
  else weather[kind] = pick([0.05, 0.3, 1])
  const percent = `${Number(weather[kind]) * 100} %`
  const words = {
    full: 'is full',
    refused: `refuses ${percent} of all writes`,
    lied: `says of ${percent} of all writes that they failed, and they did not`,
    torn: `cuts ${percent} of all lines short`,
    unreadable: `cannot be read ${percent} of the time`,
  }
  return { words: words[kind], lasts: pick(LASTS_MS) }
}

export function changeNetwork(weather: NetworkWeather, { pick }: Random): Change {
  const kind = pick(['lost', 'answerLost', 'delayed', 'doubled', 'refused'] as const)
  weather[kind] = pick([0.1, 0.5, 1])
  const words = {
    lost: 'loses requests',
    answerLost: 'loses answers',
    delayed: 'delays requests',
    doubled: 'doubles requests',
    refused: 'brings refusals',
  }
  return { words: `${words[kind]}, ${weather[kind] * 100} %`, lasts: pick(LASTS_MS) }
}

/** How often each kind of thing happened. */
export type Counts = Map<string, number>

export const count = (counts: Counts, what: string, times = 1): void =>
  void counts.set(what, (counts.get(what) ?? 0) + times)
