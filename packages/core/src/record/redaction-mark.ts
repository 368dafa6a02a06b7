// The visible mark that stands where something was taken out, and how marks are counted.

/**
 * What was taken out:
 * `user` a person's name in a path, or the name of this machine's user,
 * `email` an e-mail address,
 * `key` an API key, token, webhook or Authorization header, known by its shape,
 * `private-key` a PEM block, or one of PuTTY,
 * `password` the password of a login, as in a URL,
 * `secret` the value given to a name that says what it holds, as in `NAME_KEY=value`,
 * `unreadable` a whole text, because the redactor failed on it.
 */
export type RedactionKind = 'user' | 'email' | 'key' | 'private-key' | 'password' | 'secret' | 'unreadable'

/** What stands where something was taken out. */
export type RedactionMark = `[redacted:${RedactionKind}]`

/** A mark of any kind, a host's own as well. */
export const MARK = /\[redacted:[a-z-]{1,20}\]/g

/**
 * How often each kind of mark occurs in `text`, added to `counts`, which is returned. A kind of a host's own redactor counts
 * as well, if it is 1 to 20 characters of [a-z-].
 */
export function countMarks(text: string, counts: Record<string, number> = {}): Record<string, number> {
  for (const [found] of text.matchAll(MARK)) {
    const kind = found.slice('[redacted:'.length, -1)
    counts[kind] = (counts[kind] ?? 0) + 1
  }
  return counts
}
