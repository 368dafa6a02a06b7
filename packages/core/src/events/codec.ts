// One event, one line (SPEC §3): JSON whose last key is `crc`, the CRC-32 of the bytes before that key.

import { isKnown, parseEvent, type TelemetryEvent } from './events'
import { brief } from './describe'
import { DEEPEST, isTooDeep } from './nesting'
import type { Crc } from '../ports'
import { upcast } from './upcast'

const TAIL = '"crc":"00000000"}'.length
const tail = /^"crc":"([0-9a-f]{8})"\}$/

/**
 * The log line of `event`, without its line feed: JSON whose last key is `crc` (SPEC §3). The event is not checked.
 * @throws TypeError when the event holds a cycle or a BigInt (JSON.stringify's own message).
 */
export function encodeLine(event: TelemetryEvent, crc: Crc): string {
  const checked = `${JSON.stringify(event).slice(0, -1)},`
  return `${checked}"crc":"${hex(crc(checked))}"}`
}

/**
 * The event of a line, or why there is none, for a person. `notice` tells of something odd that lost nothing: an event
 * type this version does not know.
 * @inline
 */
export type DecodedLine = { ok: true; event: TelemetryEvent; notice?: string } | { ok: false; reason: string }

/** Reads one line (without its line feed): checksum, JSON, upcast, schema. Never throws. */
export function decodeLine(line: string, crc: Crc): DecodedLine {
  const checked = line.slice(0, -TAIL)
  const found = tail.exec(line.slice(-TAIL))?.[1]
  let raw: unknown
  try {
    raw = JSON.parse(found === undefined ? line : `${checked.slice(0, -1)}}`)
  } catch {
    return { ok: false, reason: `not JSON: ${brief(line)}` }
  }
  if (found === undefined)
    return { ok: false, reason: `has no checksum ("crc") as its last key: ${brief(line)}` }
  const computed = hex(crc(checked))
  if (found !== computed) {
    return {
      ok: false,
      reason: `damaged: its checksum says ${found}, its bytes say ${computed}: ${brief(line)}`,
    }
  }
  if (isTooDeep(raw)) return { ok: false, reason: `nested more than ${DEEPEST} levels deep: ${brief(line)}` }
  const parsed = parseEvent(upcast(raw))
  if (!parsed.ok) return { ok: false, reason: `is no event: ${parsed.reason}` }
  if (isKnown(parsed.event)) return parsed
  const { type, v } = parsed.event
  return { ...parsed, notice: `event of unknown type ${brief(type)} (v ${v}): kept, not folded` }
}

/** Eight digits: the ninth, a leading 1, makes room for zeros. */
const hex = (crc: number): string => (crc + 0x1_0000_0000).toString(16).slice(1)

/** How many pieces of a damaged line are tried: enough for any accident, too few to be an attack. */
const TRIES = 64

/**
 * Whole records inside a line that is damaged as a whole: behind a torn one that was never sealed, or
 * beside a line feed that got lost. Inside JSON text every quote is escaped, so neither mark can be data.
 */
function salvage(line: string, crc: Crc): TelemetryEvent[] {
  const ends = [...line.matchAll(/"crc":"[0-9a-f]{8}"\}/g)].map((match) => match.index + TAIL)
  const found: TelemetryEvent[] = []
  let from = 0
  let tries = 0
  for (const { index: start } of line.matchAll(/\{"v":/g)) {
    if (start < from) continue
    for (const end of ends) {
      if (end <= start) continue
      if (++tries > TRIES) return found
      const decoded = decodeLine(line.slice(start, end), crc)
      if (!decoded.ok) continue
      found.push(decoded.event)
      from = end
      break
    }
  }
  return found
}

/** The events on one line of a log: one, unless it is damaged. */
export function eventsOn(
  line: string,
  crc: Crc,
): { events: readonly TelemetryEvent[]; notice?: string; damaged: boolean } {
  if (line === '') return { events: [], damaged: false }
  const decoded = decodeLine(line, crc)
  if (decoded.ok) return { ...decoded, events: [decoded.event], damaged: false }
  const events = salvage(line, crc)
  const recovered = events.length === 0 ? '' : `; ${events.length} recovered from it`
  return { events, notice: `${decoded.reason}${recovered}`, damaged: true }
}
