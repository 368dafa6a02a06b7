// What 4Geeks' apiv2 counts for less than it is. What it could not read never reaches it: core sees to that.

import type { Snapshot } from '@learnpack/telemetry-core'
import { finding, type Finding } from './finding'

/** @param snapshot of a telemetry that is sent */
export function receiverFindings({ slug, steps }: Snapshot): Finding[] {
  const found = steps.flatMap((step) =>
    step.completed_at === undefined || step.opened_at !== undefined
      ? []
      : [
          finding(
            'receiver/unread',
            'apiv2',
            `step ${step.slug} is completed but was never opened: it counts as unread`,
            'open the step once',
          ),
        ],
  )
  if (slug === '') {
    const message = 'the course has no slug: receivers find it by that'
    found.push(finding('receiver/slug', 'apiv2', message, 'give the course a slug in learn.json'))
  }
  return found.length > 0 ? found : [finding('receiver/sound', 'apiv2', 'can read what is sent')]
}
