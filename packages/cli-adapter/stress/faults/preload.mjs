// `node --import` this into a process whose disk is to fail. The environment says how: FAULTS is
// {"roots": [folder, ...], "trace": path, "kind": name, "n": number}; without a kind nothing fails. Every call below the
// roots is noted in the trace before it is made, one JSON object a line.

import { openSync, writeSync } from 'node:fs'
import { faultAt } from './kinds.mjs'
import { wrapFileSystem } from './faulty-fs.mjs'

const { roots, trace, kind, n } = JSON.parse(process.env.FAULTS)
delete process.env.FAULTS
const to = openSync(trace, 'a')
const write = writeSync
const next = kind === undefined ? () => undefined : faultAt(kind, n)

await wrapFileSystem(roots, (call) => {
  const fault = next(call)
  write(to, `${JSON.stringify({ ...call, ...(fault && { fault }) })}\n`)
  return fault
})
