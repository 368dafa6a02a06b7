// Whether a name in a program, a file of settings or a shell says that its value is a secret.

/** What people choose, and what machines make: they are told from lesson words in different ways. */
export type SecretSort = 'password' | 'key'

const PASSWORDS = words(
  'password passwd pwd passphrase passwort contrasena contraseña senha dbpass userpassword',
)
const SECRETS = words(
  'secret token credential credentials appid apikey secretkey accesskey authkey accesstoken authtoken apitoken privatekey clientsecret',
)
/** Words before `key` that make it a secret, whatever the case of the name. */
const KEYS_OF = words(
  'api secret private access auth encryption signing service account subscription client master admin jwt bearer webhook deploy license app application server openai anthropic groq google gemini aws azure stripe github gitlab huggingface hf mistral cohere deepseek openrouter replicate twilio sendgrid mailgun supabase firebase algolia pinecone tavily serpapi rapidapi newsapi openweather weather tmdb omdb giphy unsplash nasa maps',
)
/** Keys of databases, collections and keyboards. */
const KEYS_OF_DATA = words(
  'public publishable primary foreign sort partition cache storage local range index unique object map dict arrow press any hot function ctrl alt shift enter escape space delete tab route query translation group row column data state context react hash composite candidate natural surrogate default current next prev last first left right up down',
)
/** Said behind the word that counts. */
const BEHIND = words(
  'confirm confirmation confirmed value prod production dev test live staging repeat again',
)

/** `undefined`, which is asked for where a name has no such word, is in none. */
function words(list: string): ReadonlySet<string | undefined> {
  return new Set(list.split(' '))
}

/** `GROQ_API_KEY`, `dbPassword`, `x-api-key`, `password2`: the last word decides. */
export function secretSort(name: string): SecretSort | undefined {
  const parts = name
    .replace(/(\p{Ll}|\d)(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\d]+/u)
    .map((part) => part.replace(/\d+$/, ''))
    .filter((part) => part !== '')
  while (BEHIND.has(parts.at(-1))) parts.pop()
  const last = parts.at(-1)
  const before = parts.at(-2)
  if (PASSWORDS.has(last) || (last === 'pass' && before !== undefined)) return 'password'
  if (SECRETS.has(last)) return 'key'
  if (last !== 'key' || before === undefined || KEYS_OF_DATA.has(before)) return undefined
  // `process.env.SCHOOL_KEY` is one as well.
  return KEYS_OF.has(before) || isVariable(name.slice(name.lastIndexOf('.') + 1)) ? 'key' : undefined
}

/** Of the environment: `SCHOOL_KEY`. */
export const isVariable = (name: string): boolean => /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$/.test(name)
