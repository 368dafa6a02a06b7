// Virtual time: what is put off runs when time has come to it, in order, and nothing else moves time.

/** When a world begins, epoch ms. */
export const BEGINNING = 1_767_225_600_000

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
  /** What waits for promises alone goes on, and no time passes. */
  settle(): Promise<void>
}

/** Node runs this once no promise has anything more to do, and without a turn of the event loop. */
const promisesSettled = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve))

/** @param settle resolves once everything has run that waits for no time. Default: for worlds without real files */
export function createTimeline(settle = promisesSettled): Timeline {
  let now = 0
  /** In the order in which they fall due; of the same time, in that in which they were put off. */
  const waiting: Due[] = []
  return {
    get now() {
      return now
    },
    after(ms, run) {
      const due = { at: now + Math.max(0, ms), run }
      let place = waiting.length
      while (place > 0 && (waiting[place - 1] as Due).at > due.at) place--
      waiting.splice(place, 0, due)
      return () => {
        const index = waiting.indexOf(due)
        if (index >= 0) waiting.splice(index, 1)
      }
    },
    async advance(ms) {
      const until = now + ms
      await settle()
      for (let next = waiting[0]; next !== undefined && next.at <= until; next = waiting[0]) {
        now = next.at
        waiting.shift()
        next.run()
        await settle()
      }
      now = until
    },
    settle,
  }
}
