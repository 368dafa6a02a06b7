// Follows a course that is being recorded: the server sends every line of its log, and goes on where it was
// after a break.

import type { LiveMessage } from '../../src/live'
import { createTimeline, type Timeline } from './timeline'

export interface LiveHooks {
  /** Another log than before, empty as yet. */
  opened(timeline: Timeline): void
  /** Lines were added to it. */
  grew(): void
  /** Connected or not, and what is waited for, in words. */
  condition(words: string): void
}

/** Returns how to stop. */
export function followLive(href: string, hooks: LiveHooks): () => void {
  const source = new EventSource(href)
  let timeline: Timeline | undefined
  let frame: number | undefined

  source.onopen = () => hooks.condition('connected')
  // The browser connects again by itself, telling the server the last line it got.
  source.onerror = () =>
    hooks.condition(
      source.readyState === EventSource.CLOSED
        ? 'the server follows no course any more'
        : 'connection lost, trying again',
    )
  source.addEventListener('waiting', ({ data }: MessageEvent<string>) => hooks.condition(data))
  source.addEventListener('log', () => {
    timeline = createTimeline()
    hooks.opened(timeline)
  })
  source.addEventListener('lines', ({ data }: MessageEvent<string>) => {
    for (const line of (JSON.parse(data) as LiveMessage).lines) timeline?.append(line)
    hooks.condition('connected')
    frame ??= requestAnimationFrame(() => {
      frame = undefined
      timeline?.follow()
      hooks.grew()
    })
  })
  return () => {
    source.close()
    if (frame !== undefined) cancelAnimationFrame(frame)
  }
}
