// A telemetry is written and sent as one text, and no text is longer than a string can be.

/**
 * The longest string of V8, characters (UTF-16 units), which whoever reads telemetry.json has to hold. A telemetry that
 * has become longer is recorded and streamed, but no longer written or sent as a whole.
 */
export const LONGEST_STRING = 2 ** 29 - 24

/** @throws RangeError once the whole is longer than any string can be: nobody could read it back. */
export function* bounded(pieces: Iterable<string>, longest = LONGEST_STRING): Generator<string> {
  let length = 0
  for (const piece of pieces) {
    length += piece.length
    if (length > longest) {
      throw new RangeError(
        `stands still: this telemetry is longer than the longest string of JavaScript (${longest} characters); events are recorded and streamed all the same`,
      )
    }
    yield piece
  }
}
