// What a course folder on a simulated machine holds: it reads the files, as anybody could.

import { createHash } from 'node:crypto'
import { contentOf, type File, type FileSystem } from './file-system'

interface Read {
  readonly lines: string[]
  readonly ids: Set<string>
  /** Bytes of whole lines. */
  size: number
}

/** A whole event on a line, which may have a torn one before it. */
const WHOLE = /\{"v":1,"id":"([^"{]+)"(?:(?!\{"v":1,).)*?"crc":"[0-9a-f]{8}"\}/g

/** The text of a file; undefined where there is none. */
export function textAt(disk: FileSystem, path: string): string | undefined {
  const found = disk.find(path)
  return found?.kind === 'file' ? contentOf(found).toString('utf8') : undefined
}

/** What lies in a course folder. @param dirPath the `.learn` of the course */
export function createPlace(disk: FileSystem, dirPath: string) {
  const record = `${dirPath}/telemetry`
  let known = new WeakMap<File, Read>()
  let written = 0

  function jsonAt(path: string): Record<string, unknown> {
    try {
      return JSON.parse(textAt(disk, path) ?? '{}') as Record<string, unknown>
    } catch {
      return {}
    }
  }

  /** What was read of a file is not read again. */
  function read(file: File): Read {
    const before = known.get(file)
    const found: Read =
      before === undefined || file.size < before.size ? { lines: [], ids: new Set(), size: 0 } : before
    known.set(file, found)
    const pieces = contentOf(file).toString('utf8', found.size).split('\n')
    pieces.pop()
    for (const text of pieces) {
      found.lines.push(text)
      for (const [, id = ''] of text.matchAll(WHOLE)) found.ids.add(id)
      const bytes = Buffer.byteLength(text) + 1
      found.size += bytes
      written += bytes
    }
    return found
  }

  function files(): Map<string, File> {
    const folder = disk.find(record)
    const names = folder?.kind === 'folder' ? [...folder.entries] : []
    return new Map(
      names.flatMap(([name, entry]) => {
        const log = entry.kind === 'folder' ? entry.entries.get('events.ndjson') : undefined
        return log?.kind === 'file' ? [[name, log] as const] : []
      }),
    )
  }

  return {
    /** Lines of each log, by the id of its telemetry. */
    logs: (): ReadonlyMap<string, readonly string[]> =>
      new Map([...files()].map(([id, file]) => [id, read(file).lines])),
    /** Of the events in all logs. */
    ids: (): ReadonlySet<string> => new Set([...files().values()].flatMap((file) => [...read(file).ids])),
    idsOf(id: string): ReadonlySet<string> {
      const file = files().get(id)
      return file === undefined ? new Set() : read(file).ids
    },
    /** The line that an event is on. */
    lineOf(id: string): string | undefined {
      for (const file of files().values()) {
        const { ids, lines } = read(file)
        if (ids.has(id)) return lines.findLast((line) => line.includes(`"id":"${id}"`))
      }
      return undefined
    },
    /** The telemetry that goes on. */
    get current() {
      const { current } = jsonAt(`${record}/index.json`)
      return typeof current === 'string' ? current : undefined
    },
    /** The machine that the logins in it were made on. */
    get machine() {
      return jsonAt(`${record}/index.json`)['machine']
    },
    /** Who is logged in, as the index has it. */
    get student() {
      return jsonAt(`${record}/index.json`)['student']
    },
    /** The text of telemetry.json. */
    get snapshot() {
      return textAt(disk, `${dirPath}/telemetry.json`)
    },
    /** Whether it is known as ours. */
    get isOurs() {
      const { sha256 } = jsonAt(`${record}/written.json`)
      const digest = createHash('sha256')
        .update(textAt(disk, `${dirPath}/telemetry.json`) ?? '')
        .digest('hex')
      return Array.isArray(sha256) && sha256.includes(digest)
    },
    /** Bytes of logs, as far as they were looked at. */
    get written() {
      return written
    },
    /** Another folder is there now. */
    replaced(): void {
      known = new WeakMap()
    },
  }
}

export type Place = ReturnType<typeof createPlace>
