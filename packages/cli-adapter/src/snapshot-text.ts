import { LONGEST_STRING, snapshotJson, type State } from '@learnpack/telemetry-core'

/** The whole telemetry.json of a state; undefined where it is too large to be kept, or longer than any string can be. */
export function snapshotText(state: State): string | undefined {
  if (state.tooLarge) return undefined
  const pieces: string[] = []
  let length = 0
  for (const piece of snapshotJson(state)) {
    length += piece.length
    if (length > LONGEST_STRING) return undefined
    pieces.push(piece)
  }
  return pieces.join('')
}
