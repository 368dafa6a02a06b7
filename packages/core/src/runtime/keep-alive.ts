// Work that a caller waits for.

import type { Clock } from '../ports'

/** Keeps the process alive until `work` settles, because a caller waits for it. */
export async function keepAlive(clock: Clock, work: () => Promise<void>): Promise<void> {
  const release = clock.hold()
  try {
    await work()
  } finally {
    release()
  }
}

/** Resolves when `work` settles, at the latest after `ms`. */
export function within(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(ms, resolve)
    const done = (): void => {
      cancel()
      resolve()
    }
    work.then(done, done)
  })
}
