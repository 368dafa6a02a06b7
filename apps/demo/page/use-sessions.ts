// The sessions to choose from, the one on the page, and the address that names it.

import { useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { formatAddress, parseAddress } from './model/address'
import { fetchCatalogue, fetchSession, type SessionEntry } from './model/catalogue'
import { followLive } from './model/live'
import type { Player, SessionInfo } from './model/player'
import { readSession, type ReadSession } from './model/read-session'
import { createTimeline } from './model/timeline'
import { useRested } from './use-rested'

/** A browser has to hold it as a string, bytes. */
const LARGEST_FILE = 256 * 1024 * 1024

/** Begins the id of a session that is a file of the viewer's. */
const FILE = 'file '

export function useSessions(player: Player) {
  const [entries, setEntries] = useState<readonly SessionEntry[]>([])
  const [problem, setProblem] = useState<string>()
  const [busy, setBusy] = useState<string>()
  const [condition, setCondition] = useState('')
  const [live, setLive] = useState<SessionEntry>()

  /** Of the sessions asked for in quick succession the last one is wanted. */
  const asked = useRef(0)

  async function load(
    info: SessionInfo,
    read: (progress: (part: number) => void) => Promise<ReadSession>,
    event?: number,
  ): Promise<void> {
    const turn = ++asked.current
    const { name } = info
    setProblem(undefined)
    setBusy(`Reading ${name}`)
    const session = await read((part) => {
      if (turn === asked.current) setBusy(`Reading ${name}: ${Math.floor(part * 100)} %`)
    }).catch((error: Error): ReadSession => ({
      ok: false,
      reason: `${name}: cannot be read: ${error.message}`,
    }))
    if (turn !== asked.current) return
    setBusy(undefined)
    if (!session.ok) return setProblem(session.reason)
    setLive(undefined)
    player.load(info, session.timeline, event)
  }

  async function show(entry: SessionEntry, event?: number): Promise<void> {
    const { id, name, offline = [] } = entry
    if (entry.live !== true) {
      return load({ id, name, offline, live: false }, (progress) => fetchSession(entry, progress), event)
    }
    asked.current++
    setProblem(undefined)
    setBusy(undefined)
    setLive(entry)
  }

  function open(file: File): Promise<void> {
    const { name, size } = file
    return load({ id: `${FILE}${name}`, name, offline: [], live: false }, async (progress) =>
      size > LARGEST_FILE
        ? {
            ok: false,
            reason: `${name}: ${size} bytes; the page shows files of at most ${LARGEST_FILE} bytes`,
          }
        : readSession(name, await file.text(), progress),
    )
  }

  // Anywhere on the page, whatever is there: a browser would leave the page for a file that nobody takes.
  const openLatest = useRef(open)
  useEffect(() => void (openLatest.current = open))
  useEffect(() => {
    const dragged = (event: DragEvent): void => event.preventDefault()
    const dropped = (event: DragEvent): void => {
      event.preventDefault()
      const file = event.dataTransfer?.files[0]
      if (file) void openLatest.current(file)
    }
    addEventListener('dragover', dragged)
    addEventListener('drop', dropped)
    return () => {
      removeEventListener('dragover', dragged)
      removeEventListener('drop', dropped)
    }
  }, [])

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
    const { session, at } = player.get()
    if (session.id === '') return
    // No address leads to a file of the viewer's, and least of all that of the session before it.
    const holds = session.id.startsWith(FILE) ? location.pathname : formatAddress(session.id, at)
    history.replaceState(null, '', holds)
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
