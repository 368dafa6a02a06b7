// Of the machine that records: its user's home directory, wherever it lies, and their name.

import type { Redactor } from '@learnpack/telemetry-core'
import { ESCAPE } from './glued'
import { mark } from './mark'
import { isAccount } from './nobody'

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
const between = '(?:\\\\{1,4}/?|/{1,2}|%5C|%2F)'
/** Where no path goes on from before. */
const begin = `(?:(?<![\\w.~}-])|(?<=${ESCAPE}))`

/** None for a home that names nobody, such as `/`. */
export function redactHomes(home: string): Redactor[] {
  const onWindows = home[1] === ':'
  const folders = home
    .slice(onWindows ? 2 : 0)
    .split(/[\\/]/)
    .filter((part) => part !== '')
  const person = folders.pop()
  if (person === undefined) return []
  const root = onWindows ? `${home.slice(0, 1)}(?::|%3A)` : ''
  const path = [root, ...folders.map(escaped), ''].join(between)
  // What is rarer comes first: the rest is looked at only where that was found.
  const name = escaped(person)
  const whole = new RegExp(`${name}(?![\\w-])(?<=${begin}${path}${name})`, onWindows ? 'giu' : 'gu')
  return [
    (text) =>
      text.replace(whole, (found, at: number) =>
        authority.test(text.slice(Math.max(0, at - 16), at)) ? found : mark('user'),
      ),
  ]
}

/** What is before the host or the user of a URL: `https://root.cern`, `mysql://root@localhost`. */
const authority = /(?::|%3A)(?:\\{0,4}\/|%2F){2}$/i

export function redactNames(name: string): Redactor {
  const word = new RegExp(`(?<![\\p{L}\\p{N}_]|\\[redacted:)${escaped(name)}(?![\\p{L}\\p{N}_])`, 'giu')
  return (text) => text.replace(word, mark('user'))
}

/** Words that programs and lessons are full of: as a name of this machine's user, they would take out much else. */
const common = new Set(
  'school home main python java javascript react code data name master server client learn learnpack exercise exercises hello world print class function redacted'.split(
    ' ',
  ),
)

export const isMachineName = (name: string): boolean =>
  name.length >= 4 && !isAccount(name) && !common.has(name.toLowerCase())
