// What is checked of every batch and stream body that a test gets to see.

import { takenByApiv2, type Taken } from './apiv2'

/**
 * What apiv2 makes of a body.
 * @throws where it would raise, or show another progress than it measures
 */
export function checkBody(body: string): Taken {
  const taken = takenByApiv2(JSON.parse(body))
  if (taken.kind === 'stream') return taken
  const { total_steps, steps_not_completed } = taken.metrics
  const { total, completed } = taken.progress
  const measured = total_steps - steps_not_completed
  if (total !== total_steps || completed !== measured)
    throw new Error(`apiv2 shows ${completed} of ${total} steps, and measures ${measured} of ${total_steps}`)
  return taken
}

const refused: string[] = []

/** Checks a body on its way to a receiver, whose answer is not changed by it: `refusedBodies` tells. */
export function lookAt(body: string): void {
  try {
    checkBody(body)
  } catch (error) {
    refused.push(`${(error as Error).message}: ${body.slice(0, 2_000)}`)
  }
}

/** What was found wrong since it was asked last. */
export const refusedBodies = (): string[] => refused.splice(0)
