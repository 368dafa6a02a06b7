// Limits on the length of texts (SPEC §3). Of a longer one the beginning and the end are kept, and a mark between them says
// how much is left out.

import type { Redactor } from './redactor'
import type { Data } from './admit'
import { MARK } from './redaction-mark'

/**
 * Characters (UTF-16 units) a text of a step event may have (SPEC §3). Of a longer one the beginning and the end are kept,
 * and what is left out is said between them.
 */
export interface Limits {
  /** `stdout` and `stderr` of an event. Default: 65,536. */
  readonly output?: number
  /** Every other text: source code, questions, answers, what a plugin adds, wherever it is. Default: 262,144. */
  readonly source?: number
}

const OUTPUT = 64 * 1024
const SOURCE = 256 * 1024

/** How far from the limit a cut may be, to come between two lines. */
const NEAR = 4 * 1024

/** How much text next to a cut is shown to the redactor, characters: the longest value it recognises, with its name. */
const AROUND = 5 * 1024

/**
 * A copy of the data with its texts cut. What is neither text nor a plain value is copied as JSON writes it.
 * @param redact what will be applied to the copy: see `cut`
 * @throws what `JSON.stringify` does, of data that is no JSON
 */
export function limited(
  data: Data,
  redact: Redactor,
  { output = OUTPUT, source = SOURCE }: Limits = {},
): Data {
  // Most of it stays as it is: copying each value by itself costs a tenth of recording a small event.
  const copy: Record<string, unknown> = { ...data }
  for (const key of Object.keys(copy)) {
    const value = copy[key]
    if (typeof value === 'string') {
      copy[key] = cut(value, key === 'stdout' || key === 'stderr' ? output : source, redact)
    } else if (typeof value === 'object' || typeof value === 'bigint') {
      copy[key] = copyOf(value, source, redact)
    }
  }
  return copy
}

function copyOf(value: unknown, limit: number, redact: Redactor): unknown {
  const json = JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'string' ? cut(inner, limit, redact) : inner,
  ) as string | undefined
  return json === undefined ? undefined : (JSON.parse(json) as unknown)
}

/**
 * At most `limit` characters of a text, and a mark that says how many there were more. What is kept is redacted
 * later: what the redactor would then not recognise, because it is halved or its name is left out, is redacted here,
 * next to the cut alone, so that a text of any length costs the same.
 */
export function cut(text: string, limit: number, redact: Redactor): string {
  if (text.length <= limit) return text
  const half = Math.floor(limit / 2)
  const near = Math.min(NEAR, Math.floor(half / 2))
  const from = text.length - half
  const to = aligned(text, half - near + endOf(text.slice(half - near, half)), -1)
  const start = aligned(text, from + startOf(text.slice(from, from + near)), 1)
  const head = headOf(text, to, redact)
  const tail = tailOf(text, start, redact)
  const left = (start - to).toLocaleString('en')
  // Slices would hold on to the whole of it.
  return JSON.parse(JSON.stringify(`${head}\n[... ${left} characters left out ...]\n${tail}`)) as string
}

/** The text up to a place. Where its end is redacted differently once what follows is seen, that end is left out. */
function headOf(text: string, to: number, redact: Redactor): string {
  const from = beginning(text, to)
  const alone = redact(text.slice(from, to))
  const whole = redact(text.slice(from, to + AROUND))
  if (whole.startsWith(alone)) return text.slice(0, to)
  let same = 0
  while (alone[same] === whole[same]) same++
  const [mark] = marksAt(whole, same)
  return text.slice(0, from) + whole.slice(0, mark ?? aligned(whole, same, -1))
}

/** The same of the text from a place on. */
function tailOf(text: string, start: number, redact: Redactor): string {
  const to = start + AROUND
  const alone = redact(text.slice(start, to))
  const whole = redact(text.slice(beginning(text, start), to))
  if (whole.endsWith(alone)) return text.slice(start)
  let same = 0
  while (same < alone.length && alone.at(-1 - same) === whole.at(-1 - same)) same++
  const at = whole.length - same
  const [, mark] = marksAt(whole, at)
  return whole.slice(mark ?? aligned(whole, at, 1)) + text.slice(to)
}

/** Where what comes before a place begins, between words if that may be. */
function beginning(text: string, place: number): number {
  const from = Math.max(0, place - AROUND)
  return from === 0 ? 0 : from + startOf(text.slice(from, from + NEAR / 4))
}

/** Where a mark begins and ends that `at` is inside. */
function marksAt(text: string, at: number): [number, number] | [] {
  for (const { index, 0: mark } of text.matchAll(MARK)) {
    if (index < at && at < index + mark.length) return [index, index + mark.length]
  }
  return []
}

/** Between two lines, else words, else what parts things that are written without spaces. */
const pauses = [/[\r\n]/, /\s/, /[,;&{}]/]

/** Where a text may end. */
function endOf(text: string): number {
  for (const pause of pauses) {
    for (let end = text.length; end > 0; end--) if (pause.test(text.charAt(end - 1))) return end
  }
  return text.length
}

/** Where a text may begin. */
function startOf(text: string): number {
  for (const pause of pauses) {
    const at = text.search(pause)
    if (at >= 0) return at + 1
  }
  return 0
}

/** Where no character of two units is halved. */
function aligned(text: string, at: number, step: 1 | -1): number {
  return /[\uDC00-\uDFFF]/.test(text.charAt(at)) ? at + step : at
}
