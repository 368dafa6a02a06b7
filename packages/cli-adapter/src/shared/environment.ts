// The environment's variables, and what they say of proxies.

/** Values by name. */
export type Environment = Readonly<Record<string, string | undefined>>

export interface Variable {
  readonly name: string
  readonly value: string
}

/** What the environment says of proxies, in both spellings; what is empty is not set. */
export function proxyVariables(env: Environment): {
  httpProxy: Variable | undefined
  httpsProxy: Variable | undefined
  noProxy: string
} {
  const variable = (upper: string): Variable | undefined => {
    const name = env[upper.toLowerCase()] === undefined ? upper : upper.toLowerCase()
    const value = env[name]
    return value ? { name, value } : undefined
  }
  return {
    httpProxy: variable('HTTP_PROXY'),
    httpsProxy: variable('HTTPS_PROXY'),
    noProxy: variable('NO_PROXY')?.value ?? '',
  }
}
