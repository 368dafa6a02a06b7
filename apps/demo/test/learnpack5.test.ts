// What the page makes of LearnPack 5: of its telemetry.json, and of a log that was recorded beside it.

import { parseSnapshot, snapshot, type Snapshot } from '@learnpack/telemetry-core'
import { describe, expect, it } from 'vitest'
import { answersOf, attemptsOf, decoded, type StepAttempt } from '../page/model/attempts'
import { readSession } from '../page/model/read-session'
import { ofOneStudent } from '../../../packages/core/test/learnpack5'
import { learnPack5Log } from './learnpack5'

async function endOf(name: string, text: string): Promise<Snapshot> {
  const session = await readSession(name, text)
  if (!session.ok) throw new Error(session.reason)
  const { timeline } = session
  expect(timeline.messages).toEqual([])
  return snapshot(timeline.stateAt(timeline.length))
}

const ENCODED = ['source_code', 'stdout', 'stderr']

describe.each(ofOneStudent)('$name', (session) => {
  const text = JSON.stringify(session.posts.at(-1)!.body)
  const parsed = parseSnapshot(text)
  if (!parsed.ok) throw new Error(parsed.reason)

  it.each([
    ['telemetry.json', () => text],
    ['events.ndjson', () => learnPack5Log(session)],
  ])('%s: ends where the editor ended, with every text readable', async (name, read) => {
    const { user_id, ...end } = await endOf(name, await read())
    expect({ ...end, ...(user_id !== '' && { user_id }) }).toEqual(parsed.snapshot)
    for (const step of end.steps)
      for (const attempt of attemptsOf(step)) {
        const texts = decoded(attempt)
        for (const field of ENCODED) {
          const wire = attempt.wire[field]
          if (typeof wire === 'string') expect(texts[field]).toBe(decodeURIComponent(atob(wire)))
        }
      }
  })

  it('has its quizzes with what was asked and answered', async () => {
    const { steps } = await endOf('events.ndjson', await learnPack5Log(session))
    const quizzes = (found: StepAttempt[]) => found.filter(({ type }) => type === 'quiz_submission')
    expect(steps.map((step) => quizzes(attemptsOf(step)).map((quiz) => answersOf(decoded(quiz))))).toEqual(
      parsed.snapshot.steps!.map(({ quiz_submissions = [] }) =>
        (quiz_submissions as { selections: Record<string, string>[] }[]).map(({ selections }) =>
          selections.map(({ question, answer, feedback = '' }) => ({ question, answer, feedback })),
        ),
      ),
    )
  })
})
