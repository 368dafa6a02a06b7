// The names of people in the paths of their home directories: Windows, macOS, Linux, and what is mixed of them
// (WSL, Git Bash, file URLs, JSON with its backslashes doubled). The path keeps its shape.

import { ESCAPE } from './glued'
import { mark } from './mark'
import { isAccount } from './nobody'

/** Between the parts of a path; JSON doubles backslashes, some of it escapes slashes. */
const separator = '(?:(?<!\\\\)(?:\\\\{1,2}|\\\\{4})(?!\\\\)|\\\\?/{1,2}|%5C|%2F)'
/** A name, with spaces where a separator behind it tells that they belong to it. */
const name = `(?:[\\p{L}\\p{M}\\p{N}._'~-]+(?: [\\p{L}\\p{M}\\p{N}._'~-]+){1,3}(?=${separator})|[^\\s\\\\/:*?"'\`<>|,;()[\\]{}$%&=!#@\\u001B]+(?:%20[\\p{L}\\p{N}]+)*)`
const homes = '(?:users|documents and settings)'
// The same separator again: where it is another one, an escape sequence begins.
const windows = new RegExp(
  `${homes}(?<=(?:(?<![A-Za-z])[A-Za-z](?::|%3A)|(?<![\\w.])(?:/mnt|/cygdrive)?/[A-Za-z]|(?=\\\\))(${separator})${homes})\\1(${name})`,
  'giu',
)
const wsl = new RegExp(`(?<=wsl(?:\\$|\\.localhost)\\1[\\w.-]{1,32}\\1home(${separator}))${name}`, 'giu')
const unix = /(\\?\/(?:home|Users)\\?\/)([\p{L}\p{M}\p{N}_][\p{L}\p{M}\p{N}._-]{0,63})/gu

/** What manuals write for a person, and folders that are no home. */
const placeholder =
  /^(?:default user|all users|your[-_ ]?(?:user|name|username)|tu[-_ ]?(?:usuario|nombre)|you|name|users?name|someone|me|xxx+|\.+|\d+)$/i

/** Parts of a web application that stand under /home and /Users as well. */
const page =
  /^(?:about|contact|index|login|logout|signup|register|dashboard|profile|settings|account|list|new|edit|create|update|delete|search|welcome|main|page|pages|posts?|blog|news|products?|services?|details?|images?|img|assets|static|public|api|css|js|styles?|components?|layout|header|footer|nav|sidebar|hero|banner|me|all|cart|project|projects|workspace|data|documents|downloads|desktop|files?)(?:\.\w{1,5})?$/i

/** Told to a router, a link or a request, a path is an address of the web. */
const web =
  /(?:\b(?:route|get|post|put|patch|delete|use|all|navigate|push|replace|redirect|fetch|url|request|axios)\s?\(\s?|\b(?:href|to|action|endpoint|route|url|link|location)\\?["']?\s?[=:]\s?\{?|\bsrc=)\\?["'`]$|\b(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) ["'`]?$/i

/** What may stand before the first slash of a path on a disk. */
const onDisk = new RegExp(
  [
    `(?:^|[\\s"'\`=:;,(<>[\\]|!&*]|${ESCAPE}|:/{2,3}`,
    '(?:^|[\\s"\'`=:,(<>[\\]|])/(?:var|usr|private|export|mnt/\\w{1,20}|Volumes/[\\w ]{1,30}|System/Volumes/Data))$',
  ].join('|'),
  'i',
)

export function redactPaths(text: string): string {
  // Telling whether there is any takes less time than looking for it.
  const cleaned = /users|documents and settings/i.test(text) ? text.replace(windows, redactWindows) : text
  const named = redactUnix(cleaned)
  return /wsl[$.]/i.test(named) ? named.replace(wsl, redactName) : named
}

const redactWindows = (whole: string, _: string, person: string): string =>
  whole.slice(0, -person.length) + redactName(person)

/** But for what ends a sentence or a quotation behind it. Looked for where it begins only, which takes linear time. */
const redactName = (person: string): string => {
  const word = person.replace(/(?<=[^.'])[.']+$/, '')
  return isAccount(word) || placeholder.test(word) ? person : mark('user') + person.slice(word.length)
}

/**
 * One after the other: `replace` would hold every match of a text until the last is found, and `matchAll` compiles the
 * expression anew.
 */
function redactUnix(text: string): string {
  let cleaned = ''
  let from = 0
  unix.lastIndex = 0
  for (let found = unix.exec(text); found !== null; found = unix.exec(text)) {
    const { index, 0: whole, 1: folder = '', 2: person = '' } = found
    if (page.test(person) || !isOnDisk(text.slice(Math.max(0, index - 80), index))) continue
    const at = index + folder.length
    cleaned += text.slice(from, at) + redactName(person)
    from = index + whole.length
  }
  return cleaned + text.slice(from)
}

/** @param before what comes before `/home/` or `/Users/` */
const isOnDisk = (before: string): boolean => onDisk.test(before) && !web.test(before)
