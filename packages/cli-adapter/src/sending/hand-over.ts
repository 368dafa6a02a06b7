// A host that ends does not wait for receivers: what is left is handed over to a process of its own, which holds nothing of the
// host's, no terminal and no folder (SPEC §6).

import { spawn } from 'node:child_process'
import { parse } from 'node:path'
import type { Destinations } from '@learnpack/telemetry-core'
import { builtFile } from '../dist'

/** What that process has to know. */
export interface HandOver {
  readonly dirPath: string
  readonly destinations: Destinations
  readonly allowedOrigins: readonly string[]
  readonly secret?: string
  /** The one the host gave, for a course without a session file. */
  readonly token?: string
}

/** Also within an `exit` listener: what is written to a pipe is with the operating system at once. */
export function handOver(left: HandOver): void {
  // The host's Node options are not for it: one might make it listen for a debugger.
  const { NODE_OPTIONS: _, LEARNPACK_TELEMETRY_DETACHED: wanted, ...env } = process.env
  if (wanted === '0' || wanted?.toLowerCase() === 'false') return
  const child = spawn(process.execPath, [builtFile('deliver-later.cjs')], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: parse(process.execPath).root,
    windowsHide: true,
    env,
  })
  child.on('error', () => {})
  child.stdin.on('error', () => {})
  child.stdin.end(JSON.stringify(left))
  child.unref()
}
