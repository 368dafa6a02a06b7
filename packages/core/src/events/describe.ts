import type * as z from 'zod'

/** One line a person can act on: where, what was expected, and the value found there. */
export function describeIssues(error: z.ZodError, value: unknown): string {
  return error.issues
    .map((issue) => {
      const path = issue.path.map(String).join('.')
      return `${path === '' ? 'value' : path}: ${issue.message} (found ${brief(valueAt(value, issue.path))})`
    })
    .join('; ')
}

/** A value as a message shows it: JSON, cut at 80 characters. */
export function brief(value: unknown): string {
  let text: string
  try {
    text =
      (typeof value === 'string' ? JSON.stringify(value.slice(0, 100)) : JSON.stringify(value)) ??
      String(value)
  } catch {
    // A cycle, a BigInt, or an object that throws when it is looked at.
    text = typeof value === 'bigint' ? `${value}n` : `a ${typeof value}`
  }
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}

/** Of whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : brief(error))

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], value)
}
