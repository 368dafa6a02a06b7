// Which names say that their value is a secret: of a field, a variable, a header, a setting or an option of a command.

/** What people choose, and what machines make: they are told from lesson words in different ways. */
export type SecretSort = 'password' | 'key'

/** As people write them; a hyphen where they may write one word or several. */
const PASSWORDS =
  'password passwd pwd passphrase passwort kennwort contraseña contrasenha contrasenya senha mdp dbpass mot-de-passe palavra-passe'.split(
    ' ',
  )
const SECRETS =
  'secret secreto segredo token jeton credential credentials apikey secretkey accesskey authkey accesstoken authtoken apitoken privatekey clientsecret sessionid phpsessid jsessionid csrftoken app-id'.split(
    ' ',
  )
/** `key` in Spanish, Portuguese and French. */
const KEYS = ['clave', 'chave', 'clé']
/** All of them. */
export const SECRET_NAMES: readonly string[] = [...PASSWORDS, ...SECRETS, ...KEYS]

/** Words before `key` that make it a secret, whatever the case of the name. */
const KEYS_OF = words(
  'api secret private access auth encryption signing service account subscription client master admin jwt bearer webhook deploy license app application server openai anthropic groq google gemini aws azure stripe github gitlab huggingface hf mistral cohere deepseek openrouter replicate twilio sendgrid mailgun supabase firebase algolia pinecone tavily serpapi rapidapi newsapi openweather weather tmdb omdb giphy unsplash nasa maps',
)
/** Keys of databases, collections and keyboards, and keywords. */
const KEYS_OF_DATA = words(
  'public publishable primary foreign sort partition cache storage local range index unique object map dict arrow press any hot function ctrl alt shift enter escape space delete tab route query translation group row column data state context react hash composite candidate natural surrogate default current next prev last first left right up down palabra palabras palavra palavras mot mots',
)
/** Words after the one that counts. */
const BEHIND = words(
  'confirm confirmation confirmed value prod production dev test live staging repeat again user usuario utilisateur admin api db bd banco base datos dados de del do da du la le el secreta secrete privada privee acceso acesso acces maestra mestra wifi correo email nueva nova actual atual',
)

/** `undefined`, which is asked for where a name has no such word, is in none. */
function words(list: string): ReadonlySet<string | undefined> {
  return new Set(list.split(' '))
}

/** Without accents, however they are written: `ñ` is one character or two. */
export const withoutAccents = (name: string): string =>
  /[^ -~]/.test(name) ? name.normalize('NFD').replace(/\p{M}+/gu, '') : name

const bare = (name: string): string => withoutAccents(name).replaceAll('-', '')
const SORTS: ReadonlyMap<string | undefined, SecretSort> = new Map([
  ...PASSWORDS.map((name) => [bare(name), 'password'] as const),
  ...SECRETS.map((name) => [bare(name), 'key'] as const),
])
const PHRASES = new Set(SECRET_NAMES.filter((name) => name.includes('-')).map(bare))
const BARE_KEYS = new Set(KEYS.map(bare))

/** What occurs in every name that `secretSort` knows, for a search: most texts hold none. */
export const HINT = ((): RegExp => {
  const texts = [...SECRET_NAMES, 'pass', 'key', '_auth']
    .flatMap((name) => [withoutAccents(name), name, name.normalize('NFD')])
    .map((name) => name.replaceAll('-', '[-_.]?'))
  const needed = texts.filter((text) => !texts.some((other) => other !== text && text.includes(other)))
  return new RegExp([...new Set(needed)].join('|'), 'i')
})()

/** `GROQ_API_KEY`, `dbPassword`, `x-api-key`, `password2`, `contraseña`: the last word decides. */
export function secretSort(name: string): SecretSort | undefined {
  const plain = withoutAccents(name)
  // As npm calls a login.
  if (plain === '_auth') return 'key'
  const parts = plain
    .replace(/(\p{Ll}|\d)(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\d]+/u)
    .map((part) => part.replace(/\d+$/, ''))
    .filter((part) => part !== '')
  for (; parts.length > 0; parts.pop()) {
    const sort = sortOf(parts, plain)
    if (sort !== undefined) return sort
    if (!BEHIND.has(parts.at(-1))) return undefined
  }
  return undefined
}

function sortOf(parts: readonly string[], name: string): SecretSort | undefined {
  const last = parts.at(-1) ?? ''
  const before = parts.at(-2)
  if (/^[a-z]{1,12}passw(?:or)?d$/.test(last) || (last === 'pass' && before !== undefined)) return 'password'
  const phrase = [2, 3].map((count) => parts.slice(-count).join('')).find((joined) => PHRASES.has(joined))
  const sort = SORTS.get(phrase ?? last)
  if (sort !== undefined) return sort
  if (BARE_KEYS.has(last)) return KEYS_OF_DATA.has(before) ? undefined : 'key'
  if (last !== 'key' || before === undefined || KEYS_OF_DATA.has(before)) return undefined
  // `process.env.SCHOOL_KEY` is one as well.
  return KEYS_OF.has(before) || isVariable(name.slice(name.lastIndexOf('.') + 1)) ? 'key' : undefined
}

/** Of the environment: `SCHOOL_KEY`. */
export const isVariable = (name: string): boolean => /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$/.test(name)
