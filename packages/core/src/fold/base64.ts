// Base64 of a text, as the wire wants it (SPEC §4, §12). Written on the globals that browsers and Node share.

/** What base64 is of: a text's UTF-8, as stock writes it, or `encodeURIComponent` of it, as LearnPack 5 does. */
export type TextEncoding = 'utf8' | 'uri'

/** A text that was base64, and what gives that base64 again. */
export interface DecodedText {
  readonly text: string
  readonly encoding: TextEncoding
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** `String.fromCharCode` takes its characters as arguments, and engines bound how many. */
const CHUNK = 0x2000

/** Base64 of `text`; a lone surrogate becomes U+FFFD. */
export function toBase64(text: string, encoding: TextEncoding = 'utf8'): string {
  if (encoding === 'uri') return btoa(encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\uFFFD')))
  const bytes = encoder.encode(text)
  if (bytes.length === text.length) return btoa(text)
  let binary = ''
  for (let i = 0; i < bytes.length; i += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(i, i + CHUNK))
  }
  return btoa(binary)
}

/**
 * The text behind `base64`, or undefined unless encoding that text gives exactly `base64` again. A text without
 * escapes, which both encodings write the same, counts as stock's.
 */
export function decodeText(base64: string): DecodedText | undefined {
  try {
    const binary = atob(base64)
    if (btoa(binary) !== base64) return undefined
    const escaped = unescaped(binary)
    if (escaped !== undefined) return { text: escaped, encoding: 'uri' }
    const bytes = new Uint8Array(binary.length)
    // `Uint8Array.from` with a function takes 20 times as long.
    for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i)
    // Strict and without a byte order mark left out: no two byte sequences give the same text.
    return { text: decoder.decode(bytes), encoding: 'utf8' }
  } catch {
    return undefined
  }
}

/** The text alone, whichever way it was encoded. */
export const fromBase64 = (base64: string): string | undefined => decodeText(base64)?.text

/** What `encodeURIComponent` does not write. */
const unlikeEscaped = /[^\w\-.!~*'()%]/

/** The text that `encodeURIComponent` turned into `escaped`; undefined where it did not, or changed nothing. */
function unescaped(escaped: string): string | undefined {
  if (!escaped.includes('%') || unlikeEscaped.test(escaped)) return undefined
  try {
    const text = decodeURIComponent(escaped)
    return encodeURIComponent(text) === escaped ? text : undefined
  } catch {
    return undefined
  }
}
