// Ids for events that are derived, not recorded: the same input names the same event on every machine.

const encoder = new TextEncoder()

/** FNV-1a, 128 bits: offset basis and prime from draft-eastlake-fnv. */
const OFFSET = 0x6c62272e07bb014262b821756295c58dn
const PRIME = 0x0000000001000000000000000000013bn
const MASK = (1n << 128n) - 1n

/** An id of the form of a UUIDv7 (RFC 9562): its time is `at` (epoch ms), its other bits a hash of `name`. */
export function deterministicId(at: number, name: string): string {
  let hash = OFFSET
  for (const byte of encoder.encode(name)) hash = ((hash ^ BigInt(byte)) * PRIME) & MASK
  const time = BigInt(Math.max(0, Math.trunc(at))) & 0xffffffffffffn
  const randA = hash & 0xfffn
  const randB = (hash >> 12n) & 0x3fffffffffffffffn
  const bits = (time << 80n) | (0x7n << 76n) | (randA << 64n) | (0b10n << 62n) | randB
  const hex = bits.toString(16).padStart(32, '0')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
