import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createFollower, type Snapshot, type TelemetryEvent } from '@learnpack/telemetry-core'
import { crc32, LOG_NAME, openFileLog } from '../src/index'

export const temporary = (): string => mkdtempSync(join(tmpdir(), 'telemetry-file-'))
export const newFolder = (): string => join(temporary(), '.learn')

const script = fileURLToPath(new URL('children/host.mjs', import.meta.url))

export interface Host {
  readonly child: ChildProcessWithoutNullStreams
  /** Lines it has said so far. */
  readonly lines: string[]
  /** Resolves with the next line that was not taken yet. */
  next(): Promise<string>
  tell(line: string): void
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; out: string; err: string }>
}

/** Starts a real process that records; see children/host.mjs. */
export function startHost(dirPath: string, action: string, ...numbers: number[]): Host {
  return watch(spawn(process.execPath, [script, dirPath, action, ...numbers.map(String)]))
}

/** The same under a limit of the file size, in blocks of 1,024 bytes. */
export function startLimitedHost(blocks: number, dirPath: string, action: string): Host {
  const command = `ulimit -f ${blocks}; exec "$0" "$@"`
  return watch(spawn('bash', ['-c', command, process.execPath, script, dirPath, action]))
}

function watch(child: ChildProcessWithoutNullStreams): Host {
  const lines: string[] = []
  const waiting: ((line: string) => void)[] = []
  let taken = 0
  let out = ''
  let err = ''
  let rest = ''
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString()
    const read = (rest + chunk.toString()).split('\n')
    rest = read.pop() as string
    for (const line of read) {
      lines.push(line)
      const waiter = waiting.shift()
      if (waiter !== undefined) {
        taken++
        waiter(line)
      }
    }
  })
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  return {
    child,
    lines,
    next() {
      if (taken < lines.length) return Promise.resolve(lines[taken++] as string)
      return new Promise((resolve) => waiting.push(resolve))
    },
    tell: (line) => void child.stdin.write(`${line}\n`),
    ended: new Promise((resolve) =>
      child.once('close', (code, signal) => resolve({ code, signal, out, err })),
    ),
  }
}

/** The log of the only telemetry of a folder. */
export function logPathOf(dirPath: string): string {
  const home = join(dirPath, 'telemetry')
  const [id] = readdirSync(home, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [entry.name] : [],
  )
  return join(home, id as string, LOG_NAME)
}

export function readLog(path: string) {
  const events: TelemetryEvent[] = []
  const log = openFileLog(path)
  const follower = createFollower(log, crc32, { folded: (event) => void events.push(event) })
  const state = follower.catchUp()
  log.close()
  return { state, events, counts: follower.counts }
}

export const snapshotOf = (dirPath: string): Snapshot =>
  JSON.parse(readFileSync(join(dirPath, 'telemetry.json'), 'utf8')) as Snapshot

/** Numbers in [0, 1) that depend on nothing but `seed` (mulberry32). */
export function dice(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
