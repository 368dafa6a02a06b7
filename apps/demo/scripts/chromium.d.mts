import type { Browser } from 'playwright-core'

/** @param args further flags of Chromium */
export function launchChromium(args?: readonly string[]): Promise<Browser>
