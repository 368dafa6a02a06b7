// The position on the page as a URL holds it: `#session=sample&event=12`.

/** Begins the id of a session that is a file of the viewer's: no address leads to it. */
export const FILE = 'file '

export interface Address {
  readonly session: string | undefined
  readonly event: number | undefined
}

export function parseAddress(hash: string): Address {
  const parts = new URLSearchParams(hash.replace(/^#/, ''))
  const event = parts.get('event') ?? ''
  return {
    session: parts.get('session') ?? undefined,
    event: /^\d{1,9}$/.test(event) ? Number(event) : undefined,
  }
}

export const formatAddress = (session: string, event: number): string =>
  `#${new URLSearchParams({ session, event: String(event) }).toString()}`
