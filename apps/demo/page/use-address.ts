import { useEffect } from 'react'
import { FILE, formatAddress, parseAddress } from './model/address'
import type { Player, View } from './model/player'
import { useRested } from './use-rested'
import type { Sessions } from './use-sessions'

/** Browsers limit how often the address may change, ms. */
const ADDRESS_MS = 300

/** The page shows what its address names, and the address names what the page shows. */
export function useAddress(player: Player, view: View, { entries, show }: Sessions): void {
  useEffect(() => {
    const follow = (): void => {
      const { session, event } = parseAddress(location.hash)
      const { session: present, at } = player.get()
      const entry = entries.find(({ id }) => id === session) ?? (present.id === '' ? entries[0] : undefined)
      if (entry === undefined) return
      if (entry.id !== present.id) void show(entry, event)
      else if (event !== undefined && event !== at) player.seek(event)
    }
    follow()
    addEventListener('hashchange', follow)
    return () => removeEventListener('hashchange', follow)
  }, [player, entries])

  const address = useRested(formatAddress(view.session.id, view.at), ADDRESS_MS)
  useEffect(() => {
    const { session, at } = player.get()
    if (session.id === '') return
    // Least of all does the address of the session before it lead to a file.
    const holds = session.id.startsWith(FILE) ? location.pathname : formatAddress(session.id, at)
    history.replaceState(null, '', holds)
  }, [player, address])
}
