// What can be between the page's engine and its receiver, and where that receiver is.

export const FAULTS = {
  none: 'works',
  offline: 'offline',
  unavailable: '503',
  busy: '429, Retry-After 5 s',
  slow: 'slow, 1 s',
  lost: 'the answer gets lost',
  refused: '400',
  unauthorized: '401',
} as const
export type Fault = keyof typeof FAULTS

export const BATCH_URL = '/school/batch?asset_id=42'
export const STREAM_URL = '/school/stream'
