// Where in a session the page is, and how it moves: the only state that everything on the page shares.

import { advance, countAt, type Speed } from './playback'
import type { Timeline } from './timeline'

export interface SessionInfo {
  readonly id: string
  readonly name: string
  /** Spans in which the learner had no network, epoch ms. */
  readonly offline: readonly (readonly [number, number])[]
  /** It is being recorded now. */
  readonly live: boolean
}

/** An attempt somebody chose to look at, instead of the one the present event is about. */
export interface Selection {
  readonly slug: string
  readonly attempt?: { readonly type: string; readonly index: number }
}

export interface View {
  readonly session: SessionInfo
  readonly timeline: Timeline
  /** `timeline.length` when this view was made: a timeline grows in place. */
  readonly length: number
  /** Events that have happened at the moment shown. */
  readonly at: number
  /** Of the moment shown, epoch ms. */
  readonly time: number
  readonly playing: boolean
  readonly speed: Speed
  readonly selection: Selection | undefined
}

export interface Player {
  get(): View
  subscribe(listener: () => void): () => void
  load(session: SessionInfo, timeline: Timeline, at?: number): void
  /** Shows the moment after the first `count` events. */
  seek(count: number): void
  seekTime(time: number): void
  select(selection: Selection): void
  /** The timeline has grown; whoever was at its end stays at its end. */
  grew(): void
  toggle(): void
  setSpeed(speed: Speed): void
  /** `elapsed` ms of the viewer's have passed. */
  tick(elapsed: number): void
}

/**
 * What passes of a replay between two frames at most, ms of the viewer: nobody saw what passed while the page was
 * in the background. The first frame may even have begun before Play was pressed.
 */
const LONGEST_TICK_MS = 250

export function createPlayer(session: SessionInfo, timeline: Timeline): Player {
  const listeners = new Set<() => void>()
  let view: View = {
    session,
    timeline,
    length: 0,
    at: 0,
    time: 0,
    playing: false,
    speed: 300,
    selection: undefined,
  }

  function set(change: Partial<View>): void {
    view = { ...view, ...change }
    for (const listener of listeners) listener()
  }

  function seek(count: number): void {
    const { when, length } = view.timeline
    const at = Math.min(Math.max(0, count), length)
    set({ at, length, time: when[Math.max(0, at - 1)] ?? 0, selection: undefined })
  }

  function seekTime(time: number): void {
    const { when, length } = view.timeline
    const at = countAt(when, time)
    set({ at, length, time, selection: at === view.at ? view.selection : undefined })
  }

  return {
    get: () => view,
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    load(session, timeline, at = 0) {
      view = { ...view, session, timeline, playing: false }
      seek(at)
    },
    seek,
    seekTime,
    select: (selection) => set({ selection }),
    grew() {
      const { at, length, timeline } = view
      if (at === length) seek(timeline.length)
      else set({ length: timeline.length })
    },
    toggle() {
      if (!view.playing && view.at === view.length) seek(0)
      set({ playing: !view.playing })
    },
    setSpeed: (speed) => set({ speed }),
    tick(elapsed) {
      const { playing, at, time, speed, timeline } = view
      if (!playing) return
      const next = timeline.when[at]
      if (next === undefined) return set({ playing: false })
      const passed = Math.min(Math.max(0, elapsed), LONGEST_TICK_MS)
      seekTime(Math.min(advance(time, passed, speed, next), timeline.when.at(-1) as number))
    },
  }
}
