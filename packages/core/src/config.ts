// The `telemetry` key of a course's learn.json (SPEC §5). It is written by strangers: whatever it holds,
// the answer is usable URLs and messages, never an exception.

import * as z from 'zod'
import { brief, describeIssues } from './events/describe'

const httpUrl = z
  .string()
  .refine(isHttpUrl, 'expected an absolute http:// or https:// URL without a password')
  .optional()

/** Where to deliver, as absolute http(s) URLs. A destination that is not named, or named wrongly, is absent. */
export interface Destinations {
  readonly stream?: string
  readonly batch?: string
}

/**
 * What a learn.json says of telemetry.
 * @inline
 */
export interface ReadConfig {
  readonly destinations: Destinations
  /** What is wrong, each naming file, key and value and saying what follows. */
  readonly problems: readonly string[]
}

/**
 * Reads the destinations out of a parsed learn.json; without a key `telemetry` there is nothing to say. Does not throw.
 * @param file how messages name it. Default: `learn.json`
 */
export function configOf(learnJson: unknown, file = 'learn.json'): ReadConfig {
  const telemetry = (learnJson as { telemetry?: unknown } | null | undefined)?.telemetry
  if (telemetry === undefined || telemetry === null) return { destinations: {}, problems: [] }
  if (typeof telemetry !== 'object' || Array.isArray(telemetry)) {
    const problem = `${file}: telemetry: expected an object with the URLs "stream" and "batch" (found ${brief(telemetry)}); ${locally}`
    return { destinations: {}, problems: [problem] }
  }
  const given = telemetry as Record<string, unknown>
  const problems: string[] = []
  const url = (key: 'stream' | 'streaming' | 'batch'): string | undefined => {
    const parsed = httpUrl.safeParse(given[key])
    if (parsed.success) return parsed.data
    problems.push(
      `${file}: telemetry.${key}: ${describeIssues(parsed.error, withoutPassword(given[key])).replace(/^value: /, '')}; ${locally}`,
    )
    return undefined
  }
  // `streaming` is an alias: stock's code reads it, its documentation says `stream`.
  const [stream, streaming, batch] = [url('stream'), url('streaming'), url('batch')]
  if (stream !== undefined && streaming !== undefined && stream !== streaming) {
    problems.push(
      `${file}: telemetry.streaming: ${brief(streaming)} differs from telemetry.stream ${brief(stream)}; "stream" is used, remove the other`,
    )
  }
  const streamUrl = stream ?? streaming
  return {
    destinations: {
      ...(streamUrl !== undefined && { stream: streamUrl }),
      ...(batch !== undefined && { batch }),
    },
    problems,
  }
}

const locally = 'nothing is sent there, recording goes on locally'

/** A password in a URL would end up in logs and messages, and `fetch` refuses it anyway. */
function isHttpUrl(value: string): boolean {
  if (!/^https?:\/\//i.test(value) || !URL.canParse(value)) return false
  const { username, password, hostname } = new URL(value)
  return username === '' && password === '' && hostname !== ''
}

const withoutPassword = (value: unknown): unknown =>
  typeof value === 'string' ? value.replace(/^((?:[a-z][a-z0-9+.-]*:)?\/\/)?.*@/is, '$1***@') : value
