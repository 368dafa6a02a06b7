import { useEffect } from 'react'
import type { Player } from './model/player'

/** Runs the replay while it plays. */
export function usePlaying(player: Player, playing: boolean): void {
  useEffect(() => {
    if (!playing) return
    let last = performance.now()
    let frame = requestAnimationFrame(function next(now) {
      player.tick(now - last)
      last = now
      frame = requestAnimationFrame(next)
    })
    return () => cancelAnimationFrame(frame)
  }, [player, playing])
}
