// The sessions to choose from, the one on the page, and the address that names it.

import { useEffect, useState, useSyncExternalStore } from 'react'
import { formatAddress, parseAddress } from './model/address'
import { fetchCatalogue, fetchSession, type SessionEntry } from './model/catalogue'
import { followLive } from './model/live'
import type { Player } from './model/player'
import { readSession } from './model/read-session'
import { createTimeline } from './model/timeline'
import { useRested } from './use-rested'

/** A browser has to hold it as a string, bytes. */
const LARGEST_FILE = 256 * 1024 * 1024

export function useSessions(player: Player) {
  const [entries, setEntries] = useState<readonly SessionEntry[]>([])
  const [problem, setProblem] = useState<string>()
  const [busy, setBusy] = useState<string>()
  const [condition, setCondition] = useState('')
  const [live, setLive] = useState<SessionEntry>()

  const reading = (name: string) => (part: number) => setBusy(`Reading ${name}: ${Math.floor(part * 100)} %`)

  async function show(entry: SessionEntry, event?: number): Promise<void> {
    setProblem(undefined)
    setLive(entry.live ? entry : undefined)
    if (entry.live) return
    const read = await fetchSession(entry, reading(entry.name))
    setBusy(undefined)
    if (!read.ok) return setProblem(read.reason)
    const { id, name, offline = [] } = entry
    player.load({ id, name, offline, live: false }, read.timeline, event)
  }

  async function open(file: File): Promise<void> {
    setProblem(undefined)
    if (file.size > LARGEST_FILE) {
      return setProblem(
        `${file.name}: ${file.size} bytes; the page shows files of at most ${LARGEST_FILE} bytes`,
      )
    }
    setBusy(`Reading ${file.name}`)
    const text = await file.text().catch((error: Error) => error)
    const read =
      typeof text === 'string'
        ? await readSession(file.name, text, reading(file.name))
        : { ok: false as const, reason: `${file.name}: ${text.message}` }
    setBusy(undefined)
    if (!read.ok) return setProblem(read.reason)
    setLive(undefined)
    player.load({ id: `file ${file.name}`, name: file.name, offline: [], live: false }, read.timeline)
  }

  useEffect(() => {
    const opened = ({ hash }: Location, all: readonly SessionEntry[]): void => {
      const { session, event } = parseAddress(hash)
      const { session: present, at } = player.get()
      const entry = all.find(({ id }) => id === session) ?? (present.id === '' ? all[0] : undefined)
      if (entry === undefined) return
      if (entry.id !== present.id) void show(entry, event)
      else if (event !== undefined && event !== at) player.seek(event)
    }
    let all: readonly SessionEntry[] = []
    const changed = (): void => opened(location, all)
    fetchCatalogue().then(
      (found) => {
        all = found
        setEntries(found)
        changed()
      },
      (error: Error) => setProblem(`the demo's server does not answer: ${error.message}`),
    )
    addEventListener('hashchange', changed)
    return () => removeEventListener('hashchange', changed)
  }, [player])

  useEffect(() => {
    if (live === undefined) return
    const { id, name, href } = live
    player.load({ id, name, offline: [], live: true }, createTimeline())
    return followLive(href, {
      opened: (timeline) => player.load({ id, name, offline: [], live: true }, timeline),
      grew: player.grew,
      condition: setCondition,
    })
  }, [live, player])

  // The address follows once the position rests: browsers limit how often it may change.
  const view = useSyncExternalStore(player.subscribe, player.get)
  const address = useRested(formatAddress(view.session.id, view.at), 300)
  useEffect(() => {
    if (view.session.id !== '' && !view.session.id.startsWith('file '))
      history.replaceState(null, '', formatAddress(player.get().session.id, player.get().at))
  }, [address])

  return {
    entries,
    problem,
    busy,
    condition,
    open,
    choose: async (id: string) => {
      const entry = entries.find((one) => one.id === id)
      if (entry !== undefined) await show(entry)
    },
  }
}
