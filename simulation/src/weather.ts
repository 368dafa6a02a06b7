// What goes wrong at the moment: with a disk, and on the way to a receiver. All of it changes from step to step.

import type { Random } from './random'

/** Chances in [0, 1] that one call to the disk fails that way. */
export interface DiskWeather {
  /** It is refused, and nothing has happened. */
  refused: number
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

export const clearDisk = (): DiskWeather => ({ refused: 0, torn: 0, unreadable: 0, full: false })

export const clearNetwork = (): NetworkWeather => ({
  lost: 0,
  answerLost: 0,
  delayed: 0,
  doubled: 0,
  refused: 0,
})

export function changeDisk(weather: DiskWeather, { below, chance }: Random): string {
  Object.assign(weather, clearDisk())
  const kind = below(6)
  if (kind === 0) weather.full = true
  if (kind === 1) weather.refused = chance(0.5) ? 0.1 : 1
  if (kind === 2) weather.torn = 0.3
  if (kind === 3) weather.unreadable = chance(0.5) ? 0.1 : 1
  return (
    [
      'is full',
      `refuses ${weather.refused * 100} % of all writes`,
      'cuts lines short',
      `cannot be read ${weather.unreadable * 100} % of the time`,
    ][kind] ?? 'works again'
  )
}

export function changeNetwork(weather: NetworkWeather, { below, pick }: Random): string {
  Object.assign(weather, clearNetwork())
  const kinds = ['lost', 'answerLost', 'delayed', 'doubled', 'refused'] as const
  if (below(2) === 0) return 'is there'
  const kind = pick(kinds)
  weather[kind] = pick([0.2, 0.5, 1])
  return `: ${kind} ${weather[kind] * 100} %`
}
