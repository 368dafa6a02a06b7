// The exercise folders: their names are the slugs by which a learner's work is kept.

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { finding, type Finding } from './finding'

/** What tools leave beside exercises. */
const NOT_EXERCISES = /^(\.|_)|^node_modules$/

export function exerciseFindings(course: string): Finding[] {
  const folder = join(course, 'exercises')
  if (!existsSync(folder)) {
    const advice = 'LearnPack then takes the folders of the course as exercises'
    return [finding('exercises/missing', 'exercises', `${folder}: no such folder`, advice)]
  }
  let slugs: string[]
  try {
    slugs = readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !entry.isFile() && !NOT_EXERCISES.test(entry.name))
      .map(({ name }) => name)
  } catch (error) {
    const message = `${folder}: cannot be read (${(error as Error).message})`
    return [finding('exercises/unreadable', 'exercises', message, 'make it a folder that can be read')]
  }
  if (slugs.length === 0) {
    const advice = 'add a folder for each, such as 01-hello'
    return [finding('exercises/empty', 'exercises', `${folder}: has no exercises`, advice)]
  }
  const found = [...slugs.flatMap((slug) => namedFindings(folder, slug)), ...sameNumber(folder, slugs)]
  if (found.length > 0) return found
  const many = slugs.length === 1 ? '1 exercise' : `${slugs.length} exercises`
  return [finding('exercises/sound', 'exercises', `${folder}: ${many}`)]
}

function namedFindings(folder: string, slug: string): Finding[] {
  const path = join(folder, slug)
  const found: Finding[] = []
  if (!/^[\w.-]+$/.test(slug)) {
    const advice = 'use letters without accents, digits, "-", "_" and "." only'
    found.push(
      finding('exercises/name', path, 'is not a name that LearnPack accepts for an exercise', advice),
    )
  }
  if (!/^\d/.test(slug)) {
    const advice = `begin it with its place in the course, as in 01-${slug}`
    found.push(finding('exercises/no-number', path, 'does not begin with a number', advice))
  }
  if (!readmeIn(path)) {
    const advice = 'add a README.md: LearnPack cannot open an exercise without one'
    found.push(finding('exercises/no-readme', path, 'has no README.md', advice))
  }
  return found
}

function readmeIn(path: string): boolean {
  try {
    return readdirSync(path).some((name) => /^readme(\.[a-z-]+)?\.md$/i.test(name))
  } catch {
    return false
  }
}

/** `1-a` and `01-b` have the same place: their words then decide which comes first. */
function sameNumber(folder: string, slugs: readonly string[]): Finding[] {
  const byNumber = new Map<string, string[]>()
  for (const slug of slugs) {
    const number = /^\d+(\.\d+)*/.exec(slug)?.[0].split('.').map(Number).join('.')
    if (number !== undefined) byNumber.set(number, [...(byNumber.get(number) ?? []), slug])
  }
  return [...byNumber].flatMap(([number, same]) =>
    same.length === 1
      ? []
      : [
          finding(
            'exercises/same-number',
            folder,
            `${same.join(' and ')} have the same number, ${number}`,
            'give each a number of its own before learners begin: their work is kept by the name of the folder',
          ),
        ],
  )
}
