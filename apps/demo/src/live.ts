// The log of a running course as server-sent events, read-only: every line once, whoever writes it, and after a
// break on from where the page was.

import { existsSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { readCourseIndex } from '@learnpack/telemetry-core'
import {
  crc32,
  openCourseFolder,
  openFileLog,
  recordFolder,
  type FileLog,
} from '@learnpack/telemetry-transport-file'

/** How often the log is looked at, ms. */
const LOOK_MS = 200
/** Read at a time, bytes. */
const READ_BYTES = 256 * 1024

/** The data of a `lines` event. */
export interface LiveMessage {
  readonly lines: readonly string[]
}

/**
 * Sends the current log of the course until the page goes away. The id of a message is what the browser gives
 * back after a break: the telemetry and the offset behind its last line.
 * @param course a course folder
 */
export function streamLive(course: string, lastEventId: string | undefined, response: ServerResponse): void {
  let open: { id: string; log: FileLog; position: number } | undefined
  let said: string | undefined

  const send = (event: string, data: unknown, id?: string): boolean =>
    response.write(
      `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`,
    )

  function waitFor(words: string): void {
    if (said !== words) send('waiting', words)
    said = words
  }

  function switchTo(id: string, path: string): void {
    open?.log.close()
    const before = open
    open = { id, log: openFileLog(path), position: 0 }
    const [seen, offset] = lastEventId?.split(':') ?? []
    const resumes = before === undefined && seen === id && /^\d+$/.test(offset ?? '')
    if (resumes && Number(offset) <= open.log.size()) open.position = Number(offset)
    else send('log', id)
  }

  function look(): void {
    const current = currentOf(course)
    if (current === undefined) return waitFor('waiting for the first event')
    if (open?.id !== current.id) switchTo(current.id, current.path)
    if (open === undefined) return
    for (;;) {
      const { from, lines, next, atEnd } = open.log.read(open.position, READ_BYTES)
      if (from !== open.position) send('log', open.id)
      open.position = next
      const more =
        lines.length === 0 || send('lines', { lines: lines.map(({ text }) => text) }, `${open.id}:${next}`)
      // Who does not keep up is sent the rest when they do.
      if (atEnd || !more) return
    }
  }

  function turn(): void {
    try {
      if (!response.writableNeedDrain) look()
    } catch (error) {
      waitFor(`cannot be read: ${(error as Error).message}`)
    }
  }

  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  response.write('retry: 1000\n\n')
  turn()
  const timer = setInterval(turn, LOOK_MS)
  response.once('close', () => {
    clearInterval(timer)
    open?.log.close()
  })
}

function currentOf(course: string): { id: string; path: string } | undefined {
  const folder = openCourseFolder(recordFolder(course))
  try {
    const index = readCourseIndex(folder, crc32)
    if (index === undefined) return undefined
    const path = folder.logPath(index.current)
    return existsSync(path) ? { id: index.current, path } : undefined
  } finally {
    folder.close()
  }
}
