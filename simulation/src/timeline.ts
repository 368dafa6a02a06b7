// Virtual time: what is put off runs when time has come to it, in order, and nothing else moves time.

interface Due {
  readonly at: number
  readonly run: () => void
}

export interface Timeline {
  /** Ms since the beginning of the world. */
  readonly now: number
  /** Runs `run` once after `ms`. Returns how to cancel it. */
  after(ms: number, run: () => void): () => void
  /** Lets time go on by `ms`; between two things that fall due, promises get their turn. */
  advance(ms: number): Promise<void>
}

/** Everything that waits only for promises has run. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export function createTimeline(): Timeline {
  let now = 0
  /** In the order in which they fall due; of the same time, in that in which they were put off. */
  const waiting: Due[] = []
  return {
    get now() {
      return now
    },
    after(ms, run) {
      const due = { at: now + Math.max(0, ms), run }
      const behind = waiting.findLastIndex(({ at }) => at <= due.at)
      waiting.splice(behind + 1, 0, due)
      return () => {
        const index = waiting.indexOf(due)
        if (index >= 0) waiting.splice(index, 1)
      }
    },
    async advance(ms) {
      const until = now + ms
      await settled()
      for (let next = waiting[0]; next !== undefined && next.at <= until; next = waiting[0]) {
        now = next.at
        waiting.shift()
        next.run()
        await settled()
      }
      now = until
    },
  }
}
