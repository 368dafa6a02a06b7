// telemetry.json, written by another program.

import type { Random } from './random'
import { BEGINNING } from './timeline'

/** As stock writes it: one attempt more, or the file of somebody else. */
export function foreignFile(known: string | undefined, { chance, below }: Random): string {
  const file = known !== undefined && chance(0.5) ? (JSON.parse(known) as Record<string, unknown>) : undefined
  const at = BEGINNING + below(1_000_000)
  const step = { slug: 'step-0', position: 0, is_testeable: true, files: [] }
  if (file === undefined)
    return JSON.stringify({
      telemetry_id: `foreign${below(3)}`,
      slug: 'a-course',
      agent: 'vscode',
      tutorial_started_at: at,
      steps: [
        {
          ...step,
          compilations: [{ stdout: 'eA==', exit_code: 0, starting_at: at, ended_at: at }],
          tests: [],
        },
      ],
      workout_session: [{ started_at: at }],
      last_interaction_at: at,
    })
  return JSON.stringify({ ...file, last_interaction_at: at, extra: below(1_000) })
}
