// PEM blocks of private keys, on lines of their own or with `\n` written out; whole, or cut at either end.

import { gluedAt } from './glued'
import { mark } from './redaction-mark'

const line = (word: string): string => `-----${word} (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----`
/** What stands between two of these lines is looked at once, so that it takes linear time. */
const WHOLE = new RegExp(`${line('BEGIN')}((?:(?!-----(?:BEGIN|END) )[^]){16,32768})${line('END')}`, 'g')
/** What is said before the lines of a key, as in `Proc-Type: 4,ENCRYPTED`. */
const HEADERS = '(?:\\s{1,2}[A-Z][\\w-]{1,30}: .{0,200}){0,4}'
/** A key that lost its end: its lines, without the words that may follow. */
const WITHOUT_END = new RegExp(`${line('BEGIN')}${HEADERS}[\\sA-Za-z0-9+/=\\\\]*[A-Za-z0-9+/]{16}=*`, 'g')
/** A key that lost its beginning: what is before its end, without the words before that, which are shorter. */
const BEFORE_END = /(?<=([A-Za-z0-9+/=]{16}[\sA-Za-z0-9+/=\\]*))/y
const END = new RegExp(line('END'), 'g')

export const redactPrivateKeys = (text: string): string =>
  redactEnds(text.replace(WHOLE, redactKey).replace(WITHOUT_END, mark('private-key')))

/** An explanation of how one begins and ends is no key. */
const redactKey = (whole: string, body: string): string =>
  /[A-Za-z0-9+/]{16}/.test(body) ? mark('private-key') : whole

function redactEnds(text: string): string {
  let cleaned = ''
  let from = 0
  for (const { index, 0: end } of text.matchAll(END)) {
    BEFORE_END.lastIndex = index
    const body = BEFORE_END.exec(text)?.[1]
    if (body === undefined) continue
    const start = index - body.length
    cleaned += text.slice(from, start + gluedAt(text, start)) + mark('private-key')
    from = index + end.length
  }
  return cleaned + text.slice(from)
}
