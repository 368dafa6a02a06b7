// How long a text may be that is kept (SPEC §3): above that its beginning and its end are, and what is left out
// is said between them.

import type { Data } from './prepare'

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

/** How far from the limit a cut may be, to come between two lines: a credential that is halved is not recognised. */
const NEAR = 4 * 1024

/**
 * A copy of the data with its texts cut. What is neither text nor a plain value is copied as JSON writes it.
 * @throws what `JSON.stringify` does, of data that is no JSON
 */
export function limited(data: Data, { output = OUTPUT, source = SOURCE }: Limits = {}): Data {
  // Most of it stays as it is: copying each value by itself costs a tenth of recording a small event.
  const copy: Record<string, unknown> = { ...data }
  for (const key of Object.keys(copy)) {
    const value = copy[key]
    if (typeof value === 'string') {
      copy[key] = cut(value, key === 'stdout' || key === 'stderr' ? output : source)
    } else if (typeof value === 'object' || typeof value === 'bigint') {
      copy[key] = copyOf(value, source)
    }
  }
  return copy
}

function copyOf(value: unknown, limit: number): unknown {
  const json = JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'string' ? cut(inner, limit) : inner,
  ) as string | undefined
  return json === undefined ? undefined : (JSON.parse(json) as unknown)
}

/** At most `limit` characters of a text, and a mark that says how many there were more. */
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text
  const half = Math.floor(limit / 2)
  const near = Math.min(NEAR, Math.floor(half / 2))
  const from = text.length - half
  const to = whole(text, half - near + endOf(text.slice(half - near, half)), -1)
  const start = whole(text, from + startOf(text.slice(from, from + near)), 1)
  const head = text.slice(0, to)
  const tail = text.slice(start)
  const left = (text.length - head.length - tail.length).toLocaleString('en')
  // Slices would hold on to the whole of it.
  return JSON.parse(JSON.stringify(`${head}\n[... ${left} characters left out ...]\n${tail}`)) as string
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
function whole(text: string, at: number, step: 1 | -1): number {
  return /[\uDC00-\uDFFF]/.test(text.charAt(at)) ? at + step : at
}
