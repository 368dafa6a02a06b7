// undici destroys a connection on which `100 Continue` arrives, for it never asks for one. A client has to pass over
// informational answers it did not expect (RFC 9110 §15.2), and some servers send this one before every answer to a POST.

import type { Socket } from 'node:net'

/** `101 Switching Protocols` is final: what follows it is another protocol. */
const INFORMATIONAL = /^HTTP\/1\.[01] 1(?!01)\d\d[ \r]/
/** As long as what INFORMATIONAL matches: fewer bytes do not decide. */
const STATUS_BYTES = 13
/** A longer head is handed on unchanged, bytes: undici refuses it. */
const HEAD_BYTES = 16 * 1024

/** Hides informational answers from whoever calls `socket.read`, which is how undici reads. */
export function hideInformational(socket: Socket): void {
  const read = socket.read.bind(socket)
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean
  /** undici sends one request at a time, so what is read after a write begins with the head of an answer. */
  let answerBegins = false
  let begun = Buffer.alloc(0)
  socket.write = (...args: unknown[]) => {
    answerBegins = true
    return write(...args)
  }
  socket.read = (size?: number): unknown => {
    while (answerBegins) {
      const chunk = read() as Buffer | null
      if (chunk === null) return null
      begun = Buffer.concat([begun, chunk])
      const rest = withoutInformational(begun)
      if (rest === undefined) continue
      answerBegins = false
      begun = Buffer.alloc(0)
      return rest
    }
    return read(size)
  }
}

/** What follows the informational answers; undefined while that has not arrived. */
function withoutInformational(bytes: Buffer): Buffer | undefined {
  let rest = bytes
  while (INFORMATIONAL.test(rest.toString('latin1', 0, STATUS_BYTES))) {
    const end = rest.indexOf('\r\n\r\n')
    if (end === -1) return rest.length > HEAD_BYTES ? rest : undefined
    rest = rest.subarray(end + 4)
  }
  const mayBecome = rest.length < STATUS_BYTES && 'HTTP/1.'.startsWith(rest.toString('latin1', 0, 7))
  return mayBecome ? undefined : rest
}
