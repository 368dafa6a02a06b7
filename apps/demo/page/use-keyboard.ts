import { useEffect } from 'react'
import { SPEEDS, type Speed } from './model/playback'
import type { Player } from './model/player'

/** What keys do, as the page tells it. */
export const KEYS: readonly (readonly [string, string])[] = [
  ['Space or K', 'play, pause'],
  ['Left, Right', 'one event back, on'],
  ['Shift Left, Right', 'ten events'],
  ['Home, End', 'the beginning, the end'],
  ['+, -', 'faster, slower'],
]

export function useKeyboard(player: Player): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTheirs(event)) return
      const action = actionOf(event, player)
      if (action === undefined) return
      event.preventDefault()
      action()
    }
    window.addEventListener('keydown', pressed)
    return () => window.removeEventListener('keydown', pressed)
  }, [player])
}

/** Keys that whatever has the focus needs for itself. The scrubber is ours: its arrows go by events. */
function isTheirs({ target, key }: KeyboardEvent): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target instanceof HTMLSelectElement) return true
  if (target instanceof HTMLInputElement) return target.type !== 'range' && /^( |Arrow.*)$/.test(key)
  if (key === ' ') return target.matches('button, summary')
  return target.matches('[data-scrolls]') && /^(Arrow|Home|End|Page)/.test(key)
}

function actionOf({ key, shiftKey }: KeyboardEvent, player: Player): (() => void) | undefined {
  const { at, length, speed } = player.get()
  const step = shiftKey ? 10 : 1
  const faster = (by: number): void => {
    const next = SPEEDS[SPEEDS.indexOf(speed) + by]
    if (next !== undefined) player.setSpeed(next as Speed)
  }
  switch (key) {
    case ' ':
    case 'k':
    case 'K':
      return player.toggle
    case 'ArrowLeft':
      return () => player.seek(at - step)
    case 'ArrowRight':
      return () => player.seek(at + step)
    case 'Home':
      return () => player.seek(0)
    case 'End':
      return () => player.seek(length)
    case '+':
      return () => faster(1)
    case '-':
      return () => faster(-1)
    default:
      return undefined
  }
}
