// Whether a manager may record now. Whoever switches recording off means from now on (SPEC §5).

import { followConsent } from './consent'

/** How long an answer counts for what asks often, ms. */
const TRUST_MS = 100

export interface Permission {
  /** As it is chosen at this moment. */
  now(): boolean
  /** The same as of at most 100 ms ago: for what runs by itself, which asks often. */
  lately(): boolean
  /** Whether it was switched off, which lasts. An unreadable choice forbids recording only while it is unreadable. */
  readonly isOff: boolean
}

/**
 * @param elapsed as of a clock, ms
 * @param switchedOff called once
 */
export function permissionOf(dirPath: string, elapsed: () => number, switchedOff: () => void): Permission {
  const consent = followConsent(dirPath)
  let isOn = true
  let isOff = false
  let lookedAt = -Infinity

  function now(): boolean {
    if (isOff) return false
    lookedAt = elapsed()
    const { enabled, kind } = consent()
    isOn = enabled
    if (!enabled && kind !== 'unreadable') {
      isOff = true
      switchedOff()
    }
    return isOn
  }

  return {
    now,
    lately: () => (elapsed() - lookedAt < TRUST_MS ? isOn : now()),
    get isOff() {
      return isOff
    },
  }
}
