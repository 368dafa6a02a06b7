// Passwords in URLs and of commands that take a login, and what an Authorization header carries.

import { isLessonWord, isPlaceholder, isRandom } from './plain-values'
import { mark } from './mark'

/** A user who was taken out already is one. */
const login =
  /:\/\/((?:\[redacted:[a-z-]{1,20}\]|[^\s/?#"'`<>\\:@[]){0,128}):([^\s/"'`<>\\]{1,256})(?=@[\w[.-])/g
/** A token alone, as git remotes have it; GitHub's old ones have a password that says so. */
const tokenAlone = /:\/\/([\w-]{16,128})(?=(?::(?:x-oauth-basic)?)?@[\w[.-])/g
const curl =
  /(\bcurl\b[^\r\n]{0,200}?\s(?:-u|--user)[ =]["']?(?:\[redacted:[a-z-]{1,20}\]|[^\s:"'\\[]){1,64}:)([^\s"'\\]{1,256})/g
/** In netrc, on one line or several. */
const netrc =
  /(\b(?:machine(?:\s|\\[nt]){1,8}[\w.:-]{1,128}|default)(?:\s|\\[nt]){1,40}login(?:\s|\\[nt]){1,8}(?:(?!\\n)\S){1,128}(?:\s|\\[nt]){1,40}(?:account(?:\s|\\[nt]){1,8}(?:(?!\\n)\S){1,128}(?:\s|\\[nt]){1,40})?password(?:\s|\\[nt]){1,8})([^\s"'\\]{1,256})/g
/** In .npmrc: base64, which is a word without digits perhaps. */
const npmrc =
  /((?:^|[\s"']|\\n|\/:)_auth(?:Token)?[ \t]?=[ \t]?["']?|\/:_password[ \t]?=[ \t]?["']?)([\w.+/=-]{6,4096})(?=[\s"'\\]|$)/g
const identified = /(\bidentified (?:with \w{1,40} )?by ["'])([^\s"'\\]{6,256})(?=["'])/gi
const header =
  /(authorization(?:\\{0,3}["'`])?\]?\s{0,3}[:=,]\s{0,3}(?:\\{0,3}["'`])?(?:[A-Za-z]{3,12}[ ]{1,3})?)([\w.~+/=:-]{6,4096})/gi
const bearer = /(\bbearer[ ]{1,3})([\w.~+/=:-]{12,4096})/gi

/**
 * What the rules for logins outside URLs have in common, in part: most texts hold none of it. What begins with different
 * letters in each place is passed over three times as fast as the whole words are.
 */
const words = /bearer |horization|tified /i

export function redactLogins(text: string): string {
  const inUrls = text.includes('://') ? redactUrls(text) : text
  const ofCurl = inUrls.includes('curl') ? inUrls.replace(curl, redactPassword) : inUrls
  return redactFiles(words.test(ofCurl) ? redactWords(ofCurl) : ofCurl)
}

const redactUrls = (text: string): string =>
  text
    .replace(tokenAlone, (whole, token: string) => (isRandom(token) ? `://${mark('key')}` : whole))
    .replace(login, (whole, user: string, password: string) =>
      password === user ? whole : redactPassword(whole, `://${user}:`, password),
    )

const redactWords = (text: string): string =>
  text.replace(identified, redactPassword).replace(header, redactCredential).replace(bearer, redactCredential)

/** In files of settings; most texts hold neither. */
function redactFiles(text: string): string {
  const cleaned = text.includes('passw') ? text.replace(netrc, redactPassword) : text
  if (!cleaned.includes('_auth') && !cleaned.includes('/:_password')) return cleaned
  return cleaned.replace(npmrc, (whole, before: string, value: string) =>
    isPlaceholder(value) ? whole : before + mark('key'),
  )
}

const redactPassword = (whole: string, before: string, password: string): string =>
  isPlaceholder(password) || isLessonWord(password) ? whole : before + mark('password')

const redactCredential = (whole: string, before: string, value: string): string =>
  isCredential(value) ? before + mark('key') : whole

/** Not the address of a page that explains it. */
const isCredential = (value: string): boolean =>
  /\d/.test(value) && !/^(?:https?:)?\//.test(value) && !isPlaceholder(value) && !isLessonWord(value)
