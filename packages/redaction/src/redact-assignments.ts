// Values given to names that say they hold a secret: in Python, JavaScript, JSON, YAML, .env and .ini files, shells,
// connection strings, URLs, headers and what programs print. Redacted is a value that looks like a secret, too:
// the words of a lesson, calls, variables and placeholders stay.

import { gluedAt, lengthAt } from './glued'
import {
  isLessonWord,
  isPlaceholder,
  isRandom,
  isRule,
  isShuffled,
  isWordsAndNumbers,
  times,
} from './plain-values'
import { mark } from './mark'
import { HINT, isVariable, secretSort, withoutAccents, type SecretSort } from './secret-names'

const hint = new RegExp(HINT, 'gi')

/** `: str`, `: &'static str`, `: Optional[str]`, `: string | null`, and Go's, which has no colon. */
const type =
  "(?::[ \\t]{0,2}[&?]?(?:'\\w{1,12} )?(?:mut )?[A-Za-z][\\w.]{0,30}(?:[[<][\\w ,|.]{0,40}[\\]>])?(?:\\[\\w{0,20}\\])?[?!]?(?: \\| \\w{1,12}){0,2}|[ \\t]{1,4}(?:string|\\[\\]byte))"
/** Between a name and its value; also with a type, the size of an array of C, or the key of the value in a list of pairs. */
const separator = new RegExp(
  [
    `(?:\\[\\d{0,5}\\])?(?:\\\\{0,3}["'\`])?\\]?[ \\t]{0,40}(?:${type}[ \\t]{0,2}=(?![=>])|:=|=>|[=!]==?|[=:])[ \\t]{0,8}`,
    // `name: DB_PASSWORD`, and on the next line `value: ...`; `{"Name":"DB_PASSWORD","Value":"..."}`
    '(?:\\\\{0,3}["\'])?,?(?:\\s|\\\\n){0,20}(?:\\\\{0,3}["\'])?\\b[Vv]alue(?:\\\\{0,3}["\'])?[ \\t]{0,2}[:=][ \\t]{0,8}',
  ].join('|'),
  'y',
)
/** `setItem('token', '...')`: both have quotes. */
const argument = /\\{0,3}["'`],[ \t]{0,2}(?=\\{0,3}["'`])/y
/** `--password ...`, `setx NAME ...`, `ENV NAME ...` */
const blank = /[ \t]{1,3}/y
/** `PASSWORD '...'` in SQL, `#define API_KEY "..."` in C */
const declared = /[ \t]{1,8}(?=["'])/y
/** `<password>...</password>` */
const element = />/y

/** A quotation mark of the other kind inside is no end of a text in JSON. */
const quoted =
  /(?:String::from\(|Some\(|SecretStr\()?[rbuRBU]{0,2}(\\{0,3}["'`])((?:(?!\1)(?:\\.|[^\s\\"]|(?<![\s,:{[])"(?![\s,:}\]]|$))){1,4096})\1/y
/** The value goes on the next line, as formatters put what is long. */
const nextLine = /(?:\([ \t]{0,2})?\r?\n[ \t]{0,40}(?:string\(\d{1,5}\) )?(?=[rbuRBU]{0,2}["'`])/y
/** A password that Google makes for an app. */
const ofApp = /(["'`])([a-z]{4}(?: [a-z]{4}){3})\1/y
/** Judged by its beginning: where such values follow upon each other, each is looked at anew. */
const unquoted = /[^\s"'`,;(){}[\]<>\\&|]{6,512}/y
const openQuote = /\\{0,3}["'`]/y
const rest = /[^\s"'`,;(){}[\]<>\\&|]*/y
const wholeLine = /[^\s"'`\\]{6,4096}(?=[ \t]*(?:[\r\n#]|$|\\[nr]))/y

/** As a shell reads it: a call or an attribute of a program does not end like that. */
const shellWord = /[^\s"'`,;(){}[\]<>\\&|]{6,4096}(?=[\s"']|$|\\[nr])/y

/** What may stand on a line before a name in a file of settings or a shell. */
const lineStart = /(?:^|[\r\n]|\\[nr])[ \t]*(?:export |set |setx |ENV |ARG |\$env:|\$|- |-e )?["']?$/
const command = /(?:--|\bsetx |\bENV |\bconfig(?:ure)? set )$/i
/** `-e NAME=`, `--set a.name=`, `--from-literal=name=`, `-Dname=` */
const option = /(?:[\s"']-{1,2}[A-Za-z][\w-]{0,22}(?:[ =]["']?)|\s-{1,2})$/
/** `Your password: `, a program's question or answer. */
const asked = /\p{L} $/u
/** `API key` in words, `?key=` in a URL. */
const spaced = /(?:api|access|secret|private|auth) $|[?&]$/i

export function redactAssignments(text: string): string {
  let cleaned = ''
  let from = 0
  hint.lastIndex = 0
  for (let found = hint.exec(text); found !== null; found = hint.exec(text)) {
    const [start, end] = nameAround(text, found.index)
    hint.lastIndex = end
    const at = secretAt(text, start, end)
    if (at === undefined) continue
    cleaned += text.slice(from, at[0]) + mark('secret')
    from = hint.lastIndex = at[1]
  }
  return cleaned + text.slice(from)
}

/** The text of a field: of a secret, each word that stands alone on a line. */
export function redactField(text: string, name: string): string {
  const sort = secretSort(name)
  return sort === undefined
    ? text
    : text.replace(/^([ \t]*)(\S+)(?=[ \t\r]*$)/gm, (whole, blanks: string, word: string) =>
        isSecret(word, sort) ? blanks + mark('secret') : whole,
      )
}

function nameAround(text: string, index: number): [start: number, end: number] {
  let start = index
  while (isNameCharacter(text.charCodeAt(start - 1))) start--
  start += Math.min(gluedAt(text, start), index - start)
  while (text[start] === '-' || text[start] === '.') start++
  let end = index
  while (isNameCharacter(text.charCodeAt(end))) end++
  return [start, end]
}

const isNameCharacter = (code: number): boolean =>
  (code >= 97 && code <= 122) ||
  (code >= 65 && code <= 90) ||
  (code >= 48 && code <= 57) ||
  code === 95 ||
  code === 45 ||
  code === 46 ||
  // With accents, in one character or two.
  (code >= 192 && code < 592) ||
  (code >= 768 && code < 880)

/** Where the secret is that the name from `start` to `end` is given, if it is given one. */
function secretAt(text: string, start: number, end: number): [number, number] | undefined {
  const name = withoutAccents(text.slice(start, end))
  const before = text.slice(Math.max(0, start - 24), start)
  const assigned =
    matchAt(separator, text, end) ??
    matchAt(argument, text, end) ??
    (command.test(before) ? matchAt(blank, text, end) : undefined) ??
    (before.endsWith('<') ? matchAt(element, text, end) : undefined)
  const between = assigned ?? matchAt(declared, text, end)
  if (between === undefined) return undefined
  const spelled = /^key$/i.test(name) && spaced.test(before)
  const login = passAlone.test(name) && (command.test(before) || isOfLogin(text, start))
  const sort = secretSort(spelled ? 'apikey' : login ? 'password' : name)
  if (sort === undefined && !passAlone.test(name)) return undefined
  if (assigned === undefined && sort !== 'password' && !isVariable(name)) return undefined
  const behind = end + between[0].length
  const at = behind + lengthAt(nextLine, text, behind)
  const app = matchAt(ofApp, text, at)?.[2]
  if (app !== undefined && !isPlaceholder(app)) return [at + 1, at + 1 + app.length]
  if (sort === undefined) return undefined
  const literal = matchAt(quoted, text, at)
  if (literal !== undefined) {
    const [whole, quote = '', value = ''] = literal
    const valueEnd = at + whole.length - quote.length
    return isSecret(value, sort) ? [valueEnd - value.length, valueEnd] : undefined
  }
  return bareSecretAt(text, at, { name, sort, before, between: between[0] })
}

/** By itself it is what tests do; beside a user it is theirs: `auth: { user: 'ana', pass: '...' }`. */
const passAlone = /^pass\d*$/i
const isOfLogin = (text: string, start: number): boolean =>
  /user|usuario|auth|login|mail/i.test(text.slice(Math.max(0, start - 160), start))

interface Given {
  readonly name: string
  readonly sort: SecretSort
  readonly before: string
  readonly between: string
}

/** A value without quotes may be code: then it is what a name in a program cannot be, or where no program is. */
function bareSecretAt(
  text: string,
  at: number,
  { name, sort, before, between }: Given,
): [number, number] | undefined {
  const setting = /^(?:=|:?[ \t]+)$/.test(between) && lineStart.test(before)
  const answer = /^: +(?:\w+=)?$/.test(between) && asked.test(before)
  const line = setting || answer ? matchAt(wholeLine, text, at)?.[0] : undefined
  if (line !== undefined && !isCode(line, isVariable(name))) {
    return isSecret(line, sort) ? [at, at + line.length] : undefined
  }
  const isGiven =
    between === '=' && (option.test(before) || (isVariable(name) && /(?:^|[\s"'])$/.test(before)))
  const argument = isGiven ? matchAt(shellWord, text, at)?.[0] : undefined
  if (argument !== undefined && !isCode(argument, isVariable(name)) && isSecret(argument, sort)) {
    return [at, at + argument.length]
  }
  const start = at + lengthAt(openQuote, text, at)
  const value = matchAt(unquoted, text, start)?.[0]
  if (value === undefined || !isSecret(value, sort)) return undefined
  const end = start + value.length
  const next = text.charAt(end)
  if (/[([{]/.test(next)) return undefined
  const inText =
    /["'`\\&]/.test(next) ||
    between === '>' ||
    /value/i.test(between) ||
    inList.test(before + between) ||
    command.test(before)
  const isValue =
    inText ||
    isRandom(value) ||
    (identifier.test(value) ? isMixed(value) : /^\d|[@!#^~?]/.test(value) || isDrawn(value))
  return isValue ? [start, end + lengthAt(rest, text, end)] : undefined
}

/** In a form, a URL or a connection string: one of several values, none of which is code. */
const inList = /[;?&](?:=|:[ \t]*|[ \t]*)$|(?:["']|=[^\s=,;]{1,20} )=$/

/** Digits between letters more than once, as people mix them and programs do not. */
const isMixed = (value: string): boolean => times(/[A-Za-z]\d(?=[A-Za-z])/, value) >= 2

/** As machines draw it: long, of everything, and no attribute of anything. */
const isDrawn = (value: string): boolean => /^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[^.]{32,}$/.test(value)

/** A variable or an attribute: `password2`, `user?.token`. */
const identifier = /^[\p{L}_$][\p{L}\d_$]*(?:\??\.[\p{L}_$][\p{L}\d_$]*)*$/u

/** A call, an attribute, the end of a statement. */
const isCode = (value: string, ofVariable: boolean): boolean =>
  /^[A-Za-z_$][\w$.]*[([]/.test(value) ||
  (!ofVariable && (/[;,]$/.test(value) || /^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)+$/.test(value)))

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at
  return pattern.exec(text) ?? undefined
}

/** Whether a value given to such a name looks like a secret. */
function isSecret(value: string, sort: SecretSort): boolean {
  if (isPlaceholder(value) || isLessonWord(value) || isRule(value) || isPattern(value)) return false
  if (sort === 'password') {
    const bare = value.replace(/^[^\p{L}\d]+|(?<=[\p{L}\d])[^\p{L}\d]+$/gu, '')
    if (value.length < 6 || /^[\p{L}\p{M}_./:-]*$/u.test(bare)) return false
    return true
  }
  if (value.length < 8 || isWordsAndNumbers(value) || /^https?:\/\//.test(value)) return false
  return /\d/.test(value) ? /[A-Za-z]/.test(value) : isShuffled(value)
}

/** A regular expression, as forms check passwords with. */
const isPattern = (value: string): boolean => /\[a-z|\\[dws]|\.\*|\(\?|\{\d*,\d*\}/i.test(value)
