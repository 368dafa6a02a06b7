// E-mail addresses, looked for at their `@`, so that a text without one costs nothing.

import { gluedAt } from './glued'
import { mark } from './mark'

/** What is before an `@`: letters, digits and + - . _ %; what else the standard allows is quotes and signs of programs. */
const nameBefore = /(?<=([\p{L}\p{M}\p{N}.%+_-]{1,64}))/uy
/** `scheme://user:pass@host`, whose password is another rule's. */
const inUrl = /(?<=:\/\/[^\s/"'<>]{0,128})/y
const domain = /(?:[\p{L}\p{M}\p{N}-]{1,63}\.){1,8}\p{L}{2,24}(?![\p{L}\p{N}_([=])/uy
/** Reserved for examples (RFC 2606, RFC 6761). */
const reserved = /(?:^|\.)(?:example(?:\.(?:com|org|net|edu))?|test|invalid|localhost|local)$/i
/** A file, `icon@2x.png`; an attribute, `x@y.values`; a version, `core@7.1.0-rc.next`. */
const noDomain =
  /^\d+\.\d|\.(?:png|jpe?g|gif|svg|webp|ico|css|scss|js|jsx|ts|tsx|mjs|cjs|json|html|txt|map|vue|xml|ya?ml|zip|pdf|values?|shape|weights?|mean|data|grad|flatten|T)$/i
const lessonAddress =
  /^(?:test|user|usuario|foo|bar|name|nombre|email|correo|me|you|someone|somebody|student|username|your[-_.]?(?:email|name)|tu[-_.]?(?:email|correo|nombre))\d{0,3}@(?:test|foo|bar|domain|dominio|email|correo|mail|company|empresa|site|mysite|website|school|provider|your[-_]?(?:domain|company|school))\.(?:com|org|net|es|io)$/i

/** Also as URLs, JSON and JavaScript, and HTML write it. */
const SIGNS = ['@', '%40', '\\u0040', '\\x40', '&#64;', '&#x40;', '&commat;']

export const redactEmails = (text: string): string =>
  SIGNS.reduce((cleaned, sign) => redactAround(sign, cleaned), text)

function redactAround(sign: string, text: string): string {
  let cleaned = ''
  let from = 0
  for (let at = text.indexOf(sign); at >= 0; at = text.indexOf(sign, at + 1)) {
    const name = nameAt(text, at, from)
    if (name === '') continue
    domain.lastIndex = at + sign.length
    const [host] = domain.exec(text) ?? []
    if (host === undefined || noDomain.test(host) || reserved.test(host)) continue
    const start = at - name.length
    if (lessonAddress.test(`${name}@${host}`) || isLogin(text, start, name)) continue
    cleaned += text.slice(from, start) + mark('email')
    from = at + sign.length + host.length
  }
  return cleaned + text.slice(from)
}

/** The name before the `@`, of which nothing is before `from`; empty where there is none. */
function nameAt(text: string, at: number, from: number): string {
  nameBefore.lastIndex = at
  const run = nameBefore.exec(text)?.[1] ?? ''
  const start = Math.max(from, at - run.length)
  return text.slice(start + gluedAt(text, start), at).replace(/^[.%+-]+/, '')
}

function isLogin(text: string, start: number, name: string): boolean {
  inUrl.lastIndex = start
  // `git@github.com:...` is the same for everybody.
  return name === 'git' || inUrl.test(text)
}
