// Recorded sessions of LearnPack 5's own telemetry manager (SPEC §12).

import { readFileSync } from 'node:fs'
import type { ImportedSnapshot } from '../src/index'

export interface LearnPack5Session {
  readonly name: string
  readonly calls: readonly { readonly at: number; readonly op: string; readonly args?: readonly unknown[] }[]
  /** What the editor posted to the command line, in order. */
  readonly posts: readonly { readonly at: number; readonly body: LearnPack5File }[]
  readonly streams: readonly { readonly at: number; readonly body: Record<string, unknown> }[]
}

export type LearnPack5File = ImportedSnapshot & { readonly fullname?: string }

export const sessions = JSON.parse(
  readFileSync(new URL('fixtures/learnpack5-sessions.json', import.meta.url), 'utf8'),
) as LearnPack5Session[]

/** Those of one student; another one goes on in a telemetry of their own. */
export const ofOneStudent = sessions.filter(
  ({ posts }) => new Set(posts.map(({ body }) => body.user_id)).size === 1,
)

/** As we keep it: the student's name is in no log. */
export function withoutName({ fullname: _, ...file }: LearnPack5File): ImportedSnapshot {
  return file
}

/** `text` as LearnPack 5 writes it. */
export const encodeUri = (text: string): string => (text === '' ? '' : btoa(encodeURIComponent(text)))
