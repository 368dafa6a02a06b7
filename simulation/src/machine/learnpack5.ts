// A LearnPack 5, as far as its telemetry.json goes: its editor holds one object, changes it at every button, and its server writes
// the whole of it over the file (SPEC §12).

interface Attempt {
  readonly stdout: string
  readonly exit_code: number
  readonly started_at: number
  readonly ended_at: number
}

export interface LearnPack5 {
  /** Attempts made so far. */
  readonly attempts: number
  /** Somebody compiles, or runs the tests. @param at epoch ms */
  press(list: 'compilations' | 'tests', position: number, at: number): void
  /** The text of its telemetry.json. */
  readonly text: string
}

/** What the attempt with that number printed, as it is kept. */
export const printed = (attempt: number): string =>
  Buffer.from(encodeURIComponent(`attempt ${attempt};`)).toString('base64')

export function createLearnPack5(telemetry_id: string, at: number): LearnPack5 {
  let attempts = 0
  const steps = [0, 1].map((position) => ({
    ...{
      slug: `step-${position}`,
      position,
      is_testeable: true,
      files: [],
      is_completed: false,
      sessions: [],
    },
    ...{ compilations: [] as Attempt[], tests: [] as Attempt[], ai_interactions: [], quiz_submissions: [] },
    testeable_elements: [],
  }))
  const held = {
    ...{
      telemetry_id,
      user_id: '1',
      fullname: 'A Learner',
      slug: 'a-course',
      version: '5.0.348',
      agent: 'vscode',
    },
    ...{ cohort_id: null, academy_id: null, tutorial_started_at: at, last_interaction_at: at },
    ...{ steps, workout_session: [{ started_at: at }] },
  }
  return {
    get attempts() {
      return attempts
    },
    press(list, position, now) {
      const times = { started_at: now - 200, ended_at: now }
      steps[position % steps.length]?.[list].push({ stdout: printed(attempts++), exit_code: 1, ...times })
      held.last_interaction_at = now
    },
    get text() {
      return JSON.stringify(held)
    },
  }
}
