// Dead letters: parcels a destination refused for good, until somebody has them sent again.

import { eventsOn } from '../events/codec'
import { isStepEvent } from '../events/events'
import type { Follower } from '../log/follower'
import { eventParcel } from './parcels'
import type { Crc, DeadLetter } from '../ports'
import type { Parcel } from './transport'

/** The letters that are still dead, as they were last refused, oldest first. @param letters as `DeadLetterStore.list` gives them */
export function stillDead(letters: readonly DeadLetter[]): DeadLetter[] {
  const latest = new Map<string, DeadLetter>()
  for (const letter of letters) latest.set(`${letter.destination} ${letter.id}`, letter)
  return [...latest.values()].filter(({ deliveredAt }) => deliveredAt === undefined)
}

/** The parcel of a letter, with the same id and bytes as before; undefined where its line is gone. */
export function parcelOf({ id, offset }: DeadLetter, crc: Crc, follower: Follower): Parcel | undefined {
  const [line] = follower.lines(offset, 1)
  if (line?.offset !== offset) return undefined
  const event = eventsOn(line.text, crc).events.find((candidate) => candidate.id === id)
  return event !== undefined && isStepEvent(event) ? eventParcel(event, follower.state) : undefined
}
