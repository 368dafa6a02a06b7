// Private keys, PEM blocks and PuTTY's, on lines of their own or with `\n` written out; whole, or cut at either end.

import { gluedAt } from './glued'
import { mark } from './mark'

const BEGIN = /-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----/g
const END = /-----END (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----/g
/** The longest key, characters. */
const LONGEST = 32 * 1024
/** What a key looks like between its two lines, behind what may be said of it: `Proc-Type: 4,ENCRYPTED`. */
const BODY =
  /(?:(?:\r?\n|\\n)[ \t]{0,40}[A-Z][\w-]{1,30}: [^\r\n\\]{0,200}(?=[\r\n\\])){0,4}[\sA-Za-z0-9+/=\\]*/y
/** What tells a key from an explanation of how one begins. */
const isKey = (body: string): boolean => /[A-Za-z0-9+/]{16}/.test(body.replace(/\\[nr]/g, ''))

export function redactPrivateKeys(text: string): string {
  const cleaned = text.includes('PRIVATE KEY') ? redactEnds(redactBegins(text)) : text
  return cleaned.includes('Private-') ? redactPutty(cleaned) : cleaned
}

/** The end is of another text in the same JSON: quotes alone part the lines of a key in a program, too. */
const isOfTwoTexts = (between: string): boolean => between.includes('"') && /[:[{]/.test(between)

function redactBegins(text: string): string {
  const ends = [...text.matchAll(END)].map(({ index, 0: line }) => [index, index + line.length] as const)
  let next = 0
  let cleaned = ''
  let from = 0
  for (const { index, 0: line } of text.matchAll(BEGIN)) {
    if (index < from) continue
    const start = index + line.length
    while (next < ends.length && (ends[next]?.[0] ?? 0) < start) next++
    const [end, after] = ends[next] ?? [Infinity, Infinity]
    const whole = end - start <= LONGEST && !isOfTwoTexts(text.slice(start, end))
    const body = whole ? text.slice(start, end) : bodyAt(text, start)
    if (!isKey(body)) continue
    cleaned += text.slice(from, index) + mark('private-key')
    from = whole ? after : start + body.length
  }
  return cleaned + text.slice(from)
}

/** Of a key that lost its end: its lines, without the words that may follow. */
function bodyAt(text: string, start: number): string {
  BODY.lastIndex = start
  const body = (BODY.exec(text)?.[0] ?? '').slice(0, LONGEST)
  return /^[^]*[A-Za-z0-9+/=]{16,}/.exec(body)?.[0] ?? ''
}

/** Of a key that lost its beginning. */
function redactEnds(text: string): string {
  let cleaned = ''
  let from = 0
  for (const { index, 0: line } of text.matchAll(END)) {
    const start = keyStart(text, Math.max(from, index - LONGEST), index)
    if (start === undefined) continue
    cleaned += text.slice(from, start) + mark('private-key')
    from = index + line.length
  }
  return cleaned + text.slice(from)
}

/** Where the lines of a key begin that end at `index`. Words before them are shorter. */
function keyStart(text: string, least: number, index: number): number | undefined {
  let start = index
  while (start > least && /[\sA-Za-z0-9+/=\\]/.test(text[start - 1] ?? '')) start--
  const body = text.slice(start, index)
  const at = body.search(/[A-Za-z0-9+/=]{16}/)
  return at < 0 ? undefined : start + at + gluedAt(text, start + at)
}

/** Of PuTTY: its lines are between two others, either of which may be missing. */
function redactPutty(text: string): string {
  let cleaned = ''
  let from = 0
  for (const { index, 0: line, 1: lines } of text.matchAll(
    /Private-(?:Lines: \d{1,4}((?:\s|\\[nr]){1,4})|MAC: )/g,
  )) {
    const start =
      lines === undefined ? keyStart(text, Math.max(from, index - LONGEST), index) : index + line.length
    if (start === undefined) continue
    const body = lines === undefined ? text.slice(start, index).trimEnd() : bodyAt(text, start)
    if (!isKey(body)) continue
    cleaned += text.slice(from, start) + mark('private-key')
    from = start + body.length
  }
  return cleaned + text.slice(from)
}
