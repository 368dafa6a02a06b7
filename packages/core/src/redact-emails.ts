// E-mail addresses, looked for at their `@`, so that a text without one costs nothing.

import { gluedAt } from './glued'
import { mark } from './redaction-mark'

const LONGEST_NAME = 64
const domain = /(?:[\p{L}\p{M}\p{N}-]{1,63}\.){1,8}\p{L}{2,24}(?![\p{L}\p{N}_([=])/uy
/** Reserved for examples (RFC 2606, RFC 6761). */
const reserved = /(?:^|\.)(?:example(?:\.(?:com|org|net|edu))?|test|invalid|localhost|local)$/i
/** A file, `icon@2x.png`; an attribute, `x@y.values`; a version, `core@7.1.0-rc.next`. */
const noDomain =
  /^\d+\.\d|\.(?:png|jpe?g|gif|svg|webp|ico|css|scss|js|jsx|ts|tsx|mjs|cjs|json|html|txt|map|vue|xml|ya?ml|zip|pdf|values?|shape|weights?|mean|data|grad|flatten|T)$/i
const lessonAddress =
  /^(?:test|user|usuario|foo|bar|name|nombre|email|correo|me|you|someone|somebody|student|username|your[-_.]?(?:email|name)|tu[-_.]?(?:email|correo|nombre))\d{0,3}@(?:test|foo|bar|domain|dominio|email|correo|mail|company|empresa|site|mysite|website|school|provider|your[-_]?(?:domain|company|school))\.(?:com|org|net|es|io)$/i

export const redactEmails = (text: string): string => redactAround('%40', redactAround('@', text))

function redactAround(sign: string, text: string): string {
  let cleaned = ''
  let from = 0
  for (let at = text.indexOf(sign); at >= 0; at = text.indexOf(sign, at + 1)) {
    const start = nameStart(text, at, from)
    if (start >= at) continue
    domain.lastIndex = at + sign.length
    const [host] = domain.exec(text) ?? []
    if (host === undefined || noDomain.test(host) || reserved.test(host)) continue
    const name = text.slice(start, at)
    if (lessonAddress.test(`${name}@${host}`) || isLogin(text, start, name)) continue
    cleaned += text.slice(from, start) + mark('email')
    from = at + sign.length + host.length
  }
  return from === 0 ? text : cleaned + text.slice(from)
}

/** Where the name before the `@` begins, at most that far back; at the `@` itself where there is none. */
function nameStart(text: string, at: number, from: number): number {
  let start = at
  const least = Math.max(from, at - LONGEST_NAME)
  while (start > least && isNameCharacter(text, start - 1)) start--
  start += Math.min(gluedAt(text, start), at - start)
  while (start < at && /[.%'+-]/.test(text[start] ?? '')) start++
  return start
}

function isNameCharacter(text: string, index: number): boolean {
  const code = text.charCodeAt(index)
  if (code > 127) return /[\p{L}\p{M}\p{N}]/u.test(text[index] ?? '')
  // Letters, digits and + - . _ %; what else the standard allows is quotes and signs of programs.
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    (code >= 45 && code <= 46) ||
    code === 95 ||
    code === 43 ||
    code === 37
  )
}

/** `git@github.com:...` and `scheme://user:pass@host`, whose password is another rule's. */
function isLogin(text: string, start: number, name: string): boolean {
  return name === 'git' || /:\/\/[^\s/"'<>]{0,128}$/.test(text.slice(Math.max(0, start - 132), start))
}
