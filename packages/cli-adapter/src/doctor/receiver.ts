// What 4Geeks' apiv2 would make of the snapshot as it is now.

import { unreceivable, type ReceivableRule, type Unreceivable } from '@learnpack/telemetry-core'
import { finding, type Finding } from './finding'

const SAYS: Record<ReceivableRule, readonly [what: string, advice: string]> = {
  slug: ['is missing, and a batch without it is refused', 'give the course a slug in learn.json'],
  student: ['is missing, and a batch without it is refused', 'log in with LearnPack'],
  event: [
    'is there, and a batch with it is taken for a stream',
    'take it out of the telemetry.json it came from',
  ],
  time: ['is no time in integer ms since 1970', 'correct the host or plugin that gave it'],
  list: ['is no list', 'correct the host or plugin that wrote it'],
  exit_code: ['is missing, at which it fails', 'run the tests of that step again with this version'],
  unread: ['is missing in a step that is completed: it counts as unread', 'open the step again'],
}

/** @param snapshot as it would be sent */
export function receiverFindings(snapshot: unknown): Finding[] {
  const groups = new Map<string, Unreceivable[]>()
  for (const found of unreceivable(snapshot)) {
    const same = `${found.rule} ${found.step} ${found.key.replace(/\d+/g, '')}`
    groups.set(same, [...(groups.get(same) ?? []), found])
  }
  if (groups.size === 0) return [finding('receiver/sound', 'apiv2', 'would take telemetry.json as it is')]
  return [...groups.values()].map((group) => describe(group[0] as Unreceivable, group.length - 1))
}

function describe({ rule, step, key, value }: Unreceivable, more: number): Finding {
  const [what, advice] = SAYS[rule]
  const where = step === undefined ? key : `step ${step}: ${key}`
  const found = value === undefined ? '' : ` (found ${shown(value)})`
  const message = `${where} ${what}${found}${more > 0 ? `, and ${more} more like it` : ''}`
  return finding(`receiver/${rule}`, 'apiv2', message, advice)
}

const shown = (value: unknown): string => {
  const text = JSON.stringify(value)
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}
