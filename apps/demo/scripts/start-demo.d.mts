import type { ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'
import type { Browser } from 'playwright-core'

/** Runs the demo with `args` of `npm start`. It ends with this process, even one that is killed. */
export function spawnDemo(args: readonly string[], stderr: 'inherit'): ChildProcess & { stdout: Readable }
export function spawnDemo(
  args: readonly string[],
  stderr: 'pipe',
): ChildProcess & { stdout: Readable; stderr: Readable }

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
