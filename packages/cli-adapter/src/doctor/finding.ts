// Everything doctor can find, by a code that stays the same when its words change.

/** How bad each is. `ok`: nothing to do, or only a hint. */
export const FINDINGS = {
  'recording/on': 'ok',
  'recording/off': 'warning',
  'recording/old-node': 'error',

  'config/both': 'ok',
  'config/no-destination': 'ok',
  'config/one-url': 'warning',
  'config/missing': 'error',
  'config/unreadable': 'error',
  'config/not-json': 'error',
  'config/not-object': 'error',
  'config/telemetry-not-object': 'error',
  'config/no-url': 'error',
  'config/no-scheme': 'error',
  'config/credentials': 'error',
  'config/streaming-differs': 'warning',
  'config/misspelt': 'warning',
  'config/misplaced': 'warning',
  'config/unused-key': 'ok',
  'config/http': 'warning',
  'config/receivers': 'error',
  'config/asset-id': 'error',
  'config/no-asset-id': 'ok',

  'exercises/sound': 'ok',
  'exercises/missing': 'warning',
  'exercises/unreadable': 'warning',
  'exercises/empty': 'warning',
  'exercises/name': 'warning',
  'exercises/no-number': 'warning',
  'exercises/same-number': 'warning',
  'exercises/no-readme': 'warning',

  'folder/sound': 'ok',
  'folder/link': 'error',
  'folder/no-folder': 'error',
  'folder/not-writable': 'error',
  'folder/open-to-others': 'warning',
  'folder/not-ignored': 'warning',
  'folder/disk-nearly-full': 'warning',
  'folder/in-use': 'ok',

  'record/none': 'ok',
  'record/sound': 'ok',
  'record/by-stock': 'ok',
  'record/several': 'ok',
  'record/set-aside': 'warning',
  'record/index-lost': 'warning',
  'record/log-lost': 'warning',
  'record/unreadable': 'error',
  'record/damaged': 'warning',
  'record/unfinished': 'warning',
  'record/duplicates': 'ok',
  'record/unknown-type': 'warning',
  'record/refused': 'warning',
  'record/before-login': 'ok',
  'record/large': 'warning',

  'snapshot/sound': 'ok',
  'snapshot/missing': 'warning',
  'snapshot/differs': 'warning',
  'snapshot/no-file': 'warning',

  'delivery/nobody': 'ok',
  'delivery/logged-out': 'ok',
  'delivery/foreign-login': 'ok',
  'delivery/waiting': 'ok',
  'delivery/elsewhere': 'ok',
  'delivery/unknown': 'warning',
  'delivery/paused': 'warning',
  'delivery/backs-off': 'warning',
  'delivery/rejected': 'warning',
  'delivery/dead-letters': 'warning',

  'receiver/sound': 'ok',
  'receiver/slug': 'warning',
  'receiver/unread': 'warning',

  'network/direct': 'ok',
  'network/proxied': 'ok',
  'network/proxy-malformed': 'error',
  'network/answered': 'ok',
  'network/redirected': 'error',
  'network/unwelcome': 'warning',
  'network/not-found': 'warning',
  'network/refuses': 'warning',
  'network/failing': 'warning',
  'network/no-name': 'error',
  'network/no-connection': 'error',
  'network/certificate': 'error',
  'network/silent': 'error',
} as const satisfies Record<string, Level>

export type Level = 'ok' | 'warning' | 'error'
export type Code = keyof typeof FINDINGS

export interface Finding {
  readonly code: Code
  readonly level: Level
  /** What it is about: a file, a key, a setting. */
  readonly subject: string
  readonly message: string
  /** What to do. Every warning and every error has one. */
  readonly advice?: string
}

type CodeOf<L extends Level> = { [C in Code]: (typeof FINDINGS)[C] extends L ? C : never }[Code]

export function finding(code: CodeOf<'ok'>, subject: string, message: string, advice?: string): Finding
export function finding(code: Code, subject: string, message: string, advice: string): Finding
export function finding(code: Code, subject: string, message: string, advice?: string): Finding {
  return { code, level: FINDINGS[code], subject, message, ...(advice !== undefined && { advice }) }
}
