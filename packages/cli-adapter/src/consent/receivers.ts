// What the user decided about receivers, by origin: which of them may have the student's token, and with which secret requests
// to one are signed (SPEC §6). A course names URLs, and its author is a stranger: no course decides that.

import { ignoreErrors } from '@learnpack/telemetry-transport-file'
import { isSecret } from '@learnpack/telemetry-transport-http'
import { CommandError } from '../shared/command-error'
import { proxyVariables, type Environment } from '../shared/environment'
import { isPrivate } from '../shared/loopback'
import { changeUserFile, readUserFile, userFile } from './user-files'

const RECEIVERS = 'receivers.json'

/** Where LearnPack logs in: that origin made the token. */
export const ISSUER = 'https://breathecode.herokuapp.com'

interface Receiver {
  /** Whether it may have the student's token. */
  readonly token?: boolean
  /** Standard Webhooks: `whsec_` and base64. Written there by hand. */
  readonly secret?: string
}
type Receivers = Record<string, Receiver>

/**
 * The origin a person means by an origin or a URL of it.
 * @throws CommandError for anything else, and for an origin on the way to which others could read the token
 */
export function originOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new CommandError(
      `${JSON.stringify(text)} is not an origin; name one such as https://school.example`,
    )
  if (url.username !== '' || url.password !== '')
    throw new CommandError('an origin has no name or password; name one such as https://school.example')
  if (!isPrivate(url))
    throw new CommandError(`${url.origin}: anyone on the network path could read the token; use https:`)
  return url.origin
}

export const allow = (origin: string, env: Environment = process.env): void =>
  change(origin, env, (before) => ({ ...before, token: true }))

export const disallow = (origin: string, env: Environment = process.env): void =>
  change(origin, env, ({ token: _, ...rest }) => rest)

function change(origin: string, env: Environment, how: (before: Receiver) => Receiver): void {
  changeUserFile<Receivers>(RECEIVERS, env, (before) => {
    const { [origin]: present = {}, ...others } = before as Receivers
    const after = how(present)
    return Object.keys(after).length === 0 ? others : { ...others, [origin]: after }
  })
}

/** The origins that the user allowed. @throws where that cannot be read */
export const allowed = (env: Environment = process.env): string[] =>
  Object.entries(readUserFile<Receivers>(RECEIVERS, env)).flatMap(([origin, receiver]) =>
    receiver?.token === true ? [origin] : [],
  )

/** The secret that the user wrote down for an origin. One that cannot be used is ignored; `doctor` reports it. */
export function secretFor(origin: string, env: Environment = process.env): string | undefined {
  const secret = ignoreErrors(() => readUserFile<Receivers>(RECEIVERS, env)[origin]?.secret)
  return isSecret(secret) ? secret : undefined
}

/** Why the file cannot be used, for a person, without its content; undefined if it can, or if there is none. */
export function receiversProblem(env: Environment = process.env): string | undefined {
  const path = userFile(RECEIVERS, env)
  let receivers: Receivers
  try {
    receivers = readUserFile<Receivers>(RECEIVERS, env) as Receivers
  } catch (error) {
    // What JSON.parse says quotes the text, which may be a secret.
    const reason = error instanceof SyntaxError ? 'it is not JSON' : (error as Error).message
    return `${path} cannot be read (${reason})`
  }
  for (const [origin, receiver] of Object.entries(receivers)) {
    const { token, secret } = (receiver ?? {}) as { token?: unknown; secret?: unknown }
    if (token !== undefined && typeof token !== 'boolean')
      return `${path}: "token" of ${JSON.stringify(origin)} is neither true nor false`
    if (secret !== undefined && !isSecret(secret))
      return `${path}: "secret" of ${JSON.stringify(origin)} is not whsec_ and the base64 of 24 to 64 bytes`
    if (!URL.canParse(origin) || new URL(origin).origin !== origin)
      return `${path}: ${JSON.stringify(origin)} is not an origin such as https://school.example`
  }
  return undefined
}

/**
 * Whether the student's token may go to a URL: to the issuer and to origins that the user or the host allows, if nobody on the
 * way can read it.
 * @param origins that the host allows
 */
export function mayHaveToken(
  url: string,
  origins: readonly string[] = [],
  env: Environment = process.env,
): boolean {
  const { origin, protocol } = new URL(url)
  const isReadByProxy = protocol === 'http:' && proxyVariables(env).httpProxy !== undefined
  if (isReadByProxy || !isPrivate(new URL(url))) return false
  return (
    origin === ISSUER || origins.includes(origin) || (ignoreErrors(() => allowed(env)) ?? []).includes(origin)
  )
}
