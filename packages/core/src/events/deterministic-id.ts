// Ids for events that are derived, not recorded: the same input names the same event on every machine.

/** FNV-1a, 32 bits, over UTF-16 code units; four of them with offset bases of their own make 128 bits. */
const PRIME = 0x01000193
const BASES = [0x811c9dc5, 0x9dc5811c, 0x3c6ef372, 0xa54ff53a]

/** An id of the form of a UUIDv7 (RFC 9562): its time is `at` (epoch ms), its other bits a hash of `name`. */
export function deterministicId(at: number, name: string): string {
  const time = Math.max(0, Math.trunc(at)).toString(16).padStart(12, '0').slice(-12)
  const [a, b, c, d] = BASES.map((basis) => hash(basis, name)) as [string, string, string, string]
  // The digit behind the version is hash; the one of the variant keeps its upper two bits at 10.
  const variant = (8 + (parseInt(d[0] as string, 16) & 3)).toString(16)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${d.slice(1, 4)}-${variant}${c.slice(0, 3)}-${a}${b.slice(0, 4)}`
}

function hash(basis: number, text: string): string {
  let value = basis
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), PRIME)
  // The last characters would only have reached the low bits.
  value ^= value >>> 15
  value = Math.imul(value, 0x2c1b3c6d)
  value ^= value >>> 12
  return (value >>> 0).toString(16).padStart(8, '0')
}
