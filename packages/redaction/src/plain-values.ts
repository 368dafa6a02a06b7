// What is plainly no secret: the words of a lesson, and the places where a learner is to put theirs.

const placeholder =
  /\.{3}|…|\*{3}|x{4}|^x+$|^(.)\1*$|^<.*>$|\$\{|\{\{|\{[\w.[\]"']*\}|^\$[A-Za-z_]\w*(?![\w$])|^%\w+%$|%[sd(]|your|_here\b|-here\b|change[-_]?me|replace[-_]|insert[-_]|placeholder|example|dummy|^tu[-_]|process\.env|environ\b|getenv|redacted:/i

/** `your-api-key-here`, `<token>`, `xxx`, `${TOKEN}`, `sk-...`, an example of a manual. */
export const isPlaceholder = (value: string): boolean => placeholder.test(value)

/** How a form checks a value, as Laravel and others write it: `required|min:8|confirmed`. */
export const isRule = (value: string): boolean =>
  /^(?:required|nullable|sometimes|bail|filled|present|string|confirmed)\||^(?:min|max|size|between|same|confirmed|required_\w{1,20}|exists|unique):[\w,.|:]{1,80}$/.test(
    value,
  )

// No word is two others put together: a value is read in one way, so reading it takes linear time.
const lessonWords =
  'my|mi|the|super|top|secret|secreto|seguro|segura|pass|word|wd|wort|contrasena|contraseña|clave|key|token|api|test|tester|testing|admin|administrator|root|user|usuario|guest|demo|dev|local|foo|bar|baz|qux|abc|abcd|abcdef|xyz|asdf|qwerty|qwe|hello|hola|world|mundo|change|me|this|it|is|not|so|very|a|an|in|here|let|welcome|login|sample|ejemplo|fake|mock|default|wrong|valid|correct|right|strong|weak|long|short|new|old|some|any|postgres|mysql|mongo|redis|rabbitmq|sa|db|database|learn|python|javascript|java|code|coding|student|alumno|teacher|school|hunter|monkey|dragon|jwt|session|client'
const lesson = new RegExp(`^(?:${lessonWords})+$`)
const leet: Readonly<Record<string, string>> = { '@': 'a', $: 's', '0': 'o', '3': 'e', '1': 'i', '!': 'i' }

/** `1234`, `password`, `P@ssw0rd123!`, `my-secret-key`: words of lessons, with at most a plain number behind. */
export function isLessonWord(value: string): boolean {
  if (value.length > 40) return false
  const stem = value.replace(/[\d\W_]+$/, '')
  const tail = value.slice(stem.length)
  if (!isPlainNumber(tail.replace(/\D/g, ''))) return false
  const word = stem
    .toLowerCase()
    .replace(/[-_. ]/g, '')
    .replace(/[@$031!]/g, (sign) => leet[sign] ?? sign)
  return word === '' ? /^\d*$/.test(tail) : lesson.test(word)
}

const runs = '01234567890123456789 98765432109876543210'

/** At most four digits, a run such as 12345678, or one digit over and over. */
const isPlainNumber = (digits: string): boolean =>
  digits.length <= 4 || runs.includes(digits) || /^(\d)\1*$/.test(digits)

/** `step-2-done`, `v1:users:42`, `https://school/x1`: words and small numbers. */
export const isWordsAndNumbers = (value: string): boolean =>
  value.split(/[-_.:/,]/).every((part) => /^\p{L}{0,24}\d{0,4}$/u.test(part)) && !isShuffled(value)

/** Letters that change their case all the time, as no word does. */
export const isShuffled = (value: string): boolean =>
  value.length >= 20 && times(/[a-z][A-Z]|[A-Z]{2}[a-z]/, value) >= value.length / 4.5

/** Letters and digits in turns, as no name in a program has them. */
export const isRandom = (value: string): boolean =>
  value.length >= 16 && times(/[A-Za-z]\d|\d[A-Za-z]/, value) >= 4

/** How often a pattern occurs in a value. */
export const times = (pattern: RegExp, value: string): number => value.split(pattern).length - 1
