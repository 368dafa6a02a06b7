// `export`: everything that is recorded of a learner in a course, in one folder or one zip file.

import { closeSync, existsSync, lstatSync, readdirSync, readSync, statfsSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { snapshot } from '@learnpack/telemetry-core'
import {
  ignoreErrors,
  isPassing,
  LOG_NAME,
  openCourseFolder,
  openRegular,
  recordEntries,
  recordFolder,
} from '@learnpack/telemetry-transport-file'
import { decoded } from '../reading/attempts'
import { limitedFolder, LogTooLarge } from '../reading/fold-limit'
import { workOfFile, workOfLog, type Work } from '../reading/work'
import { CommandError } from '../shared/command-error'
import { oneLine } from '../shared/output'
import { megabytes } from '../shared/sizes'
import { freePlace, isZip, sizeOf, write, ZIP_BYTES, type Content } from './export-target'
import { describeWork } from './show'
import pico from 'picocolors'

export interface Exported {
  readonly to: string
  readonly files: readonly { readonly path: string; readonly bytes: number }[]
  /** What could not be read, and why. */
  readonly left_out: readonly string[]
}

/** @param progress called with what takes long, and with '' at the end */
export async function exportCourse(
  path: string,
  to: string,
  progress: (text: string) => void = () => {},
): Promise<Exported> {
  const dirPath = recordFolder(path)
  if (recordEntries(dirPath).length === 0) throw new CommandError(`${path}: nothing is recorded there`)
  const target = freePlace(to, dirPath)
  const files = new Map<string, Content>()
  const left_out: string[] = []
  try {
    const work = workIn(dirPath, left_out)
    files.set('README.txt', readme(work))
    files.set('everything.txt', texts(work, true))
    for (const [name, content] of copies(dirPath, room(target, files), left_out)) files.set(name, content)
    await write(target, files, progress)
  } catch (error) {
    if (error instanceof CommandError) throw error
    throw new CommandError(`${path}: could not be exported (${(error as Error).message})`)
  } finally {
    progress('')
  }
  return {
    to: target,
    files: [...files].map(([name, content]) => ({ path: name, bytes: sizeOf(content) })),
    left_out,
  }
}

/** Logs last: they only grow, so that what points into them points at something. */
function filesOf(dirPath: string): string[] {
  const inside = (folder: string): string[] =>
    readdirSync(join(dirPath, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return inside(path)
      return entry.isFile() && !isPassing(entry.name) ? [path] : []
    })
  const ours = recordEntries(dirPath).map((path) => relative(dirPath, path))
  const found = ours.flatMap((name) => {
    const there = lstatSync(join(dirPath, name))
    if (there.isDirectory()) return inside(name)
    return there.isFile() && !isPassing(name) ? [name] : []
  })
  const isLog = (path: string): boolean => path.endsWith(`${sep}${LOG_NAME}`)
  return [...found.filter((path) => !isLog(path)), ...found.filter(isLog)]
}

/** Bytes that the export may still have. */
function room(target: string, files: ReadonlyMap<string, Content>): number {
  const { bavail, bsize } = ignoreErrors(() => statfsSync(dirname(target))) ?? { bavail: Infinity, bsize: 1 }
  const most = Math.min(bavail * bsize, isZip(target) ? ZIP_BYTES : Infinity)
  return [...files.values()].reduce((rest, content) => rest - sizeOf(content), most)
}

/** The files that are copied. A file too large for the room left, as a course may bring, does not keep others out. */
function copies(dirPath: string, rest: number, leftOut: string[]): [string, Content][] {
  return filesOf(dirPath).flatMap((name): [string, Content][] => {
    const path = join(dirPath, name)
    try {
      const bytes = wholeLines(path)
      if (bytes > rest) throw new Error(`${path} has ${megabytes(bytes)}, more than there is room for`)
      rest -= bytes
      return [[name.split(sep).join('/'), { path, bytes }]]
    } catch (error) {
      leftOut.push((error as Error).message)
      return []
    }
  })
}

const SEARCHED = 64 * 1024

/** Bytes of a file that are copied: a log that is being written to may end in half a record. */
function wholeLines(path: string): number {
  const fd = openRegular(path)
  try {
    const { size } = lstatSync(path)
    if (!path.endsWith('.ndjson')) return size
    const piece = Buffer.alloc(SEARCHED)
    for (let end = size; end > Math.max(0, size - LONGEST_RECORD); end -= SEARCHED) {
      const from = Math.max(0, end - SEARCHED)
      const read = readSync(fd, piece, 0, end - from, from)
      const found = piece.subarray(0, read).lastIndexOf('\n')
      if (found >= 0) return from + found + 1
    }
    // A short file without a line feed has no whole record.
    return size > LONGEST_RECORD ? size : 0
  } finally {
    closeSync(fd)
  }
}
/** How far from its end a whole line is looked for, bytes. */
const LONGEST_RECORD = 128 * 1024 * 1024

/** By telemetry_id. Of a telemetry.json without a log, what it says. A planted link hides only itself. */
function workIn(dirPath: string, leftOut: string[]): Map<string, Work> {
  const folder = limitedFolder(openCourseFolder(dirPath))
  try {
    const work = new Map<string, Work>()
    for (const id of folder.list()) {
      try {
        work.set(id, workOfLog(folder, id))
      } catch (error) {
        const { message } = error as Error
        leftOut.push(error instanceof LogTooLarge ? `from everything.txt: ${message}` : message)
      }
    }
    if (work.size > 0) return work
  } finally {
    folder.close()
  }
  const file = existsSync(folder.snapshotPath)
    ? ignoreErrors(() => workOfFile(folder.snapshotPath, false))
    : undefined
  return new Map(file && [[snapshot(file.state).telemetry_id, file]])
}

function texts(work: ReadonlyMap<string, Work>, full: boolean): string {
  const plain = pico.createColors(false)
  const parts = [...work].map(
    ([id, one]) =>
      `telemetry ${oneLine(id)}\n\n${describeWork(decoded(snapshot(one.state)), one, full, plain)}\n`,
  )
  return parts.join('\n\n')
}

const readme = (
  work: ReadonlyMap<string, Work>,
): string => `Everything LearnPack recorded of your work in this course.

everything.txt        all of it in plain words: your code, its output, your questions and the answers
telemetry.json        the same for programs, as it is sent to your school (texts in base64)
telemetry/            for each student who worked here a folder with
  events.ndjson         what happened, an event a line, in the order in which it happened
  cursor-*.json         what was delivered, and where
  dead-letters.ndjson   what a receiver refused
  refusals.ndjson       what could not be recorded
telemetry.json.aside-*  files found as telemetry.json that were not valid

telemetry.json can be made again from a log: learnpack-telemetry replay telemetry/<id>/events.ndjson

${texts(work, false)}`
