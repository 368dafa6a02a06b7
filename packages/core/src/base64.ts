// Base64 of UTF-8, as the wire wants it (SPEC §4). Written on the globals that browsers and Node share.

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** `String.fromCharCode` takes its characters as arguments, and engines bound how many. */
const CHUNK = 0x2000

/** Base64 of the UTF-8 bytes of `text`; a lone surrogate becomes U+FFFD. */
export function toBase64(text: string): string {
  const bytes = encoder.encode(text)
  if (bytes.length === text.length) return btoa(text)
  let binary = ''
  for (let i = 0; i < bytes.length; i += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(i, i + CHUNK))
  }
  return btoa(binary)
}

/** The text behind `base64`, or undefined unless encoding that text gives exactly `base64` again. */
export function fromBase64(base64: string): string | undefined {
  try {
    const binary = atob(base64)
    const bytes = new Uint8Array(binary.length)
    // `Uint8Array.from` with a function takes 20 times as long.
    for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i)
    const text = decoder.decode(bytes)
    return toBase64(text) === base64 ? text : undefined
  } catch {
    return undefined
  }
}
