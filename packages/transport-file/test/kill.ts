// Kills a recording process with SIGKILL at random moments and looks at what is left. Used by the tests and,
// with many more rounds, by `npm run stress:kill`.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { dice, logPathOf, newFolder, readLog, startHost } from './support'

export interface KillReport {
  readonly rounds: number
  readonly acknowledged: number
  /** Ids that were acknowledged and are not in the log. */
  readonly missing: readonly string[]
  /** telemetry.json files that are not JSON. */
  readonly unparsable: number
  /** Damaged lines: each is a record that was being written when its process died. */
  readonly torn: number
}

/** A folder is used for several rounds, so that a process also takes over from one that was killed. */
const ROUNDS_PER_FOLDER = 10
const LARGEST_ATTEMPT = 200_000

/** @param progress called after every round */
export async function killRounds(
  rounds: number,
  seed: number,
  progress = (_: number): void => {},
): Promise<KillReport> {
  const random = dice(seed)
  const missing: string[] = []
  let acknowledged = 0
  let unparsable = 0
  let torn = 0
  let dirPath = ''
  let ids: string[] = []
  for (let round = 0; round < rounds; round++) {
    if (round % ROUNDS_PER_FOLDER === 0) {
      dirPath = newFolder()
      ids = []
    }
    const host = startHost(dirPath, 'record', LARGEST_ATTEMPT)
    for (let left = 1 + Math.floor(random() * 40); left > 0; left--) await host.next()
    // Somewhere inside the next record, the next write of telemetry.json, or between them.
    for (let spin = Math.floor(random() * 200_000); spin > 0; spin--);
    host.child.kill('SIGKILL')
    const { err } = await host.ended
    if (err !== '') throw new Error(err)
    ids.push(...host.lines)
    acknowledged += host.lines.length

    const { events, counts } = readLog(logPathOf(dirPath))
    const kept = new Set(events.map(({ id }) => id))
    missing.push(...ids.filter((id) => !kept.has(id)))
    if ((round + 1) % ROUNDS_PER_FOLDER === 0 || round === rounds - 1) torn += counts.damaged
    const path = join(dirPath, 'telemetry.json')
    if (existsSync(path)) {
      try {
        JSON.parse(readFileSync(path, 'utf8'))
      } catch {
        unparsable++
      }
    }
    progress(round + 1)
  }
  return { rounds, acknowledged, missing, unparsable, torn }
}
