// Passwords in URLs, and what an Authorization header carries.

import { isLessonWord, isPlaceholder } from './plain-values'
import { mark } from './redaction-mark'

const login = /:\/\/([^\s/?#"'`<>\\:@]{0,128}):([^\s/"'`<>\\]{1,256})@(?=[\w[.-])/y
const header =
  /(authorization(?:\\{0,3}["'`])?\]?\s{0,3}[:=,]\s{0,3}(?:\\{0,3}["'`])?(?:[A-Za-z]{3,12}[ ]{1,3})?)([\w.~+/=:-]{6,4096})/gi
const bearer = /(\bbearer[ ]{1,3})([\w.~+/=:-]{12,4096})/gi

export function redactLogins(text: string): string {
  const cleaned = text.includes('://') ? redactUrls(text) : text
  return cleaned
    .replace(header, (whole, before: string, value: string) =>
      isCredential(value) ? before + mark('key') : whole,
    )
    .replace(bearer, (whole, before: string, value: string) =>
      isCredential(value) ? before + mark('key') : whole,
    )
}

const isCredential = (value: string): boolean =>
  /\d/.test(value) && !/^https?:|^\//.test(value) && !isPlaceholder(value) && !isLessonWord(value)

function redactUrls(text: string): string {
  let cleaned = ''
  let from = 0
  for (let at = text.indexOf('://'); at >= 0; at = text.indexOf('://', at + 3)) {
    login.lastIndex = at
    const [whole, user = '', password = ''] = login.exec(text) ?? []
    if (whole === undefined || isPlaceholder(password) || isLessonWord(password) || password === user)
      continue
    cleaned += `${text.slice(from, at)}://${user}:${mark('password')}@`
    from = at + whole.length
  }
  return from === 0 ? text : cleaned + text.slice(from)
}
