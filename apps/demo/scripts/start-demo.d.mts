import type { Browser } from 'playwright-core'

/**
 * Serves the page, with `args` of `npm start`. Rejects where it ends before it serves.
 * `stop` resolves with its exit code.
 */
export function startDemo(...args: string[]): Promise<{ url: string; stop(): Promise<number | null> }>

/** Runs `use` on the page's address in a Chromium, and ends both whatever becomes of it. */
export function withDemo<T>(
  args: readonly string[],
  use: (url: string, browser: Browser) => Promise<T>,
): Promise<T>
