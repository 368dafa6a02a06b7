// The kinds of fault: at which calls each can happen (`at`), what it does, for how many calls in a row (`times`), and at
// which of them it is tried (`every`).

const changes = (call) => call.changes
const reads = (call) => !call.changes
/** One byte has no half. */
const writes = (call) => call.op === 'write' && call.bytes > 1
const takesSpace = (call) =>
  call.changes &&
  /^(open|write|writev|mkdir|rename|link|symlink|copyFile|fsync|fdatasync|ftruncate)$/.test(call.op)
const needsWritable = (call) => call.changes && !/^(close|fsync|fdatasync)$/.test(call.op)

/** A disk that is full, or gone, for a while. */
const A_WHILE = 8
const once = { times: 1, every: 1 }
/** Those that begin one call later meet nearly the same calls: every fourth will do. */
const aWhile = { times: A_WHILE, every: 4 }
const toTheEnd = { times: Infinity, every: 4 }

const eio = { at: changes, fault: { error: 'EIO' } }
const enospc = { at: takesSpace, fault: { error: 'ENOSPC' } }
const erofs = { at: needsWritable, fault: { error: 'EROFS' } }
/** No file can be made any more; those that are there can be written. */
const noInodes = { at: (call) => call.creates, fault: { error: 'ENOSPC' } }
const noRename = { at: (call) => call.op === 'rename', fault: { error: 'EIO' } }
const readEio = { at: reads, fault: { error: 'EIO' } }

export const KINDS = {
  'kill-before': { at: changes, fault: { dieBefore: true }, ...once },
  'kill-after': { at: changes, fault: { dieAfter: true }, ...once },
  torn: { at: writes, fault: { part: true, dieAfter: true }, ...once },
  short: { at: writes, fault: { part: true }, ...once },
  'short-full': { at: writes, fault: { part: true }, behind: enospc, ...aWhile },
  eio: { ...eio, ...once },
  'eio-8': { ...eio, ...aWhile },
  'eio-end': { ...eio, ...toTheEnd },
  enospc: { ...enospc, ...once },
  'enospc-8': { ...enospc, ...aWhile },
  'enospc-end': { ...enospc, ...toTheEnd },
  erofs: { ...erofs, ...once },
  'erofs-8': { ...erofs, ...aWhile },
  'erofs-end': { ...erofs, ...toTheEnd },
  'no-inodes-end': { ...noInodes, ...toTheEnd, every: 1 },
  'no-rename-end': { ...noRename, ...toTheEnd, every: 1 },
  'read-eio': { ...readEio, ...once },
  'read-eio-8': { ...readEio, ...aWhile },
  'read-eio-end': { ...readEio, ...toTheEnd },
}

/** Returns what to ask of each call: the fault that it meets, or undefined. @param n counted from 1 */
export function faultAt(kind, n) {
  const { at, fault, times, behind = { at, fault } } = KINDS[kind]
  let met = 0
  let since = 0
  return (call) => {
    if (met < n) {
      if (!at(call) || ++met < n) return undefined
      since = 1
      return fault
    }
    if (since >= times || !behind.at(call)) return undefined
    since++
    return behind.fault
  }
}
