/** Characters of it that are shown. */
const LONGEST = 200

/**
 * A `Location` as a message may quote it: without the login and the query in it, which may hold a token, and cut where it
 * is longer than 200 characters.
 */
export function shownLocation(location: string): string {
  const shown = location
    .replace(/^((?:[a-z][a-z0-9+.-]*:)?[/\\]{2,})[^/\\?#]*@/i, '$1***@')
    .replace(/([?#]).+$/s, '$1...')
  return shown.length > LONGEST ? `${shown.slice(0, LONGEST)}...` : shown
}
