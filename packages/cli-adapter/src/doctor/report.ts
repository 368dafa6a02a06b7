// What doctor found, for a person: by what it is about, and at the end how much of it.

import { oneLine, type Paint } from '../shared/output'
import type { Code, Finding, Level } from './finding'

const TITLES: Readonly<Record<string, string>> = {
  recording: 'Recording',
  config: 'learn.json',
  exercises: 'Exercises',
  folder: 'Folder',
  record: 'What is recorded',
  snapshot: 'telemetry.json',
  delivery: 'Delivery',
  receiver: 'What apiv2 would make of it',
  network: 'Network',
}

export function describeFindings(findings: readonly Finding[], paint: Paint): string {
  const groups = new Map<string, Finding[]>()
  for (const found of findings) {
    const group = groupOf(found.code)
    groups.set(group, [...(groups.get(group) ?? []), found])
  }
  const parts = [...groups].map(([group, found]) =>
    [paint.bold(TITLES[group] ?? group), ...found.map((one) => describe(one, paint))].join('\n'),
  )
  return [...parts, summary(findings, paint)].join('\n\n')
}

const groupOf = (code: Code): string => code.slice(0, code.indexOf('/'))

function describe({ level, subject, message, advice }: Finding, paint: Paint): string {
  const fine = advice === undefined ? paint.green('✓') : paint.cyan('i')
  const mark = { ok: fine, warning: paint.yellow('!'), error: paint.red('✗') }[level]
  const next = advice === undefined ? '' : `\n    ${paint.dim('→')} ${oneLine(advice)}`
  return `${mark} ${oneLine(subject)}: ${oneLine(message)}${next}`
}

function summary(findings: readonly Finding[], paint: Paint): string {
  const count = (level: Level): number => findings.filter((found) => found.level === level).length
  const [errors, warnings] = [count('error'), count('warning')]
  if (errors + warnings === 0) return paint.green('nothing is wrong')
  return [
    errors > 0 && paint.red(errors === 1 ? '1 error' : `${errors} errors`),
    warnings > 0 && paint.yellow(warnings === 1 ? '1 warning' : `${warnings} warnings`),
  ]
    .filter(Boolean)
    .join(', ')
}
