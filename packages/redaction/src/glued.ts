// Where a word really begins: an escape sequence before it ends in letters or digits, as in `\nghp_...`,
// `\u0022ghp_...`, `%22ghp_...` and a terminal's colour `ESC[32mghp_...`.

/** What may stand right before a word although it ends in letters or digits; as the source of an expression. */
export const ESCAPE =
  '\\\\(?:[nrtbf]|u[\\da-fA-F]{4}|x[\\da-fA-F]{2})|%[\\da-fA-F]{2}|\\u001B\\[[\\d;]{0,12}m'

const ESCAPED = /[nrtbf]|u[\da-fA-F]{4}|x[\da-fA-F]{2}/y
const ENCODED = /[\da-fA-F]{2}/y
const COLOUR = /[\d;]{0,12}m/y

/** How many characters at `start` belong to an escape sequence that begins before it. */
export function gluedAt(text: string, start: number): number {
  switch (text[start - 1]) {
    case '\\':
      return lengthAt(ESCAPED, text, start)
    case '%':
      return lengthAt(ENCODED, text, start)
    case '[':
      return text[start - 2] === '\u001B' ? lengthAt(COLOUR, text, start) : 0
    default:
      return 0
  }
}

/** How long what matches at `at` is. The pattern is sticky. */
export function lengthAt(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0].length ?? 0
}
