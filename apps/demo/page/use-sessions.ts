// The sessions to choose from, and the one on the page.

import { useEffect, useRef, useState } from 'react'
import { FILE } from './model/address'
import { fetchCatalogue, fetchSession, type SessionEntry } from './model/catalogue'
import { followLive } from './model/live'
import type { Player, SessionInfo } from './model/player'
import { readSession, type ReadSession } from './model/read-session'
import { createTimeline } from './model/timeline'

/** A browser has to hold it as a string, bytes. */
const LARGEST_FILE = 256 * 1024 * 1024

export type Sessions = ReturnType<typeof useSessions>

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

  useEffect(() => {
    fetchCatalogue().then(setEntries, (error: Error) =>
      setProblem(`the demo's server does not answer: ${error.message}`),
    )
  }, [])

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

  return { entries, problem, busy, condition, show, open }
}
