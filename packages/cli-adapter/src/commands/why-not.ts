// Why nothing is sent or watched: the same words in every command.

import { consent } from '../consent/consent'

/** Why nothing is recorded, and so nothing is sent either; undefined where it is. @param path the course folder */
export function whyNotRecorded(path: string): string | undefined {
  const { enabled, because } = consent(path)
  return enabled ? undefined : `recording is switched off (${because})`
}

export const ANOTHER_DELIVERS = 'another process is recording in this folder and delivers by itself'
