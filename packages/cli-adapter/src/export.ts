// `export`: everything that is recorded of a learner in a course, in one folder or one zip file.

import { existsSync, lstatSync, readFileSync, readdirSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import {
  createFollower,
  evolve,
  initialState,
  parseSnapshot,
  snapshot,
  type State,
} from '@learnpack/telemetry-core'
import {
  crc32,
  isPassing,
  LOG_NAME,
  openCourseFolder,
  recordEntries,
  recordFolder,
} from '@learnpack/telemetry-transport-file'
import { CommandError } from './command-error'
import { freePlace, write } from './export-target'
import { oneLine } from './output'
import { decoded, describeKnown } from './show'
import pico from 'picocolors'

export interface Exported {
  readonly to: string
  readonly files: readonly { readonly path: string; readonly bytes: number }[]
  /** What could not be read, and why. */
  readonly left_out: readonly string[]
}

/** @param progress told of what takes long; called with '' at the end */
export async function exportCourse(
  path: string,
  to: string,
  progress: (text: string) => void = () => {},
): Promise<Exported> {
  const dirPath = recordFolder(path)
  if (recordEntries(dirPath).length === 0) throw new CommandError(`${path}: nothing is recorded there`)
  const target = freePlace(to, dirPath)
  const files = new Map<string, Uint8Array>()
  const left_out: string[] = []
  try {
    const known = knownIn(dirPath, left_out)
    for (const file of filesOf(dirPath)) {
      progress(`reading ${file}`)
      files.set(file.split(sep).join('/'), wholeLines(file, readFileSync(join(dirPath, file))))
    }
    files.set('README.txt', Buffer.from(readme(known)))
    files.set('everything.txt', Buffer.from(texts(known, true)))
    await write(target, files, progress)
  } catch (error) {
    if (error instanceof CommandError) throw error
    throw new CommandError(`${path}: could not be exported (${(error as Error).message})`)
  } finally {
    progress('')
  }
  return {
    to: target,
    files: [...files].map(([name, { length }]) => ({ path: name, bytes: length })),
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
/** A log that is being written to may end in half a record. */
function wholeLines(path: string, bytes: Buffer): Buffer {
  return path.endsWith('.ndjson') ? bytes.subarray(0, bytes.lastIndexOf('\n') + 1) : bytes
}

/** By telemetry_id. Of a telemetry.json without a log, what it says. A planted link hides only itself. */
function knownIn(dirPath: string, leftOut: string[]): Map<string, State> {
  const folder = openCourseFolder(dirPath)
  try {
    const known = new Map<string, State>()
    for (const id of folder.list()) {
      try {
        known.set(id, createFollower(folder.open(id).log, crc32).catchUp())
      } catch (error) {
        leftOut.push((error as Error).message)
      }
    }
    if (known.size > 0) return known
  } finally {
    folder.close()
  }
  const text = existsSync(folder.snapshotPath) ? readFileSync(folder.snapshotPath, 'utf8') : ''
  const parsed = parseSnapshot(text)
  if (!parsed.ok) return new Map()
  const data = { snapshot: parsed.snapshot }
  const told = { v: 1, id: 'file', at: 0, session: 'file', type: 'import', data }
  return new Map([[parsed.snapshot.telemetry_id, evolve(initialState, told)]])
}

function texts(known: ReadonlyMap<string, State>, full: boolean): string {
  const plain = pico.createColors(false)
  const parts = [...known].map(
    ([id, state]) =>
      `telemetry ${oneLine(id)}\n\n${describeKnown(decoded(snapshot(state)), state, full, plain)}\n`,
  )
  return parts.join('\n\n')
}

const readme = (
  known: ReadonlyMap<string, State>,
): string => `Everything LearnPack recorded of your work in this course.

everything.txt        all of it in plain words: your code, its output, your questions and the answers
telemetry.json        the same for programs, as it is sent to your school (texts in base64)
telemetry/            for each student who worked here a folder with
  events.ndjson         what happened, an event a line, in the order in which it happened
  cursor-*.json         what was delivered, and where
  dead-letters.ndjson   what a receiver refused
  refusals.ndjson       what could not be recorded
telemetry.json.aside-*  what lay there as telemetry.json and was none

telemetry.json can be made again from a log: learnpack-telemetry replay telemetry/<id>/events.ndjson

${texts(known, false)}`
