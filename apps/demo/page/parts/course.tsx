import { memo } from 'react'
import { ATTEMPT_KINDS, progressOf, type Measures, type Snapshot } from '@learnpack/telemetry-core'
import { listOf } from '../model/attempts'
import { ATTEMPT_NAMES, countInWords, spanInWords } from '../model/words'
import { Icon } from './icon'

interface Props {
  readonly steps: Snapshot['steps']
  readonly measures: Measures['steps']
  readonly open: string | undefined
  readonly shown: string | undefined
  select(slug: string): void
}

/** The steps of the course with what became of each up to the moment shown. */
export const Course = memo(function Course({ steps, measures, open, shown, select }: Props) {
  if (steps.length === 0) return <p className="empty">The session has not started yet.</p>
  return (
    <ol className="steps">
      {steps.map((step, index) => {
        const progress = progressOf(step)
        const { time_spent } = measures[index] as Measures['steps'][number]
        return (
          <li key={step.slug}>
            <button
              type="button"
              className={`step ${progress === 'not opened' ? '' : progress}`}
              aria-pressed={step.slug === shown}
              onClick={() => select(step.slug)}
            >
              <span className="sign">
                <Icon name={progress} />
              </span>
              <span className="name">
                {step.slug}
                {step.slug === open && <span className="badge">open</span>}
              </span>
              <span className="status">{progress}</span>
              <span className="counts">
                {/* Lines break between them, not in them. */}
                {[
                  ...ATTEMPT_KINDS.flatMap(({ list, type }) => {
                    const count = listOf(step, list).length
                    return count === 0 ? [] : countInWords(count, ...ATTEMPT_NAMES[type])
                  }),
                  ...(time_spent > 0 ? [spanInWords(time_spent * 1_000)] : []),
                ]
                  .map((fact) => fact.replaceAll(' ', '\u00a0'))
                  .join(' · ')}
              </span>
            </button>
          </li>
        )
      })}
    </ol>
  )
})
