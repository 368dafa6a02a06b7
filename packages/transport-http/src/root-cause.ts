/**
 * What lies at the root of an error that `fetch` threw: it says only "fetch failed", the reason is in its chain of
 * causes, or of several attempts. `code` is that of the system, where it has one.
 */
export function rootCause(error: unknown): { readonly code?: string; readonly message: string } {
  if (!(error instanceof Error)) return { message: String(error) }
  const { cause, errors, code, message } = error as Error & { errors?: unknown[]; code?: string }
  if (cause instanceof Error) return rootCause(cause)
  if (errors?.[0] instanceof Error) return rootCause(errors[0])
  return { ...(code !== undefined && { code }), message: message || String(error) }
}
