// The sessions that the demo's server offers.

import type { SessionEntry } from '../../src/catalogue'
import { readSession, type ReadSession } from './read-session'

export type { SessionEntry }

export async function fetchCatalogue(): Promise<readonly SessionEntry[]> {
  const response = await fetch('/sessions.json')
  return (await response.json()) as SessionEntry[]
}

export async function fetchSession(
  entry: SessionEntry,
  progress: (part: number) => void,
): Promise<ReadSession> {
  const response = await fetch(entry.href)
  if (!response.ok)
    return { ok: false, reason: `${entry.name}: the demo's server answered ${response.status}` }
  return readSession(entry.name, await response.text(), progress)
}
