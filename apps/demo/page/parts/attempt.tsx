import { answersOf, decoded, textOf, type StepAttempt } from '../model/attempts'
import type { Shown } from '../model/derive'
import type { Selection } from '../model/player'
import { attemptTitle, spanInWords, timeInWords, toneOf } from '../model/words'
import { Source } from './source'
import { Terminal } from './terminal'

/** Attempts that can be chosen from; earlier ones are reached by the timeline. */
const CHOICE = 24

export function AttemptPanel({
  shown,
  select,
}: {
  shown: Shown | undefined
  select(choice: Selection): void
}) {
  if (shown === undefined) return <p className="empty">No step yet.</p>
  const { step, attempts, index } = shown
  const attempt = attempts[index]
  return (
    <>
      <h3 className="slug">{step.slug}</h3>
      {attempt === undefined ? (
        <p className="empty">Nothing was run, tested or asked here yet.</p>
      ) : (
        <>
          <ol className="choices" aria-label="Attempts">
            {attempts.slice(-CHOICE).map((one) => (
              <li key={`${one.type} ${one.index}`}>
                <button
                  type="button"
                  className={`choice ${toneOf(one.type, one.wire)}`}
                  aria-pressed={one === attempt}
                  onClick={() => select({ slug: step.slug, attempt: one })}
                >
                  {attemptTitle(one.type)} {one.index + 1}
                </button>
              </li>
            ))}
          </ol>
          <Details attempt={attempt} before={sourceBefore(attempts, index)} />
        </>
      )}
    </>
  )
}

function Details({ attempt, before }: { attempt: StepAttempt; before: string | undefined }) {
  const { type, startedAt, endedAt } = attempt
  const data = decoded(attempt)
  const source = textOf(data, 'source_code')
  return (
    <>
      <dl className="facts">
        <Fact name="what" value={attemptTitle(type)} />
        {(type === 'compile' || type === 'test') && (
          <Fact name="exit code" value={String(data['exit_code'] ?? 'unknown')} />
        )}
        {type === 'quiz_submission' && <Fact name="result" value={String(data['status'] ?? 'unknown')} />}
        {startedAt !== undefined && <Fact name="started" value={timeInWords(startedAt)} />}
        {startedAt !== undefined && endedAt !== undefined && (
          <Fact name="took" value={spanInWords(Math.max(0, endedAt - startedAt))} />
        )}
      </dl>
      {type === 'ai_interaction' && (
        <div className="talk">
          <p className="asked">{textOf(data, 'student_message') ?? '(no question recorded)'}</p>
          <p className="answered">{textOf(data, 'ai_response') ?? '(no answer recorded)'}</p>
        </div>
      )}
      {answersOf(data).map(({ question, answer, feedback }, index) => (
        <div className="talk" key={index}>
          <p className="answered">{question}</p>
          <p className="asked">{answer}</p>
          {feedback !== '' && <p className="answered">{feedback}</p>}
        </div>
      ))}
      {source !== undefined && source !== '' && <Source text={source} before={before} />}
      {(['stdout', 'stderr'] as const).map((name) => {
        const text = textOf(data, name)
        if (text === undefined || text === '') return null
        return (
          <div key={name}>
            <h4>{name}</h4>
            <Terminal label={name} text={text} />
          </div>
        )
      })}
    </>
  )
}

const Fact = ({ name, value }: { name: string; value: string }) => (
  <div>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
)

/** Of the latest attempt before it that recorded any. */
function sourceBefore(attempts: readonly StepAttempt[], index: number): string | undefined {
  for (let earlier = index - 1; earlier >= 0; earlier--) {
    const text = textOf(decoded(attempts[earlier] as StepAttempt), 'source_code')
    if (text !== undefined && text !== '') return text
  }
  return undefined
}
