// Credentials that are known by their shape, whatever stands around them. The shapes are facts, published by who
// issues them and by the scanners that look for them; docs/decisions/0009 names them.

import { ESCAPE, gluedAt } from './glued'
import { mark } from './mark'

/** Every shape holds a run of that many letters, digits, `_` and `-`, so most of a text is passed over at once. */
const SHORTEST = 20

const inRun = new RegExp(
  [
    // OpenAI, Anthropic, OpenRouter, Langfuse; and whoever else says only `sk-`
    '(?<![A-Za-z0-9])sk-(?:(?:proj|svcacct|admin|None|ant|or|lf)-[\\w-]{16,}|[A-Za-z0-9]{20,})',
    // Groq, Hugging Face, Replicate, xAI, Perplexity, Tavily, Pinecone, LangSmith
    'gsk_[A-Za-z0-9]{20,}|hf_[A-Za-z0-9]{24,}|r8_[A-Za-z0-9]{30,}|xai-[A-Za-z0-9]{30,}|pplx-[A-Za-z0-9]{30,}',
    'tvly-[\\w-]{20,}|pcsk_\\w{30,}|lsv2_[a-z]{2}_\\w{30,}',
    // Google
    'AIza[\\w-]{30,}|GOCSPX-[\\w-]{20,}',
    // GitHub, GitLab, npm, PyPI, Docker
    'gh[pousr]_\\w{30,}|github_pat_\\w{30,}|gl(?:pat|ptt|dt|rt|cbt|ft|soat|imt|agent|oas|ffct)-[\\w-]{20,}|npm_\\w{30,}',
    'pypi-[\\w-]{40,}|dckr_pat_[\\w-]{20,}',
    // AWS
    '(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])',
    // Stripe, Square, Shopify
    '[sr]k_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9]{24,}|sq0[a-z]{3}-[\\w-]{22,}|shp[a-z]{2}_[A-Za-z0-9]{32,}',
    // Slack
    'xox[a-z]-[\\w-]{15,}|xapp-[\\w-]{20,}',
    // Twilio, Mailgun, Mailchimp
    '(?<![A-Za-z0-9])(?:SK|AC)[0-9a-f]{32}(?![A-Za-z0-9])|(?<![A-Za-z0-9])key-[0-9a-f]{32}',
    '(?<![A-Za-z0-9])[0-9a-f]{32}-us\\d{1,2}(?!\\d)',
    // DigitalOcean, Supabase, Databricks, Linear, Figma, Notion
    'do[opr]_v1_[0-9a-f]{40,}|sbp_[0-9a-f]{32,}|sb_secret_[\\w-]{20,}|dapi[0-9a-f]{32}|lin_api_\\w{30,}',
    'figd_[\\w-]{30,}|ntn_[A-Za-z0-9]{30,}',
  ].join('|'),
  'g',
)

/** Where no word goes on from before, unless that is an escape sequence (see glued.ts). */
const begin = `(?:(?<![\\w-])|(?<=${ESCAPE}))`
/** A token from its beginning on. What is rare is looked for first: what is before it, only where that is. */
const token = (beginning: string, rest: string): RegExp =>
  new RegExp(`${beginning}(?<=${begin}${beginning})${rest}`, 'g')

/**
 * Shapes with other signs in them, each behind a text that must be there for it. A search is as fast as the first
 * character of what it looks for is rare.
 */
const withSigns: readonly [hint: string, shape: RegExp][] = [
  // JSON Web Tokens, 1Password, SendGrid, Google, Telegram
  ['yJ', token('eyJ', '[\\w-]{8,}\\.[\\w-]{8,}\\.[\\w-]{8,}')],
  ['_ey', token('ops_ey', '[\\w+/-]{100,}={0,2}')],
  ['SG.', token('SG\\.', '[\\w-]{16,}\\.[\\w-]{16,}')],
  ['29.', token('ya29\\.', '[\\w-]{20,}')],
  ['//0', token('1//0', '[\\w-]{30,}')],
  ['AA', new RegExp(`\\d(?<=(?:${begin}|/bot)\\d)\\d{7,9}:AA[\\w-]{30,}`, 'g')],
  // A PEM block in base64, but for certificates and public keys
  ['LS0tLS1CRUdJTi', /LS0tLS1CRUdJTi(?!BDRVJU|BQVUJM)[A-Za-z0-9+/]{32,}={0,2}/g],
]

/** Webhooks of Slack and Discord: the address of the service stays. */
const webhooks: readonly [hint: string, shape: RegExp][] = [
  ['hooks.slack.com', /(hooks\.slack\.com\\?\/)([a-z]{1,20}(?:\\?\/\w{1,64}){2,4})/g],
  ['/webhooks', /(discord(?:app)?\.com\\?\/api\\?\/(?:v\d{1,2}\\?\/)?webhooks\\?\/)(\d{5,}\\?\/[\w-]{20,})/g],
]

/** A bot's of Discord, from where its first run begins. */
const bot = /[MNO][\w-]{22,28}\.[\w-]{6,7}\.[\w-]{27,}/y

/** The places where a manual says that a key goes. */
const ofManuals = /x{6}|\*{3}|\.{3}|your[-_]|example|placeholder|[-_]here$/i

const redactUnlessPlain = (token: string): string => (ofManuals.test(token) ? token : mark('key'))

export function redactTokens(text: string): string {
  let cleaned = redactRuns(text)
  for (const [hint, shape] of withSigns) {
    if (cleaned.includes(hint)) cleaned = cleaned.replace(shape, redactUnlessPlain)
  }
  for (const [hint, shape] of webhooks) {
    if (!cleaned.includes(hint)) continue
    cleaned = cleaned.replace(
      shape,
      (_, service: string, secret: string) => service + redactUnlessPlain(secret),
    )
  }
  return cleaned
}

function redactRuns(text: string): string {
  let cleaned = ''
  let from = 0
  // The next run begins behind here. Whether it is long enough is asked from its far end: most words are passed over at
  // their first characters.
  let before = -1
  while (before + SHORTEST < text.length) {
    let at = before + SHORTEST
    while (at > before && isOfRun(text.charCodeAt(at))) at--
    if (at > before) {
      before = at
      continue
    }
    let end = before + SHORTEST
    while (isOfRun(text.charCodeAt(end))) end++
    const start = before + 1 + gluedAt(text, before + 1)
    bot.lastIndex = start
    const found = bot.exec(text)?.[0]
    if (found !== undefined) end = start + found.length
    const run = text.slice(start, end)
    const redacted = found === undefined ? run.replace(inRun, redactUnlessPlain) : redactUnlessPlain(run)
    if (redacted !== run) {
      cleaned += text.slice(from, start) + redacted
      from = end
    }
    before = end
  }
  return cleaned + text.slice(from)
}

const isOfRun = (code: number): boolean =>
  (code >= 97 && code <= 122) ||
  (code >= 65 && code <= 90) ||
  (code >= 48 && code <= 57) ||
  code === 95 ||
  code === 45
