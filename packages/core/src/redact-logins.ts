// Passwords in URLs and of commands that take a login, and what an Authorization header carries.

import { isLessonWord, isPlaceholder, isRandom } from './plain-values'
import { mark } from './redaction-mark'

const login = /:\/\/([^\s/?#"'`<>\\:@]{0,128}):([^\s/"'`<>\\]{1,256})@(?=[\w[.-])/y
/** A token alone, as git remotes have it. */
const tokenAlone = /:\/\/([\w-]{16,128})@(?=[\w[.-])/y
const curl = /(\bcurl\b[^\r\n]{0,200}?\s(?:-u|--user)[ =]["']?[^\s:"'\\]{1,64}:)([^\s"'\\]{1,256})/g
const identified = /(\bidentified (?:with \w{1,40} )?by ["'])([^\s"'\\]{6,256})(?=["'])/gi
const header =
  /(authorization(?:\\{0,3}["'`])?\]?\s{0,3}[:=,]\s{0,3}(?:\\{0,3}["'`])?(?:[A-Za-z]{3,12}[ ]{1,3})?)([\w.~+/=:-]{6,4096})/gi
const bearer = /(\bbearer[ ]{1,3})([\w.~+/=:-]{12,4096})/gi

export function redactLogins(text: string): string {
  let cleaned = text.includes('://') ? redactUrls(text) : text
  if (cleaned.includes('curl')) cleaned = cleaned.replace(curl, redactPassword)
  if (/dentified by/i.test(cleaned)) cleaned = cleaned.replace(identified, redactPassword)
  return cleaned
    .replace(header, (whole, before: string, value: string) =>
      isCredential(value) ? before + mark('key') : whole,
    )
    .replace(bearer, (whole, before: string, value: string) =>
      isCredential(value) ? before + mark('key') : whole,
    )
}

const redactPassword = (whole: string, before: string, password: string): string =>
  isPlaceholder(password) || isLessonWord(password) ? whole : before + mark('password')

const isCredential = (value: string): boolean =>
  /\d/.test(value) && !/^https?:|^\//.test(value) && !isPlaceholder(value) && !isLessonWord(value)

function redactUrls(text: string): string {
  let cleaned = ''
  let from = 0
  for (let at = text.indexOf('://'); at >= 0; at = text.indexOf('://', at + 3)) {
    tokenAlone.lastIndex = at
    const [alone, token = ''] = tokenAlone.exec(text) ?? []
    if (alone !== undefined && isRandom(token)) {
      cleaned += `${text.slice(from, at)}://${mark('key')}@`
      from = at + alone.length
      continue
    }
    login.lastIndex = at
    const [whole, user = '', password = ''] = login.exec(text) ?? []
    if (whole === undefined || isPlaceholder(password) || isLessonWord(password) || password === user)
      continue
    cleaned += `${text.slice(from, at)}://${user}:${mark('password')}@`
    from = at + whole.length
  }
  return from === 0 ? text : cleaned + text.slice(from)
}
