// From the text of a file somebody dropped to a timeline: an event log, or a telemetry.json as the history
// behind it.

import { encodeLine, history, parseSnapshot } from '@learnpack/telemetry-core'
import { crc32 } from './crc'
import { createTimeline, type Timeline } from './timeline'

/** Lines read between two looks at the screen. */
const SLICE = 200

export type ReadSession =
  | { readonly ok: true; readonly timeline: Timeline }
  /** Why it cannot be shown, naming the file. */
  | { readonly ok: false; readonly reason: string }

/** @param name for messages: the file's name */
export async function readSession(
  name: string,
  text: string,
  progress: (part: number) => void = () => {},
): Promise<ReadSession> {
  const lines = linesOf(name, text)
  if (typeof lines === 'string') return { ok: false, reason: lines }
  const timeline = createTimeline()
  for (let from = 0; from < lines.length; from += SLICE) {
    for (const line of lines.slice(from, from + SLICE)) timeline.append(line)
    timeline.follow()
    progress(Math.min(1, (from + SLICE) / lines.length))
    await new Promise((resolve) => setTimeout(resolve))
  }
  if (timeline.length > 0) return { ok: true, timeline }
  const [first] = timeline.messages
  return {
    ok: false,
    reason: `${name}: no event in it${first === undefined ? '' : `; ${first}`}. Expected an events.ndjson or a telemetry.json.`,
  }
}

/** The lines of the log, or why there are none. */
function linesOf(name: string, text: string): string[] | string {
  if (!isOneJsonValue(text)) return text.replace(/\n$/, '').split('\n')
  const parsed = parseSnapshot(text)
  if (!parsed.ok) return `${name} ${parsed.reason}`
  return history(parsed.snapshot).map((event) => encodeLine(event, crc32))
}

/** A log of a single line is JSON too, but one with a checksum. */
function isOneJsonValue(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
    return typeof value !== 'object' || value === null || !('crc' in value)
  } catch {
    return false
  }
}
