// Whether anything can be recorded at all.

import { consent } from '../consent/consent'
import { finding, type Finding } from './finding'
import type { Surroundings } from './surroundings'

/** The oldest Node that the packages are tested on (their `engines`). */
const OLDEST_NODE = '20.18.1'

export function recordingFindings(course: string, { env, nodeVersion }: Surroundings): Finding[] {
  const { enabled, kind, because } = consent(course, env)
  const found = enabled
    ? finding('recording/on', 'recording', `on, ${because}`)
    : finding(
        'recording/off',
        'recording',
        `switched off: ${because}`,
        kind === 'unreadable'
          ? 'correct that file, or delete it and choose again'
          : 'learnpack-telemetry enable, or unset the variable; nothing to do if it is meant to be off',
      )
  if (isAtLeast(nodeVersion, OLDEST_NODE)) return [found]
  const message = `${nodeVersion} is older than ${OLDEST_NODE}`
  return [found, finding('recording/old-node', 'Node', message, 'install a newer Node from nodejs.org')]
}

function isAtLeast(version: string, least: string): boolean {
  const [a, b] = [version, least].map((text) => text.split('.').map(Number)) as [number[], number[]]
  const index = b.findIndex((part, at) => part !== a[at])
  return index < 0 || (a[index] as number) > (b[index] as number)
}
